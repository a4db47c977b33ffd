package dev.dormouse.server.gateway.socket;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.Delivery.Outcome;
import dev.dormouse.server.Certificates;
import dev.dormouse.server.Certificates.Identity;
import dev.dormouse.server.gateway.FakeHost;
import dev.dormouse.server.gateway.RawClient;
import dev.dormouse.server.gateway.TestServer;
import dev.dormouse.server.gateway.edge.ServerTls;
import dev.dormouse.server.gateway.limits.GatewayCounts;
import dev.dormouse.server.gateway.limits.GatewayOptions;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Checks clients that do not read, over real sockets, and the reports about single messages. */
class OutboundTest {
  private static final int TEXT_LENGTH = 1 << 16;
  private static final int TRIES_MAX = 10_000;

  private static final Identity SERVER = Certificates.selfSigned("server");
  private static final SSLContext CLIENT = Certificates.clientOf(SERVER.certificate());

  private static Vertx vertx;
  private static LeakWatch leaks;
  private TestServer server;
  private FakeHost host;
  private boolean isTls;

  @BeforeAll
  static void startVertx() {
    vertx = TestServer.vertx();
    leaks = new LeakWatch(); // after Vert.x, which switches Netty's detector off when it is loaded
  }

  @AfterAll
  static void stopVertx() {
    TestServer.await(vertx.close());
    leaks.close();
  }

  @BeforeEach
  void start() {
    start(false);
  }

