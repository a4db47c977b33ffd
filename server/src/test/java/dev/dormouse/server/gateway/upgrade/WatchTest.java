package dev.dormouse.server.gateway.upgrade;

import static dev.dormouse.server.gateway.TestServer.LOBBY;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import dev.dormouse.sdk.AutoReply;
import dev.dormouse.sdk.CloseReason.Cause;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.Header;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.sdk.RequestHead;
import dev.dormouse.server.gateway.FakeHost;
import dev.dormouse.server.gateway.GatewayExtension;
import dev.dormouse.server.gateway.RawClient;
import dev.dormouse.server.gateway.TestServer;
import dev.dormouse.server.gateway.http.HttpWatch;
import dev.dormouse.server.gateway.limits.GatewayOptions;
import dev.dormouse.server.gateway.limits.Tally;
import dev.dormouse.server.observe.DormouseObserver;
import dev.dormouse.server.observe.DormouseObserver.ConnectionClosed;
import dev.dormouse.server.observe.DormouseObserver.FrameError;
import dev.dormouse.server.observe.DormouseObserver.LimitHit;
import dev.dormouse.server.observe.DormouseObserver.UpgradeAborted;
import dev.dormouse.server.observe.DormouseObserver.UpgradeAccepted;
import dev.dormouse.server.observe.DormouseObserver.UpgradeFailed;
import dev.dormouse.server.observe.DormouseObserver.UpgradeRejected;
import dev.dormouse.server.observe.DormouseObserver.UpgradeStarted;
import dev.dormouse.server.observe.Heard;
import dev.dormouse.server.observe.Heard.Seen;
import dev.dormouse.server.observe.LogLabels;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.protocol.Time;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.slf4j.LoggerFactory;

/** Checks the events of sockets that observers hear. */
class WatchTest {
  @RegisterExtension static final GatewayExtension GATEWAY = new GatewayExtension();
  private TestServer server;
  private FakeHost host;
  private Heard heard;

  @BeforeEach
  void start() {
    use(
        GATEWAY.open(
            GatewayOptions.defaults(),
            router -> {
              router
                  .route("/guarded")
                  .handler(r -> r.response().setStatusCode(401).putHeader("X-Why", "no").end());
              router
                  .route("/throws")
                  .handler(
                      r -> {
                        throw new IllegalStateException("as asked");
                      });
              router.route("/waits").handler(r -> r.request().pause());
              router.route("/hangs-up").handler(r -> r.request().connection().close());
              router
                  .route("/large/breaks")
                  .handler(
                      r -> {
                        r.addHeadersEndHandler(
                            v -> {
                              throw new IllegalStateException("as asked");
                            });
                        r.next();
                      });
            }));
  }

  private void use(TestServer started) {
    server = started;
    host = started.host;
    heard = new Heard(true);
    server.observers.add(heard);
  }

  private UpgradeStarted started(String path) {
    UpgradeStarted started = heard.next(UpgradeStarted.class);
    assertThat(started.head().path()).isEqualTo(path);
    return started;
  }

  private UpgradeRejected rejected(String path) {
    try (RawClient client = server.client()) {
      int status = client.send(RawClient.upgrade(path)).readAnswer().status();
      ConnectionId id = started(path).connection();
      UpgradeRejected rejected = heard.next(UpgradeRejected.class);
      assertThat(rejected.connection()).isEqualTo(id);
      assertThat(rejected.status()).isEqualTo(status);
      assertThat(rejected.tookNs()).isPositive();
      return rejected;
    }
  }

  @Test
  @DisplayName(
      "N1 accepted: after its start, with all headers of the 101 and the id that the host knows")
  void anAcceptedUpgradeIsToldWithItsHeadersAndItsId() throws Exception {
    host.script(
        event ->
            event instanceof ToHost.Open open
                ? List.of(
                    new ToGateway.Accepted(
                        open.connection(), List.of(), List.of(new Header("X-Seat", "7"))))
                : List.of());
    try (RawClient client = server.client()) {
      client.send(RawClient.upgrade("/chat/lobby?name=ada")).readAnswer();
      UpgradeStarted started = started("/chat/lobby");
      assertThat(started.head().query("name")).contains("ada");
      assertThat(started.head().header("Host")).contains("dormouse.test");
      assertThat(started.connection()).isEqualTo(host.nextOpen());
      UpgradeAccepted accepted = heard.next(UpgradeAccepted.class);
      assertThat(accepted.connection()).isEqualTo(started.connection());
      assertThat(accepted.actor()).isEqualTo(LOBBY);
      assertThat(accepted.headers())
          .contains(new Header("X-Seat", "7"))
          .anyMatch(
              header ->
                  header.name().equalsIgnoreCase("Sec-WebSocket-Accept")
                      && header.value().equals(RawClient.ACCEPT));
      assertThat(accepted.tookNs()).isPositive();
    }
  }

