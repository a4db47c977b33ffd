package dev.dormouse.server.admin.inspector;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorOptions;
import dev.dormouse.sdk.WebSocketActor;
import dev.dormouse.server.admin.AdminOptions;
import dev.dormouse.server.admin.AdminServer;
import dev.dormouse.server.gateway.WebSocketGateway;
import dev.dormouse.server.gateway.http.ActorRoute;
import dev.dormouse.server.gateway.limits.GatewayOptions;
import dev.dormouse.server.gateway.limits.HandledKinds;
import dev.dormouse.server.host.ActorHost;
import dev.dormouse.server.host.HostOptions;
import dev.dormouse.server.host.turn.ActorType;
import dev.dormouse.server.observe.DormouseObserver;
import dev.dormouse.server.observe.Observers;
import dev.dormouse.server.protocol.DirectTransport;
import dev.dormouse.server.protocol.Time;
import dev.dormouse.server.protocol.Transport;
import dev.dormouse.storage.MemoryDisk;
import dev.dormouse.storage.Stores;
import dev.dormouse.storage.codec.Codecs;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocketHandshakeException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Runs inspectors on real sockets, with a server whose events the tests invent. */
class InspectorPageTest {
  private static final int INSPECTORS_MAX = 16;

  /** A number of upgrades beyond the limit on the backlog of an inspector that does not read. */
  private static final int TOO_MANY_UPGRADES = 100_000;

  /** A number of upgrades within that limit: some MB, most of which are not written. */
  private static final int TOO_FEW_UPGRADES = 6_000;

  private static final class Idle extends WebSocketActor<Void> {}

  private final Vertx vertx = Vertx.vertx();
  private final Observers observers = new Observers(Time.system());
  private final List<InspectorClient> clients = new ArrayList<>();
  private AdminServer admin;

  @BeforeEach
  void listen() throws Exception {
    Transport transport = new DirectTransport();
    ActorType type =
        new ActorType(
            "chat",
            Idle::new,
            Codecs.kryo(List.of()),
            id -> Runnable::run,
            ActorOptions.defaults());
    ActorHost host =
        new ActorHost(
            List.of(type),
            Stores.memory(new MemoryDisk()),
            transport,
            Time.system(),
            HostOptions.defaults());
    WebSocketGateway gateway =
        new WebSocketGateway(GatewayOptions.defaults(), vertx, transport, Time.system(), 1);
    ActorRoute route =
        new ActorRoute("chat", "/chat/:key", HandledKinds.ALL, ActorOptions.defaults());
    admin =
        new AdminServer(
            vertx,
            host,
            Optional::empty,
            AdminOptions.loopback(),
            Time.system(),
            new InspectorPage(
                vertx,
                observers,
                Time.system(),
                host,
                gateway,
                List.of(route),
                false,
                () -> "127.0.0.1:8080"));
    admin.listen(0).toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
  }

  @AfterEach
  void close() throws Exception {
    clients.forEach(InspectorClient::close);
    vertx.close().toCompletionStage().toCompletableFuture().get(30, TimeUnit.SECONDS);
  }

  private InspectorClient attach(String path) throws Exception {
    InspectorClient client = InspectorClient.attach(admin.port(), path);
    clients.add(client);
    return client;
  }

