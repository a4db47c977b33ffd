package dev.dormouse.server.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorOptions;
import dev.dormouse.sdk.WebSocketActor;
import dev.dormouse.server.admin.dashboard.Dashboard;
import dev.dormouse.server.gateway.WebSocketGateway;
import dev.dormouse.server.gateway.limits.GatewayOptions;
import dev.dormouse.server.host.ActorHost;
import dev.dormouse.server.host.HostOptions;
import dev.dormouse.server.host.turn.ActorType;
import dev.dormouse.server.observe.Observers;
import dev.dormouse.server.protocol.DirectTransport;
import dev.dormouse.server.protocol.Time;
import dev.dormouse.server.protocol.Transport;
import dev.dormouse.storage.MemoryDisk;
import dev.dormouse.storage.NodeStore;
import dev.dormouse.storage.Stores;
import dev.dormouse.storage.codec.Codecs;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.json.JsonObject;
import io.vertx.junit5.VertxExtension;
import io.vertx.junit5.VertxTestContext;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@ExtendWith(VertxExtension.class)
class AdminServerTest {

  private static final class Idle extends WebSocketActor<Void> {}

  private record Answer(int status, String body) {}

  private final AtomicBoolean isReady = new AtomicBoolean(true);
  private AdminServer admin;
  private HttpClient client;
  private Vertx vertx;

  @BeforeEach
  void listen(Vertx vertx, VertxTestContext context) {
    this.vertx = vertx;
    ActorType type =
        new ActorType(
            "room",
            Idle::new,
            Codecs.kryo(List.of()),
            id -> Runnable::run,
            ActorOptions.defaults());
    Transport transport = new DirectTransport();
    NodeStore store = Stores.memory(new MemoryDisk());
    ActorHost host =
        new ActorHost(List.of(type), store, transport, Time.system(), HostOptions.defaults());
    WebSocketGateway gateway =
        new WebSocketGateway(GatewayOptions.defaults(), vertx, transport, Time.system(), 1);
    admin =
        new AdminServer(
            vertx,
            host,
            () -> isReady.get() ? Optional.empty() : Optional.of("not ready"),
            AdminOptions.loopback(),
            Time.system(),
            new Dashboard(
                vertx, host, store, gateway, new Observers(Time.system()), Time.system(), null));
    client = vertx.createHttpClient();
    admin.listen(0).onComplete(context.succeedingThenComplete());
  }

  private Future<Answer> ask(HttpMethod method, String path, String header, String value) {
    RequestOptions options =
        new RequestOptions().setMethod(method).setHost("127.0.0.1").setPort(admin.port());
    options.setURI(path);
    if (!header.isEmpty()) {
      options.putHeader(header, value);
    }
    // The request runs on an event loop, so that the body cannot come before somebody listens for
    // it.
    return Future.future(
        answer ->
            vertx.runOnContext(
                run ->
                    client
                        .request(options)
                        .compose(HttpClientRequest::send)
                        .compose(AdminServerTest::read)
                        .onComplete(answer)));
  }

  private static Future<Answer> read(HttpClientResponse response) {
    return response.body().map(body -> new Answer(response.statusCode(), body.toString().strip()));
  }

  private Future<Answer> get(String path) {
    return ask(HttpMethod.GET, path, "", "");
  }

  @Test
  void healthIsAlwaysWellAndReadinessFollowsTheServer(VertxTestContext context) {
    get("/healthz")
        .compose(
            health -> {
              context.verify(() -> assertThat(health).isEqualTo(new Answer(200, "ok")));
              return get("/readyz");
            })
        .compose(
            ready -> {
              context.verify(() -> assertThat(ready).isEqualTo(new Answer(200, "ready")));
              isReady.set(false);
              return get("/readyz");
            })
        .onComplete(
            context.succeeding(
                notReady ->
                    context.verify(
                        () -> {
                          assertThat(notReady).isEqualTo(new Answer(503, "not ready"));
                          context.completeNow();
                        })));
  }