  @Test
  @DisplayName("N1 rejected: by a handler before the route, with its status and headers")
  void rejectedBeforeTheRoute() {
    UpgradeRejected rejected = rejected("/guarded");
    assertThat(rejected.status()).isEqualTo(401);
    assertThat(rejected.headers()).contains(new Header("X-Why", "no"));
    assertThat(rejected.actor()).isNull();
    assertThat(rejected.why()).isNull();
  }

  @Test
  @DisplayName("N1 rejected: no route is 404, a handler that throws 500, a malformed path 400")
  void rejectedByTheRouter() {
    assertThat(rejected("/nowhere").status()).isEqualTo(404);
    assertThat(rejected("/throws").status()).isEqualTo(500);
    assertThat(rejected("/chat/%zz").status()).isEqualTo(400);
  }

  @Test
  @DisplayName("N1 rejected: by the host, with its actor; by the gateway, with its reason")
  void rejectedByHostAndGateway() {
    host.script(
        event ->
            event instanceof ToHost.Open open
                ? List.of(new ToGateway.Rejected(open.connection(), HttpResponse.text(403, "no")))
                : List.of());
    UpgradeRejected byHost = rejected("/chat/lobby");
    assertThat(byHost.status()).isEqualTo(403);
    assertThat(byHost.actor()).isEqualTo(LOBBY);
    assertThat(byHost.why()).isNull();
    server.gateway.shutdown(1001, Duration.ofSeconds(1));
    UpgradeRejected byGateway = rejected("/chat/lobby");
    assertThat(byGateway.status()).isEqualTo(503);
    assertThat(byGateway.why()).isEqualTo("STOPPING");
  }

  @Test
  @DisplayName(
      "N1 rejected: too late, which is a limit too; of one HTTP connection each upgrade has an id"
          + " of its own")
  void anUpgradeThatIsRejectedTooLateIsToldAsALimit() {
    server.close();
    use(GATEWAY.open(GatewayOptions.defaults().handshake(Duration.ofMillis(20))));
    try (RawClient client = server.client()) {
      assertThat(client.send(RawClient.upgrade("/chat/lobby")).readAnswer().status())
          .isEqualTo(503);
      assertThat(client.send(RawClient.upgrade("/chat/lobby")).readAnswer().status())
          .isEqualTo(503);
      ConnectionId first = started("/chat/lobby").connection();
      LimitHit hit = heard.next(LimitHit.class);
      assertThat(hit).isEqualTo(new LimitHit("handshake-time", "503", LOBBY, first));
      assertThat(heard.next(UpgradeRejected.class).why()).isEqualTo("OVERDUE");
      ConnectionId second = started("/chat/lobby").connection();
      assertThat(heard.next(UpgradeRejected.class).connection())
          .isEqualTo(second)
          .isNotEqualTo(first);
    }
  }

  @Test
  @DisplayName("N1 aborted: the client goes before there is an answer, or a handler hangs up")
  void anUpgradeWhoseClientGoesBeforeTheAnswerIsToldAsAborted() throws Exception {
    RawClient client = server.client();
    client.send(RawClient.upgrade("/chat/lobby"));
    ConnectionId id = host.nextOpen();
    client.reset();
    assertThat(heard.next(UpgradeAborted.class)).isEqualTo(new UpgradeAborted(id, LOBBY));
    try (RawClient waits = server.client()) {
      waits.send(RawClient.upgrade("/waits"));
      ConnectionId waiting = started("/waits").connection();
      waits.reset();
      assertThat(heard.next(UpgradeAborted.class)).isEqualTo(new UpgradeAborted(waiting, null));
    }
    try (RawClient hung = server.client()) {
      hung.send(RawClient.upgrade("/hangs-up")).awaitEnd();
      ConnectionId waiting = started("/hangs-up").connection();
      assertThat(heard.next(UpgradeAborted.class).connection()).isEqualTo(waiting);
    }
  }