  private HttpResponse<String> get(String path) throws IOException, InterruptedException {
    URI uri = URI.create("http://127.0.0.1:" + admin.port() + path);
    return HttpClient.newHttpClient()
        .send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString());
  }

  /** Returns the status of an upgrade that is refused. */
  private int refused(String path) throws Exception {
    try {
      attach(path);
      throw new AssertionError(path + " was accepted");
    } catch (ExecutionException e) {
      return ((WebSocketHandshakeException) e.getCause()).getResponse().statusCode();
    }
  }

  private void tell(int number, String text) {
    observers.tellOfFrame(DormouseObserver::frameIn, Told.text(Told.id(number), Told.LOBBY, text));
  }

  private void open(int number) {
    observers.tell(DormouseObserver::upgradeStarted, Told.started(Told.id(number)));
    observers.tell(DormouseObserver::upgradeAccepted, Told.accepted(Told.id(number), Told.LOBBY));
  }

  /** Waits until nobody is told of anything. */
  private void awaitNobody() throws Exception {
    CompletableFuture<Void> gone = new CompletableFuture<>();
    long timer =
        vertx.setPeriodic(
            1,
            look -> {
              if (!observers.isAny()) {
                gone.complete(null);
              }
            });
    try {
      gone.get(10, TimeUnit.SECONDS);
    } finally {
      vertx.cancelTimer(timer);
    }
  }

  /** Tries to attach until it is allowed, for ten seconds. */
  private void awaitSeat() throws Exception {
    long endNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    while (true) {
      try {
        attach("/devtools/node");
        return;
      } catch (ExecutionException refused) {
        assertThat(System.nanoTime() - endNs).as("refused for too long").isNegative();
      }
    }
  }

  @Test
  void whatCanBeInspectedIsListed() throws Exception {
    String here = "127.0.0.1:" + admin.port();
    JsonObject version = new JsonObject(get("/json/version").body());
    assertThat(version.getString("webSocketDebuggerUrl"))
        .isEqualTo("ws://" + here + "/devtools/node");
    assertThat(version.getString("Protocol-Version")).isEqualTo("1.3");

    JsonArray targets = new JsonArray(get("/json/list").body());
    assertThat(new JsonArray(get("/json").body())).isEqualTo(targets);
    assertThat(targets).hasSize(2);
    assertThat(targets.getJsonObject(1))
        .isEqualTo(
            new JsonObject()
                .put("id", "node-chat")
                .put("type", "node")
                .put("title", "Dormouse: chat")
                .put("description", "WebSockets that actors own")
                .put("url", "http://127.0.0.1:8080/")
                .put(
                    "devtoolsFrontendUrl",
                    "devtools://devtools/bundled/js_app.html?ws=127.0.0.1%3A"
                        + admin.port()
                        + "%2Fdevtools%2Fnode%3Ftype%3Dchat")
                .put("webSocketDebuggerUrl", "ws://" + here + "/devtools/node?type=chat"));
    assertThat(new JsonObject(get("/json/protocol").body()).getJsonArray("domains")).hasSize(2);
  }

  @ParameterizedTest
  @CsvSource({
    "/devtools/node?type=nope, 404",
    "/devtools/node?type=No, 400",
    "/devtools/node?key=lobby, 400",
    "/devtools/node?type=chat&key=., 400",
    "/devtools/page, 404",
  })
  void whatIsNotThereCannotBeInspected(String path, int status) throws Exception {
    assertThat(refused(path)).isEqualTo(status);
  }

  @Test
  void aPlainRequestIsToldToUpgrade() throws Exception {
    HttpResponse<String> answer = get("/devtools/node");

    assertThat(answer.statusCode()).isEqualTo(426);
    assertThat(answer.headers().firstValue("Upgrade")).contains("websocket");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "nonsense                                        |      | -32700",
        "[1]                                             |      | -32700",
        "{}                                              |      | -32600",
        "{\"id\":\"1\",\"method\":\"Page.enable\"}       |      | -32600",
        "{\"id\":1}                                      | 1    | -32600",
        "{\"id\":1,\"method\":2}                         | 1    | -32600",
        "{\"id\":1,\"method\":\"Page.enable\",\"params\":3}        | 1 | -32602",
        "{\"id\":1,\"method\":\"Network.enable\",\"params\":{\"maxPostDataSize\":\"x\"}} | 1 |"
            + " -32602",
        "{\"id\":1,\"method\":\"Dormouse.getActor\"}     | 1    | -32602",
        "{\"id\":1,\"method\":\"Dormouse.getActor\",\"params\":{\"type\":\"no\",\"key\":\"a\"}} | 1"
            + " | -32602",
        "{\"id\":1,\"method\":\"Dormouse.getActor\",\"params\":{\"type\":\"chat\",\"key\":\"\"}} |"
            + " 1 | -32602",
        "{\"id\":1,\"method\":\"Page.navigate\"}         | 1    | -32601",
        "{\"id\":1,\"method\":\"Fetch.enable\"}          | 1    | -32601",
        "{\"id\":1,\"method\":\"enable\"}                | 1    | -32601",
        "{\"id\":1,\"method\":\"Page.enable\",\"sessionId\":\"x\"} | 1 | -32001",
      })
  void whatCannotBeMetIsAnError(String message, Integer id, int code) throws Exception {
    InspectorClient client = attach("/devtools/node");
    client.send(message);

    JsonObject answer = client.next();
    assertThat(answer.getInteger("id")).isEqualTo(id);
    assertThat(answer.getJsonObject("error").getInteger("code")).isEqualTo(code);
    assertThat(answer.getJsonObject("error").getString("message")).isNotBlank();
  }

  @ParameterizedTest
  @CsvSource({
    "Page.enable",
    "Runtime.enable",
    "Log.enable",
    "Target.setAutoAttach",
    "Debugger.disable",
    "Target.setDiscoverTargets",
    "Runtime.runIfWaitingForDebugger",
    "Network.disable",
    "Dormouse.disable",
  })
  void whatDevToolsAskAtFirstIsAnsweredWithNothing(String method) throws Exception {
    assertThat(attach("/devtools/node").ask(method)).isEqualTo(new JsonObject());
  }

  @Test
  void anActorCanBeLookedAt() throws Exception {
    InspectorClient client = attach("/devtools/node");
    client.send(
        "{\"id\":7,\"method\":\"Dormouse.getActor\",\"params\":{\"type\":\"chat\",\"key\":\"a\"}}");

    assertThat(client.next())
        .isEqualTo(
            new JsonObject(
                """
                {"id": 7, "result": {
                  "state": "inactive", "connections": 0, "wakes": 0, "keptAwakeBy": []}}\
                """));
  }

  @Test
  @DisplayName(
      "N12 nobody is told of anything before a domain is enabled, nor after it is disabled")
  void nothingIsPaidForWhileNobodyAsks() throws Exception {
    InspectorClient client = attach("/devtools/node");
    assertThat(client.ask("Page.enable")).isEmpty();
    assertThat(observers.isAny()).isFalse();

    client.ask("Dormouse.enable");
    assertThat(observers.isAny()).isTrue();
    assertThat(observers.isAnyOfFrames()).isFalse();
    client.ask("Network.enable");
    assertThat(observers.isAnyOfFrames()).isTrue();
    assertThat(client.next().getString("method")).isEqualTo("Dormouse.announced");
    client.ask("Network.enable"); // a second enable changes nothing
    client.ask("Network.disable");
    assertThat(observers.isAnyOfFrames()).isFalse();
    client.ask("Dormouse.disable");
    assertThat(observers.isAny()).isFalse();
  }

  @Test
  @DisplayName("N12 an inspector that is gone is told of nothing")
  void whoIsGoneIsToldOfNothing() throws Exception {
    InspectorClient client = attach("/devtools/node");
    client.ask("Network.enable");
    client.ask("Dormouse.enable");
    client.close();

    awaitNobody();
  }

  @Test
  @DisplayName("N3 several inspectors hear the same, each what it asked for")
  void severalInspectorsHearTheSameEachWhatItAsked() throws Exception {
    InspectorClient all = attach("/devtools/node");
    InspectorClient chat = attach("/devtools/node?type=chat&key=lobby");
    InspectorClient den = attach("/devtools/node?type=chat&key=den");
    for (InspectorClient client : List.of(all, chat, den)) {
      client.ask("Network.enable");
    }
    open(1);
    tell(1, "hi");
    observers.tell(DormouseObserver::upgradeStarted, Told.started(Told.id(2)));
    observers.tell(DormouseObserver::upgradeAccepted, Told.accepted(Told.id(2), Told.DEN));

    assertThat(all.nextMethods(7))
        .containsExactly(
            "Network.webSocketCreated 3.1",
            "Network.webSocketWillSendHandshakeRequest 3.1",
            "Network.webSocketHandshakeResponseReceived 3.1",
            "Network.webSocketFrameReceived 3.1",
            "Network.webSocketCreated 3.2",
            "Network.webSocketWillSendHandshakeRequest 3.2",
            "Network.webSocketHandshakeResponseReceived 3.2");
    assertThat(chat.nextMethods(4)).last().isEqualTo("Network.webSocketFrameReceived 3.1");
    assertThat(den.nextMethods(3)).first().isEqualTo("Network.webSocketCreated 3.2");
  }

  @Test
  void anInspectorThatDoesNotReadMissesFramesAndTheOthersDoNot() throws Exception {
    InspectorClient slow = attach("/devtools/node");
    InspectorClient quick = attach("/devtools/node");
    slow.ask("Network.enable");
    quick.ask("Network.enable");
    open(1);
    assertThat(quick.nextMethods(3)).hasSize(3);
    slow.stopReading();

    int frames = 0;
    String text = "x".repeat(4_000);
    while (frames < 5_000) {
      tell(1, text);
      frames++;
      assertThat(quick.nextMethods(1)).containsExactly("Network.webSocketFrameReceived 3.1");
    }
    observers.tell(DormouseObserver::connectionClosed, Told.closed(Told.id(1), Told.LOBBY));
    assertThat(quick.nextMethods(1)).containsExactly("Network.webSocketClosed 3.1");

    slow.readOn();
    long seen = 0;
    long dropped = 0;
    String method = "";
    while (!method.equals("Network.webSocketClosed")) {
      JsonObject event = slow.next();
      method = event.getString("method");
      if (method.equals("Network.webSocketFrameReceived")) {
        seen++;
      } else if (method.equals("Dormouse.dropped")) {
        dropped += event.getJsonObject("params").getLong("frames");
      }
    }
    if (seen + dropped < frames) {
      dropped += slow.next().getJsonObject("params").getLong("frames"); // told after the close
    }
    assertThat(dropped).isPositive();
    assertThat(seen + dropped).isEqualTo(frames);
  }

  @Test
  void anInspectorThatDoesNotReadAtAllIsClosed() throws Exception {
    InspectorClient slow = attach("/devtools/node");
    slow.ask("Network.enable");
    slow.stopReading();
    for (int i = 1; i < INSPECTORS_MAX; i++) {
      attach("/devtools/node");
    }

    for (int i = 0; i < TOO_MANY_UPGRADES && observers.isAny(); i++) {
      observers.tell(DormouseObserver::upgradeStarted, Told.started(Told.id(i)));
      observers.tell(DormouseObserver::upgradeAborted, Told.aborted(Told.id(i), null));
    }
    awaitNobody();
    awaitSeat();
  }

  @Test
  void aServerStopsThoughAnInspectorDoesNotRead() throws Exception {
    InspectorClient quick = attach("/devtools/node");
    InspectorClient slow = attach("/devtools/node");
    slow.ask("Network.enable");
    slow.stopReading();
    for (int i = 0; i < TOO_FEW_UPGRADES; i++) {
      observers.tell(DormouseObserver::upgradeStarted, Told.started(Told.id(i)));
    }

    vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
    assertThat(quick.closed()).isEqualTo(1001);
  }

  @Test
  void noMoreInspectorsThanSixteenAreAttached() throws Exception {
    for (int i = 0; i < INSPECTORS_MAX; i++) {
      attach("/devtools/node");
    }

    assertThat(refused("/devtools/node")).isEqualTo(503);
  }

  @Test
  void aMessageThatIsTooLongClosesTheInspector() throws Exception {
    InspectorClient client = attach("/devtools/node");
    client.send("x".repeat(300_000));

    assertThat(client.closed()).isEqualTo(1009);
  }
}
