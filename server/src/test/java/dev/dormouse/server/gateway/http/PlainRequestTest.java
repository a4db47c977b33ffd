package dev.dormouse.server.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.server.gateway.GatewayExtension;
import dev.dormouse.server.gateway.RawClient;
import dev.dormouse.server.gateway.RawClient.Answer;
import dev.dormouse.server.gateway.TestServer;
import dev.dormouse.server.gateway.limits.GatewayOptions;
import dev.dormouse.server.gateway.limits.RequestLimit;
import dev.dormouse.server.observe.DormouseObserver.LimitHit;
import dev.dormouse.server.observe.Heard;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import io.vertx.ext.web.handler.BodyHandler;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PlainRequestTest {
  private static final ActorId ONE = new ActorId("small", "one");

  @RegisterExtension static final GatewayExtension GATEWAY = new GatewayExtension();

  private static String post(int length) {
    return "POST /small/one?a=1 HTTP/1.1\r\nHost: x\r\nContent-Length: " + length + "\r\n\r\n";
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  @DisplayName("a request goes to the actor with its body, and the actor's answer comes back")
  void aRequestGoesToTheActorWithItsBodyAndTheActorsAnswerComesBack(boolean hasBodyHandler)
      throws Exception {
    try (TestServer server =
            GATEWAY.open(
                GatewayOptions.defaults(),
                router -> {
                  if (hasBodyHandler) {
                    router.route().handler(BodyHandler.create(false));
                  }
                });
        RawClient client = server.client()) {
      for (int i = 0; i < 2; i++) {
        client.send(post(5)).send("hel").send("lo");
        ToHost.Request request = server.host.next(ToHost.Request.class);
        assertThat(request.actor()).isEqualTo(ONE);
        assertThat(request.head().method()).isEqualTo("POST");
        assertThat(request.head().query("a")).contains("1");
        assertThat(new String(request.body(), StandardCharsets.UTF_8)).isEqualTo("hello");
        server.host.release(
            ONE,
            new ToGateway.Responded(
                request.request(),
                HttpResponse.json(201, "{\"n\":1}").with("X-A", "1").with("X-A", "2")));
        Answer answer = client.readAnswer();
        assertThat(answer.status()).isEqualTo(201);
        assertThat(answer.header("X-A")).containsExactly("1", "2");
        assertThat(answer.header("Content-Type")).containsExactly("application/json");
        assertThat(answer.body()).isEqualTo("{\"n\":1}");
      }
    }
  }

  @Test
  @DisplayName("C7 a body handler before a socket route limits nothing, and hangs nothing")
  void aBodyHandlerBeforeASocketRouteLimitsNothingAndHangsNothing() throws Exception {
    try (TestServer server =
            GATEWAY.open(
                GatewayOptions.defaults(),
                router -> {
                  router.route().handler(BodyHandler.create(false));
                  router
                      .post("/plain")
                      .handler(context -> context.end("read " + context.body().length()));
                });
        RawClient client = server.client();
        RawClient other = server.client()) {
      client.send(
          "POST /plain HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
              + "Content-Length: 5\r\n\r\nhello");
      assertThat(client.readAnswer().body()).isEqualTo("read 5");
      other.send(post((1 << 20) + 1)).send(new byte[(1 << 20) + 1]);
      assertThat(other.readAnswer().status()).isEqualTo(413);
      server.host.hearsNothing();
    }
  }

  @Test
  @DisplayName("a request without body is a request; the largest body passes, one byte more is 413")
  void aRequestWithoutBodyIsARequest() throws Exception {
    try (TestServer server = GATEWAY.open()) {
      server.host.script(
          event ->
              event instanceof ToHost.Request request
                  ? List.of(
                      new ToGateway.Responded(
                          request.request(), HttpResponse.text(200, "" + request.body().length)))
                  : List.of());
      try (RawClient client = server.client()) {
        client.send("GET /small/one HTTP/1.1\r\nHost: x\r\n\r\n");
        assertThat(client.readAnswer().body()).isEqualTo("0");
        client.send(post(1 << 20)).send(new byte[1 << 20]);
        assertThat(client.readAnswer().body()).isEqualTo("" + (1 << 20));
        Heard heard = heard(server);
        client.send(post((1 << 20) + 1)).send(new byte[(1 << 20) + 1]);
        assertThat(client.readAnswer().status()).isEqualTo(413);
        client.awaitEnd();
        assertThat(heard.next(LimitHit.class))
            .isEqualTo(new LimitHit("request-body-bytes", "413", ONE, null));
        assertThat(server.gateway.counts().cutOff()).containsEntry(RequestLimit.BODY_BYTES, 1L);
        assertThat(heard.waiting(LimitHit.class)).isEmpty();
      }
    }
  }

  @Test
  @DisplayName("F17 a body that comes on steadily is taken, though it takes longer than the limit")
  void aBodyThatComesOnSteadilyIsTakenThoughItTakesLongerThanTheLimit() throws Exception {
    Duration limit = Duration.ofSeconds(2);
    GatewayOptions hasty = GatewayOptions.defaults().head(limit).frame(limit).message(limit);
    try (TestServer server = GATEWAY.open(hasty);
        RawClient client = server.client()) {
      int pieces = 30;
      client.send(post(pieces * 1_000));
      for (int i = 1; i < pieces; i++) {
        client.send(new byte[1_000]);
        server.host.hearsNothing(); // the wait is 100 ms
      }
      client.send(new byte[1_000]);
      assertThat(server.host.next(ToHost.Request.class).body()).hasSize(pieces * 1_000);
    }
  }

  @Test
  @DisplayName("F17 a body that a handler before the actors reads may not stand still either")
  void bodyOfMiddleware() throws Exception {
    Duration minutes = Duration.ofMinutes(10);
    GatewayOptions hasty =
        GatewayOptions.defaults().head(minutes).frame(minutes).message(Duration.ofMillis(100));
    try (TestServer server =
            GATEWAY.open(
                hasty,
                router ->
                    router
                        .route("/upload")
                        .handler(BodyHandler.create(false))
                        .handler(read -> read.response().end("read")));
        RawClient client = server.client()) {
      String head = "POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n";
      client.send(head + "half");
      assertThat(client.readAnswer().status()).isEqualTo(200);
      client.send(head + "ha");
      assertThat(client.readAnswer().status()).isEqualTo(408);
      client.awaitEnd();
      assertThat(server.gateway.counts().cutOff()).containsEntry(RequestLimit.BODY_TIME, 1L);
    }
  }

  @Test
  @DisplayName("a body that trickles is answered 408 in the end, and the actor never hears of it")
  void aBodyThatTricklesIsAnswered408InTheEndAndTheActorNeverHearsOfIt() throws Exception {
    Duration minutes = Duration.ofMinutes(10);
    GatewayOptions hasty =
        GatewayOptions.defaults().head(minutes).frame(minutes).message(Duration.ofMillis(100));
    try (TestServer server = GATEWAY.open(hasty);
        RawClient client = server.client()) {
      Heard heard = heard(server);
      client.send(post(10)).send(new byte[4]);
      Answer answer = client.readAnswer();
      assertThat(answer.status()).isEqualTo(408);
      assertThat(answer.header("Connection")).containsExactly("close");
      assertThat(heard.next(LimitHit.class))
          .isEqualTo(new LimitHit("request-body-time", "408", ONE, null));
      assertThat(server.gateway.counts().cutOff()).containsEntry(RequestLimit.BODY_TIME, 1L);
      client.send(new byte[6]);
      client.awaitEnd();
      server.host.hearsNothing();
    }
  }

  @Test
  @DisplayName("an actor that does not answer in time: 504, and its late answer goes nowhere")
  void anActorThatDoesNotAnswerInTimeIsAnsweredFor504() throws Exception {
    GatewayOptions hasty = GatewayOptions.defaults().request(Duration.ofMillis(50));
    try (TestServer server = GATEWAY.open(hasty);
        RawClient client = server.client()) {
      Heard heard = heard(server);
      client.send("GET /small/one HTTP/1.1\r\nHost: x\r\n\r\n");
      assertThat(client.readAnswer().status()).isEqualTo(504);
      assertThat(heard.next(LimitHit.class))
          .isEqualTo(new LimitHit("request-time", "504", ONE, null));
      assertThat(server.gateway.counts().cutOff()).containsEntry(RequestLimit.ANSWER_TIME, 1L);
      long number = server.host.next(ToHost.Request.class).request();
      server.host.release(ONE, new ToGateway.Responded(number, HttpResponse.text(200, "late")));
      client.send("GET /chat/x HTTP/1.1\r\nHost: x\r\n\r\n");
      assertThat(client.readAnswer().status()).isEqualTo(426);
    }
  }

  private static String expecting(String path, int length, String expectation) {
    return "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\nExpect: %s\r\n\r\n"
        .formatted(path, length, expectation);
  }

  @ParameterizedTest
  @ValueSource(strings = {"100-continue", "100-Continue", "100-continue, 100-CONTINUE"})
  @DisplayName("F06: who expects 100 gets it, then sends the body; on one connection as on many")
  void whoExpects100GetsItThenSendsTheBody(String expectation) throws Exception {
    try (TestServer server = GATEWAY.open();
        RawClient client = server.client()) {
      for (int i = 0; i < 2; i++) {
        client.send(expecting("/small/one", 5, expectation));
        assertThat(client.readAnswer().status()).isEqualTo(100);
        server.host.heardNothing();
        client.send("hello");
        ToHost.Request request = server.host.next(ToHost.Request.class);
        assertThat(new String(request.body(), StandardCharsets.UTF_8)).isEqualTo("hello");
        server.host.release(
            ONE, new ToGateway.Responded(request.request(), HttpResponse.text(200, "thanks")));
        assertThat(client.readAnswer().body()).isEqualTo("thanks");
      }
    }
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "/small/one, 9999999, 100-continue, 413",
    "/small/one, 5, 200-ok, 417",
    "/small/one, 5, '100-continue, other', 417",
    "/chat/one, 5, 100-continue, 405",
    "/nowhere, 5, 100-continue, 404",
    "/small/%ff, 5, 100-continue, 400",
    "/denied, 5, 100-continue, 403",
  })
  @DisplayName("F06: what the head alone allows is answered at once, and the connection ends")
  void whatTheHeadAloneAllowsIsAnsweredAtOnceAndTheConnectionEnds(
      String path, int length, String expectation, int status) throws Exception {
    try (TestServer server =
            GATEWAY.open(
                GatewayOptions.defaults(),
                router -> router.route("/denied").handler(request -> request.fail(403)));
        RawClient client = server.client()) {
      client.send(expecting(path, length, expectation));
      Answer answer = client.readAnswer();
      assertThat(answer.status()).isEqualTo(status);
      assertThat(answer.header("Connection")).containsExactly("close");
      client.send("hello" + expecting("/small/one", 5, "100-continue"));
      assertThat(client.readToEnd()).isEmpty();
      server.host.hearsNothing();
    }
  }

  @Test
  @DisplayName("F06: a body that its head says is too long is refused before it comes")
  void declaredTooLong() {
    try (TestServer server = GATEWAY.open();
        RawClient client = server.client()) {
      client.send(post((1 << 20) + 1));
      assertThat(client.readAnswer().status()).isEqualTo(413);
      client.awaitEnd();
      assertThat(server.gateway.counts().cutOff()).containsEntry(RequestLimit.BODY_BYTES, 1L);
    }
  }

  @Test
  @DisplayName("F06: HTTP/1.0, a body that is there, and a request without one want no 100")
  void hTTP10ABodyThatIsThereAndARequestWithoutOneWantNo100() throws Exception {
    try (TestServer server = GATEWAY.open()) {
      server.host.script(
          event ->
              event instanceof ToHost.Request request
                  ? List.of(
                      new ToGateway.Responded(
                          request.request(), HttpResponse.text(200, "" + request.body().length)))
                  : List.of(
                      new ToGateway.Accepted(
                          ((ToHost.Open) event).connection(), List.of(), List.of())));
      try (RawClient old = server.client();
          RawClient client = server.client()) {
        old.send(expecting("/small/one", 5, "100-continue").replace("1.1", "1.0"));
        old.send("hello");
        assertThat(old.readAnswer().body()).isEqualTo("5");
        client.send("GET /small/one HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\r\n");
        Answer answer = client.readAnswer();
        assertThat((answer.status() == 100 ? client.readAnswer() : answer).body()).isEqualTo("0");
        client.send(RawClient.upgrade("/chat/lobby", "Expect: 100-continue"));
        assertThat(client.readAnswer().status()).isEqualTo(100);
        assertThat(client.readAnswer().status()).isEqualTo(101);
      }
    }
  }

  private static Heard heard(TestServer server) {
    Heard heard = new Heard(false);
    server.observers.add(heard);
    return heard;
  }
}