  @Test
  @DisplayName("N1 rejected: what breaks the headers of the 101 has it answered 500")
  void whatBreaksTheHeadersOfThe101HasItAnswered500() throws Exception {
    host.acceptAll();
    assertThat(rejected("/large/breaks").status()).isEqualTo(500);
  }

  @Test
  @DisplayName("a line that the gateway logs of a connection says of which, and of which actor")
  void aLineThatTheGatewayLogsOfAConnectionSaysOfWhichAndOfWhichActor() throws Exception {
    host.acceptAll();
    BlockingQueue<Map<String, String>> labels = new LinkedBlockingQueue<>();
    AppenderBase<ILoggingEvent> appender =
        new AppenderBase<>() {
          @Override
          protected void append(ILoggingEvent line) {
            labels.add(Map.copyOf(line.getMDCPropertyMap()));
          }
        };
    Logger logger = (Logger) LoggerFactory.getLogger(ProtocolSwitch.class);
    appender.start();
    logger.addAppender(appender);
    try {
      UpgradeRejected broken = rejected("/large/breaks");
      assertThat(labels.poll(10, TimeUnit.SECONDS))
          .isEqualTo(
              Map.of(
                  LogLabels.TYPE,
                  "large",
                  LogLabels.KEY,
                  "breaks",
                  LogLabels.CONNECTION,
                  broken.connection().toString()));
    } finally {
      logger.detachAppender(appender);
    }
  }

  @Test
  @DisplayName("N1 failed: once, and it is neither aborted nor accepted after")
  void failedOnceAndItIsNeitherAbortedNorAcceptedAfter() {
    HttpWatch watch =
        new HttpWatch(new Tally(GatewayOptions.defaults(), Time.system(), server.observers));
    RequestHead head = new RequestHead("GET", "/", Map.of(), List.of(), "");
    watch.upgradeCame(ConnectionId.of(7, 99), head);
    Throwable cause = new IllegalStateException("as asked");
    watch.failed(cause);
    watch.connectionEnded(false);
    watch.accepted(LOBBY);
    assertThat(heard.waiting(Object.class))
        .containsExactly(
            new UpgradeStarted(ConnectionId.of(7, 99), head),
            new UpgradeFailed(ConnectionId.of(7, 99), null, cause));
  }

  @Test
  @DisplayName("N9 a plain request is no upgrade")
  void aPlainRequestIsNoUpgrade() {
    try (RawClient client = server.client()) {
      client.send("GET /guarded HTTP/1.1\r\nHost: x\r\n\r\n").readAnswer();
    }
    rejected("/guarded");
    assertThat(heard.taken(UpgradeStarted.class)).hasSize(1);
  }

  @Test
  @DisplayName(
      "frames are told as they are on the wire, both ways, each recipient's; then the close, once")
  void framesAreToldAsTheyAreOnTheWireBothWaysEachRecipients() throws Exception {
    host.echo();
    try (RawClient client = server.open("/chat/lobby")) {
      ConnectionId id = host.nextOpen();
      client.text("hello").readFrame();
      client.send(RawClient.frame(RawClient.PING, "p")).readFrame();
      client
          .send(RawClient.frame(false, RawClient.BINARY, new byte[] {65, 66}))
          .send(RawClient.frame(true, RawClient.CONTINUATION, new byte[] {67}))
          .readFrame();
      host.release(LOBBY, new ToGateway.Broadcast(List.of(), Set.of(), Payload.text("to all")));
      client.readFrame();
      client.send(RawClient.closeFrame(1000, "bye")).readFrame();
      client.awaitEnd();
      ConnectionClosed closed = heard.next(ConnectionClosed.class);
      assertThat(heard.taken(Seen.class).stream().map(WatchTest::shown))
          .containsExactly(
              "> 1 hello",
              "< 1 hello",
              "> 9 p",
              "< 10 p",
              "> 2+ AB",
              "> 0 C",
              "< 2 ABC",
              "< 1 to all",
              "> 8 bye",
              "< 8 ");
      assertThat(closed.connection()).isEqualTo(id);
      assertThat(closed.actor()).isEqualTo(LOBBY);
      assertThat(closed.reason().code()).isEqualTo(1000);
      assertThat(closed.reason().cause()).isEqualTo(Cause.CLIENT);
      assertThat(closed.bytesIn()).isEqualTo(5 + 1 + 2 + 1 + 5);
      assertThat(closed.bytesOut()).isEqualTo(5 + 1 + 3 + 6 + 2);
      assertThat(closed.lastedNs()).isNotNegative();
    }
    server.awaitCounts(counts -> counts.sockets() == 0);
    assertThat(heard.waiting(ConnectionClosed.class)).isEmpty();
  }