  private void start(boolean isTls) {
    GatewayOptions options =
        GatewayOptions.defaults().outboundBytesMax(1 << 18).close(Duration.ofMillis(200));
    this.isTls = isTls;
    server =
        new TestServer(vertx, isTls ? options.tls(new ServerTls(SERVER.keyManagers())) : options);
    host = server.host;
    host.acceptAll();
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private void restart(boolean isTls) {
    stop();
    start(isTls);
  }

  private static String text(String first) {
    return first + " " + "x".repeat(TEXT_LENGTH);
  }

  private static String firstWord(String text) {
    return text.substring(0, text.indexOf(' '));
  }

  /** Waits until the actor's releases are carried out. */
  private void awaitLoops(ActorId actor) {
    TestServer.await(server.gateway.connections(actor, null, 10));
  }

  private RawClient open(RawClient client, String path) {
    return (isTls ? client.tls(CLIENT) : client).open(path);
  }

  private RawClient openSlowly(String path) {
    return open(new RawClient(server.port(), 4_096), path);
  }

  @ParameterizedTest(name = "TLS: {0}")
  @ValueSource(booleans = {false, true})
  @DisplayName("drop oldest: a client that reads again hears the newest; its neighbour hears all")
  void aClientThatReadsAgainHearsTheNewestWhereTheOldestAreDropped(boolean isTls) throws Exception {
    restart(isTls);
    ActorId actor = new ActorId("drop", "one");
    try (RawClient slow = openSlowly("/drop/one");
        RawClient quick = open(server.client(), "/drop/one")) {
      int sent = 0;
      while (server.gateway.counts().slowDropped() < 20 && sent < TRIES_MAX) {
        String text = text(String.valueOf(sent++));
        host.release(actor, new ToGateway.Broadcast(List.of(), Set.of(), Payload.text(text)));
        assertThat(quick.readText()).isEqualTo(text);
      }
      int last = -1;
      int heard = 0;
      while (last < sent - 1) {
        int number = Integer.parseInt(firstWord(slow.readText()));
        assertThat(number).isGreaterThan(last);
        last = number;
        heard++;
      }
      GatewayCounts counts = server.gateway.counts();
      assertThat(counts.slowDropped()).isEqualTo(sent - heard);
      assertThat(counts.slowClosed()).isZero();
      assertThat(counts.messagesOut()).isEqualTo(sent + heard);
    }
  }

  @ParameterizedTest(name = "TLS: {0}")
  @ValueSource(booleans = {false, true})
  @DisplayName("conflate: a client that reads again hears the latest of each key, and all others")
  void aClientThatReadsAgainHearsTheLatestOfEachKeyAndAllOthers(boolean isTls) throws Exception {
    restart(isTls);
    ActorId actor = new ActorId("conflate", "one");
    try (RawClient slow = openSlowly("/conflate/one")) {
      ConnectionId id = host.nextOpen();
      int round = 0;
      int others = 0;
      while (server.gateway.counts().conflated() < 20 && round < TRIES_MAX) {
        String latest = text("b" + round);
        host.release(
            actor,
            new ToGateway.Send(id, Payload.text(text("a" + round)), "a", 0),
            new ToGateway.Broadcast(List.of(), Set.of(), Payload.text(latest), "b"));
        if (round % 64 == 0) {
          host.release(actor, new ToGateway.Send(id, Payload.text("other" + others++ + " ")));
        }
        awaitLoops(actor);
        round++;
      }
      Map<Character, Integer> last = new HashMap<>();
      int heardOthers = 0;
      while (!Map.of('a', round - 1, 'b', round - 1).equals(last) || heardOthers < others) {
        String word = firstWord(slow.readText());
        if (word.startsWith("other")) {
          assertThat(word).isEqualTo("other" + heardOthers++);
        } else {
          Integer before = last.put(word.charAt(0), Integer.parseInt(word.substring(1)));
          assertThat(last.get(word.charAt(0))).isGreaterThan(before == null ? -1 : before);
        }
      }
      assertThat(server.gateway.counts().slowClosed()).isZero();
    }
  }

  private Outcome outcomeOf(long report) throws InterruptedException {
    ToHost.Delivered delivered = host.next(ToHost.Delivered.class);
    assertThat(delivered.report()).isEqualTo(report);
    return delivered.outcome();
  }

  private static ToGateway.Send send(ConnectionId to, String text, long report) {
    return new ToGateway.Send(to, Payload.text(text), null, report);
  }

  @Test
  @DisplayName("a question is answered: written, or the connection is closed, going, or unknown")
  void whoAsksIsToldWrittenOrThatTheConnectionIsClosedGoingOrUnknown() throws Exception {
    try (RawClient client = server.open("/chat/lobby")) {
      ConnectionId id = host.nextOpen();
      host.release(TestServer.LOBBY, send(id, "one", 1));
      assertThat(outcomeOf(1)).isEqualTo(Outcome.WRITTEN);
      assertThat(client.readText()).isEqualTo("one");
      host.release(TestServer.LOBBY, new ToGateway.Close(id, 1000, ""), send(id, "too late", 2));
      assertThat(outcomeOf(2)).isEqualTo(Outcome.CONNECTION_CLOSED);
      host.release(TestServer.LOBBY, send(ConnectionId.of(7, 1_000_000), "to nobody", 3));
      assertThat(outcomeOf(3)).isEqualTo(Outcome.CONNECTION_CLOSED);
      assertThat(client.readClose()).isEqualTo(1000);
    }
    assertThat(server.gateway.counts().droppedOut()).isEqualTo(2);
  }

  @Test
  @DisplayName("messages before the 101 to a client that never saw it are reported and counted")
  void whatWasSentBeforeThe101ToAClientThatNeverSawItIsToldAndCounted() throws Exception {
    host.script(event -> List.of());
    RawClient client = server.client();
    client.send(RawClient.upgrade("/chat/lobby"));
    ConnectionId id = host.nextOpen();
    client.reset();
    host.release(
        TestServer.LOBBY, new ToGateway.Accepted(id, List.of(), List.of()), send(id, "welcome", 1));
    boolean isTold = false;
    boolean isClosed = false;
    while (!isTold || !isClosed) {
      ToHost next = host.next(ToHost.class);
      if (next instanceof ToHost.Delivered delivered) {
        assertThat(delivered.outcome()).isIn(Outcome.CONNECTION_CLOSED, Outcome.WRITTEN);
        isTold = true;
      }
      isClosed |= next instanceof ToHost.Closed;
    }
    GatewayCounts counts = server.gateway.counts();
    assertThat(counts.droppedOut() + counts.messagesOut()).isEqualTo(1);
  }

  @ParameterizedTest(name = "TLS: {0}")
  @ValueSource(booleans = {false, true})
  @DisplayName("messages that wait for a slow client that is lost are reported, and released")
  void whatWaitsForASlowClientThatIsLostIsToldAndReleased(boolean isTls) throws Exception {
    restart(isTls);
    ActorId actor = new ActorId("drop", "one");
    RawClient slow = openSlowly("/drop/one");
    ConnectionId id = host.nextOpen();
    int asked = 0;
    while (server.gateway.counts().slowDropped() == 0 && asked < TRIES_MAX) {
      host.release(actor, send(id, text("m"), ++asked));
      awaitLoops(actor);
    }
    slow.reset();
    Map<Outcome, Integer> told = new HashMap<>();
    int answers = 0;
    boolean isClosed = false;
    while (answers < asked || !isClosed) {
      ToHost next = host.next(ToHost.class);
      if (next instanceof ToHost.Delivered delivered) {
        told.merge(delivered.outcome(), 1, Integer::sum);
        answers++;
      }
      isClosed |= next instanceof ToHost.Closed;
    }
    assertThat(told).containsKeys(Outcome.DROPPED, Outcome.CONNECTION_CLOSED);
    GatewayCounts counts = server.gateway.counts();
    assertThat(counts.messagesOut() + counts.slowDropped() + counts.droppedOut()).isEqualTo(asked);
  }

  @ParameterizedTest(name = "{0} messages of {1} bytes, TLS: {2}")
  @CsvSource({
    "1, 8000000, false",
    "10, 3000000, false",
    "3000, 10000, false",
    "100, 100000, false",
    "100, 100000, true",
    "5, 1048576, false"
  })
  @DisplayName("F16 O3 whatever one turn sends reaches a client that reads at full speed")
  void whateverOneTurnSendsReachesAClientThatReadsAtFullSpeed(
      int messages, int bytes, boolean isTls) throws Exception {
    restart(isTls);
    try (RawClient client = open(server.client(), "/chat/lobby")) {
      ConnectionId id = host.nextOpen();
      ToGateway[] burst = new ToGateway[messages];
      for (int i = 0; i < messages; i++) {
        burst[i] = new ToGateway.Send(id, Payload.text(i + " " + "x".repeat(bytes)));
      }
      host.release(TestServer.LOBBY, burst);
      host.release(TestServer.LOBBY, new ToGateway.Send(id, Payload.text("later ")));
      for (int i = 0; i < messages; i++) {
        assertThat(firstWord(client.readText())).isEqualTo(String.valueOf(i));
      }
      assertThat(firstWord(client.readText())).isEqualTo("later");
      assertThat(server.gateway.counts().slowClosed()).isZero();
    }
  }

  @ParameterizedTest(name = "TLS: {0}")
  @ValueSource(booleans = {false, true})
  @DisplayName("F16 a client that takes nothing is closed, and what waited for it is let go")
  void aClientThatTakesNothingIsClosedAndWhatWaitedForItIsLetGo(boolean isTls) throws Exception {
    stop();
    GatewayOptions options =
        GatewayOptions.defaults()
            .outboundBytesMax(1 << 18)
            .close(Duration.ofMillis(200))
            .reading(Duration.ofMillis(500))
            .burstBytesMax(64 << 20);
    this.isTls = isTls;
    server =
        new TestServer(vertx, isTls ? options.tls(new ServerTls(SERVER.keyManagers())) : options);
    host = server.host;
    host.acceptAll();
    try (RawClient slow = openSlowly("/chat/lobby")) {
      assertThat(slow).isNotNull();
      ConnectionId id = host.nextOpen();
      host.release(TestServer.LOBBY, new ToGateway.Send(id, Payload.text("x".repeat(24_000_000))));
      assertThat(host.nextClosed()).isEqualTo(Closing.TOO_SLOW);
      server.awaitCounts(counts -> counts.sockets() == 0);
      assertThat(server.gateway.counts().slowClosed()).isEqualTo(1);
    }
  }
}