  @Test
  void aClientThatWouldRatherSpeakHttp2IsAnswered() throws Exception {
    var answer =
        java.net.http.HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + admin.port() + "/healthz"))
                    .build(),
                BodyHandlers.ofString());

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.body()).isEqualTo("ok\n");
  }

  @Test
  void anActorThatNeverWasIsInactive(VertxTestContext context) {
    get("/actors/room/l%C3%B6bby")
        .onComplete(
            context.succeeding(
                answer ->
                    context.verify(
                        () -> {
                          assertThat(answer.status()).isEqualTo(200);
                          assertThat(new JsonObject(answer.body()))
                              .isEqualTo(
                                  new JsonObject(
                                      """
                                      {"type":"room","key":"löbby","state":"inactive",
                                       "connections":0,"wakes":0,"keptAwakeBy":[],\
                                       "alarms":0,"nextAlarms":[]}\
                                      """));
                          context.completeNow();
                        })));
  }

  @Test
  void anActorWithoutConnectionsHasAnEmptyPage(VertxTestContext context) {
    get("/actors/room/lobby/connections")
        .onComplete(
            context.succeeding(
                answer ->
                    context.verify(
                        () -> {
                          assertThat(answer.status()).isEqualTo(200);
                          assertThat(new JsonObject(answer.body()))
                              .isEqualTo(new JsonObject("{\"connections\":[],\"next\":null}"));
                          context.completeNow();
                        })));
  }

  @Test
  void whatCannotBeReadIsCounted(VertxTestContext context) {
    get("/counts")
        .onComplete(
            context.succeeding(
                answer ->
                    context.verify(
                        () -> {
                          assertThat(answer.status()).isEqualTo(200);
                          assertThat(new JsonObject(answer.body()))
                              .isEqualTo(
                                  new JsonObject(
                                      """
                                      {"unreadableActors":0,"unreadableConnections":0,
                                       "unreadableAttachments":0,"unreadableValues":0,
                                       "refusedEvents":0,"unclosedLeftovers":0,
                                       "alarms":{"underWay":0,"rung":0,"failed":0,"givenUp":0,
                                        "unhostedTypes":0}}\
                                      """));
                          context.completeNow();
                        })));
  }

  @Test
  void whatIsNotInMemoryIsHibernatedAtOnce(VertxTestContext context) {
    ask(HttpMethod.POST, "/actors/room/lobby/hibernate", "", "")
        .onComplete(
            context.succeeding(
                answer ->
                    context.verify(
                        () -> {
                          assertThat(answer.status()).isEqualTo(200);
                          context.completeNow();
                        })));
  }

  @ParameterizedTest
  @CsvSource({
    "/actors/nope/lobby, 404, there is no actor type nope",
    "/actors/Room/lobby, 400, 'actor type ''Room'' is not 1 to 64 of a-z, 0-9 and ''-'', beginning"
        + " with a letter'",
    "/actors/room/a%00b, 400, actor key has the control character U+0000 at 1",
    "/actors/nope/lobby/connections, 404, there is no actor type nope",
    "/actors/room/a/connections?after=x, 400, 'after: connection id ''x'' is not of the form 3.17'",
    "/actors/room/a/connections?limit=0, 400, 'limit ''0'' is not 1 to 1000'",
    "/actors/room/a/connections?limit=1001, 400, 'limit ''1001'' is not 1 to 1000'",
    "/actors/room/a/connections?limit=-1, 400, 'limit ''-1'' is not 1 to 1000'",
  })
  void whatIsNoActorIsSaid(String path, int status, String body, VertxTestContext context) {
    get(path)
        .onComplete(
            context.succeeding(
                answer ->
                    context.verify(
                        () -> {
                          assertThat(answer).isEqualTo(new Answer(status, body));
                          context.completeNow();
                        })));
  }
}