  private static String shown(Seen seen) {
    String payload =
        seen.frame().opcode() == 8
            ? seen.payload().replaceFirst("^.*?(?=bye|$)", "")
            : seen.payload();
    return (seen.isIn() ? "> " : "< ")
        + seen.frame().opcode()
        + (seen.frame().isFinal() ? "" : "+")
        + " "
        + payload;
  }

  @Test
  @DisplayName(
      "automatic replies are marked, and so are the frames that asked for them, compressed or not")
  void automaticRepliesAreMarkedAndSoAreTheFramesThatAskedForThem() throws Exception {
    host.acceptAll();
    try (RawClient client = server.open("/chat/lobby")) {
      host.nextOpen();
      host.release(LOBBY, new ToGateway.AutoReplies(List.of(new AutoReply("ping", "pong"))));
      client.text("ping").readFrame();
      Seen request = heard.next(Seen.class);
      Seen reply = heard.next(Seen.class);
      assertThat(request.frame().isAutomatic()).isTrue();
      assertThat(reply.frame().isAutomatic()).isTrue();
      assertThat(reply.payload()).isEqualTo("pong");
      client.text("hello");
      assertThat(heard.next(Seen.class).frame().isAutomatic()).isFalse();
    }
  }

  @Test
  @DisplayName("a breach of the protocol is told, then the close; a limit that was hit, too")
  void aBreachOfTheProtocolIsToldThenTheClose() throws Exception {
    host.acceptAll();
    try (RawClient client = server.open("/small/one")) {
      ConnectionId id = host.nextOpen();
      client.text("x".repeat(101)).readClose();
      FrameError error = heard.next(FrameError.class);
      assertThat(error.connection()).isEqualTo(id);
      assertThat(error.error()).contains("100");
      LimitHit hit = heard.next(LimitHit.class);
      assertThat(hit.limit()).isEqualTo("message-bytes");
      assertThat(hit.outcome()).isEqualTo("close 1009");
    }
    ConnectionClosed closed = heard.next(ConnectionClosed.class);
    assertThat(closed.reason().code()).isEqualTo(1009);
  }

  @Test
  @DisplayName("a client that vanishes is told once, with 1006")
  void aClientThatVanishesIsToldOnceWith1006() throws Exception {
    host.acceptAll();
    RawClient client = server.open("/chat/lobby");
    ConnectionId id = host.nextOpen();
    client.reset();
    ConnectionClosed closed = heard.next(ConnectionClosed.class);
    assertThat(closed.connection()).isEqualTo(id);
    assertThat(closed.reason().code()).isEqualTo(1006);
    server.awaitCounts(counts -> counts.sockets() == 0);
    assertThat(heard.waiting(ConnectionClosed.class)).isEmpty();
  }

  @Test
  @DisplayName("N13 an observer whose every method throws harms no traffic")
  void anObserverWhoseEveryMethodThrowsHarmsNoTraffic() throws Exception {
    server.observers.add(throwing(DormouseObserver.class));
    host.echo();
    try (RawClient client = server.open("/chat/lobby")) {
      assertThat(client.text("hello").readText()).isEqualTo("hello");
      client.send(RawClient.closeFrame(1000, ""));
      assertThat(client.readClose()).isEqualTo(1000);
      client.awaitEnd();
    }
    heard.next(ConnectionClosed.class);
    assertThat(rejected("/guarded").status()).isEqualTo(401);
    assertThat(server.observers.failures()).isGreaterThanOrEqualTo(7);
  }

  private static <T> T throwing(Class<T> type) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (proxy, method, arguments) -> {
              if (method.getName().equals("wantsFrames")) {
                return true;
              } else if (method.getDeclaringClass() == Object.class) {
                return method.getName().equals("hashCode")
                    ? (Object) 1
                    : method.getName().equals("equals")
                        ? (Object) (proxy == arguments[0])
                        : "throwing";
              }
              throw new IllegalStateException("as asked");
            }));
  }
}
