package dev.dormouse.server.gateway.limits;

import static dev.dormouse.server.gateway.RawClient.BINARY;
import static dev.dormouse.server.gateway.RawClient.CONTINUATION;
import static dev.dormouse.server.gateway.RawClient.PING;
import static dev.dormouse.server.gateway.RawClient.PONG;
import static dev.dormouse.server.gateway.RawClient.frame;
import static dev.dormouse.server.gateway.TestServer.LOBBY;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.CloseReason.Cause;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.server.gateway.FakeHost;
import dev.dormouse.server.gateway.GatewayExtension;
import dev.dormouse.server.gateway.RawClient;
import dev.dormouse.server.gateway.TestServer;
import dev.dormouse.server.gateway.edge.TrustedProxies;
import dev.dormouse.server.gateway.http.ActorRequest;
import dev.dormouse.server.gateway.http.HttpGuard;
import dev.dormouse.server.gateway.limits.ClientMemory.Held;
import dev.dormouse.server.gateway.socket.ClientSocket;
import dev.dormouse.server.protocol.HeapCost;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.protocol.Time;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import io.netty.util.concurrent.EventExecutor;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.internal.VertxInternal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Checks a heap of 4 MiB for all clients, with 2 MiB of it for their messages, clients that hold
 * 800,000 bytes of it each, and one client that holds little.
 */
class ClientMemoryTest {
  private static final int HEAP_BYTES = 4 << 20;
  private static final int DIRECT_BYTES = 8 << 20;

  private static final byte[] MUCH = new byte[800_000];

  /** The time by which the server's clock is ahead. */
  private final AtomicLong aheadNs = new AtomicLong();

  private final Time clock =
      new Time() {
        @Override
        public long nowNs() {
          return Time.system().nowNs() + aheadNs.get();
        }

        @Override
        public long wallMs() {
          return Time.system().wallMs();
        }
      };

  @RegisterExtension static final GatewayExtension GATEWAY = new GatewayExtension();
  private TestServer server;
  private FakeHost host;
  private final List<RawClient> clients = new ArrayList<>();
  private final List<ConnectionId> ids = new ArrayList<>();

  @BeforeEach
  void start() {
    server =
        GATEWAY.open(
            GatewayOptions.defaults()
                .clientHeapBytesMax(HEAP_BYTES)
                .clientDirectBytesMax(DIRECT_BYTES),
            clock);
    host = server.host;
    host.acceptOnly();
  }

  @AfterEach
  void stop() {
    clients.forEach(RawClient::close);
    server.close();
  }

  private RawClient client() throws Exception {
    RawClient client = server.open("/chat/lobby");
    clients.add(client);
    ids.add(host.nextOpen());
    return client;
  }

  private void sendsMuch(int number) throws Exception {
    client().send(frame(BINARY, MUCH));
    ToHost.Message message = host.next(ToHost.Message.class);
    assertThat(message.connection()).isEqualTo(ids.get(number));
  }

  private void handled(int number, long sequence) {
    host.release(LOBBY, new ToGateway.Handled(ids.get(number), sequence));
  }

  private void littleIsHeard() throws Exception {
    try (RawClient small = server.open("/chat/witness")) {
      while (host.next(ToHost.class) instanceof ToHost.Closed) {}
      for (int i = 0; i < 5; i++) {
        small.text("little " + i);
        assertThat(host.nextText()).isEqualTo("little " + i);
      }
      small.send(frame(PING, ""));
      assertThat(small.readFrame().opcode()).isEqualTo(PONG);
    }
  }

  @Test
  @DisplayName("when it is scarce whoever has much unhandled is not read, until that is handled")
  void whenItIsScarceWhoeverHasMuchUnhandledIsNotReadUntilThatIsHandled() throws Exception {
    sendsMuch(0);
    sendsMuch(1);
    clients.get(0).text("later").send(frame(PING, ""));
    host.hearsNothing();
    littleIsHeard();
    handled(0, 1);
    assertThat(host.nextText()).isEqualTo("later");
    assertThat(clients.get(0).readFrame().opcode()).isEqualTo(PONG);
    assertThat(server.gateway.counts().overloadClosed()).isZero();
  }

  @Test
  @DisplayName("when it is spent whoever sends more is closed with 1013; what came is handled")
  void whenItIsSpentWhoeverSendsMoreIsClosedWith1013() throws Exception {
    sendsMuch(0);
    sendsMuch(1);
    client().text("little").send(frame(BINARY, MUCH));
    assertThat(host.nextText()).isEqualTo("little");
    assertThat(clients.get(2).readClose()).isEqualTo(1013);
    littleIsHeard();
    handled(2, 1);
    assertThat(host.next(ToHost.Failed.class).connection()).isEqualTo(ids.get(2));
    assertThat(host.nextClosed().cause()).isEqualTo(Cause.VIOLATION);
    assertThat(server.gateway.counts().overloadClosed()).isEqualTo(1);
    for (int i = 0; i < 2; i++) {
      handled(i, 1);
      clients.get(i).text("on and on");
      assertThat(host.nextText()).isEqualTo("on and on");
    }
    sendsMuch(3);
  }

  @Test
  @DisplayName("an unfinished message counts too, and counts no more when its client is gone")
  void whatIsNotWholeCountsTooAndCountsNoMoreWhenItsClientIsGone() throws Exception {
    for (int i = 0; i < 2; i++) {
      client().send(frame(false, BINARY, MUCH), frame(PING, ""));
      assertThat(clients.get(i).readFrame().opcode()).isEqualTo(PONG);
    }
    client().send(frame(false, BINARY, MUCH));
    assertThat(clients.get(2).readClose()).isEqualTo(1013);
    host.next(ToHost.Failed.class);
    assertThat(host.next(ToHost.Closed.class).connection()).isEqualTo(ids.get(2));
    littleIsHeard();
    clients.get(0).close();
    assertThat(host.next(ToHost.Closed.class).connection()).isEqualTo(ids.get(0));
    clients.get(1).send(frame(true, CONTINUATION, new byte[1]));
    assertThat(host.next(ToHost.Message.class).payload().size()).isEqualTo(MUCH.length + 1);
    handled(1, 1);
    clients.get(1).send(frame(PING, ""));
    assertThat(clients.get(1).readFrame().opcode()).isEqualTo(PONG); // its loop has the bytes
    sendsMuch(3);
  }

  @Test
  @DisplayName("a client that has begun much and does not go on gives way to one that goes on")
  void halfMessagesGiveWay() throws Exception {
    for (int i = 0; i < 2; i++) {
      assertThat(outcomeOf(client().send(frame(false, BINARY, MUCH)))).isZero();
    }
    aheadNs.addAndGet(2 * ClientMemory.IDLE_NS);
    byte[] more = new byte[200_000];
    assertThat(outcomeOf(clients.get(1).send(frame(false, CONTINUATION, more)))).isZero();
    assertThat(clients.get(0).readClose()).isEqualTo(1013);
    assertThat(outcomeOf(clients.get(1))).isZero();
    assertThat(server.gateway.counts().overloadClosed()).isEqualTo(1);
  }

  @Test
  @DisplayName(
      "a client that does not read gives way to one that is late, and its messages are let go")
  void deafClientsGiveWay() throws Exception {
    byte[] some = new byte[16 << 10];
    for (int i = 0; i < 3; i++) {
      clients.add(new RawClient(server.port(), 4_096).open("/chat/lobby"));
      ids.add(host.nextOpen());
    }
    long full = HEAP_BYTES / 4L / 2;
    while (server.gateway.memory().held(Held.WAITING) < full) {
      for (int i = 0; i < 2; i++) {
        host.release(LOBBY, new ToGateway.Send(ids.get(i), new Payload.Binary(some)));
      }
      assertThat(outcomeOf(client("127.0.0.1"))).isZero();
    }
    aheadNs.addAndGet(2 * ClientMemory.IDLE_NS);
    int sent = 0;
    while (server.gateway.counts().overloadClosed() == 0) {
      assertThat(sent++).isLessThan(1_000);
      host.release(LOBBY, new ToGateway.Send(ids.get(2), new Payload.Binary(some)));
      assertThat(outcomeOf(clients.get(clients.size() - 1))).isZero();
    }
    for (int i = 0; i < sent; i++) {
      assertThat(clients.get(2).readFrame().payload()).hasSize(some.length);
    }
    assertThat(outcomeOf(clients.get(2))).isZero();
    assertThat(server.gateway.memory().held(Held.WAITING)).isLessThan(full);
  }

  /** A client that holds much, and notes that it was told to go. */
  private static final class Deaf extends ClientMemory.Revocable {
    private boolean isTold;

    Deaf(ClientMemory memory, ClientMemory.@Nullable Address address, long bytes) {
      super(memory, Held.FRAGMENTS, address);
      hold(bytes);
    }

    @Override
    public void revoke() {
      isTold = true;
    }
  }

  @Test
  @DisplayName("the stuck client that held most for longest goes first, one at a time")
  void whoGoesFirst() {
    ClientMemory memory = new ClientMemory(8 << 20, 8 << 20, clock, () -> 0);
    long some = 512 << 10;
    Deaf first = new Deaf(memory, null, some);
    aheadNs.addAndGet(2 * ClientMemory.IDLE_NS);
    Deaf large = new Deaf(memory, null, 4 * some);
    Deaf busy = new Deaf(memory, null, 3 * some);
    Deaf small = new Deaf(memory, null, ClientMemory.MUCH);
    assertThat(memory.isTooMuch(Held.FRAGMENTS, null, 0, some)).isFalse();
    assertThat(first.isTold).isTrue(); // all other clients are new
    assertThat(first.isRevoked()).isTrue();
    first.moved();
    assertThat(first.isRevoked()).isFalse();
    aheadNs.addAndGet(2 * ClientMemory.IDLE_NS);
    busy.moved();
    assertThat(memory.isTooMuch(Held.FRAGMENTS, null, 0, some)).isFalse();
    assertThat(large.isTold).isTrue();
    assertThat(memory.isTooMuch(Held.FRAGMENTS, null, 0, some)).isFalse();
    assertThat(memory.isTooMuch(Held.FRAGMENTS, null, 0, 8 * some)).isTrue();
    large.letGo();
    assertThat(large.isRevoked()).isFalse();
    assertThat(List.of(busy.isTold, small.isTold)).containsOnly(false);
    for (Deaf one : List.of(first, busy, small)) {
      one.letGo();
    }
    assertThat(memory.held(Held.FRAGMENTS)).isZero();
  }

  @Test
  @DisplayName(
      "a client that holds little is let in though nobody gives way, up to a quarter beyond")
  void littleIsLetIn() {
    ClientMemory memory = new ClientMemory(8 << 20, 8 << 20, clock, () -> 0);
    long max = memory.bytesMax(ClientMemory.Part.RECEIVED);
    memory.hold(Held.MESSAGES, null, 0, max);
    assertThat(memory.isTooMuch(Held.FRAGMENTS, null, 0, max / 32)).isTrue();
    long little = 16 << 10;
    long more = 0;
    while (!memory.isTooMuch(Held.FRAGMENTS, null, 0, little)) {
      memory.hold(Held.FRAGMENTS, null, 0, little);
      more += little;
    }
    assertThat(more).isEqualTo(max / 4);
  }

  @Test
  @DisplayName("if an address holds too much, only those who are there give way")
  void ofAnAddressWhoIsThereGoes() {
    ClientMemory memory = new ClientMemory(8 << 20, 8 << 20, clock, () -> 0);
    ClientMemory.Address one = new ClientMemory.Address();
    ClientMemory.Address other = new ClientMemory.Address();
    long max = memory.bytesMax(ClientMemory.Part.RECEIVED);
    Deaf elsewhere = new Deaf(memory, other, max / 4);
    Deaf there = new Deaf(memory, one, max / 8);
    Deaf alsoThere = new Deaf(memory, one, max / 2 - max / 16);
    aheadNs.addAndGet(2 * ClientMemory.IDLE_NS);
    alsoThere.moved();
    assertThat(memory.isTooMuch(Held.FRAGMENTS, one, 0, max / 8)).isFalse();
    assertThat(there.isTold).isTrue();
    assertThat(elsewhere.isTold).isFalse();
  }

  /** Returns the code of the client's close; 0 if the client is still open. */
  private int outcomeOf(RawClient client) {
    client.send(frame(PING, ""));
    RawClient.Frame answer = client.readFrame();
    return answer.opcode() == PONG ? 0 : answer.code();
  }

  private void manyHoldLittle(byte[] begun, Held kind, long bytesMax) throws Exception {
    List<Integer> outcomes = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      clients.add(server.open("/chat/lobby").send(begun));
    }
    for (RawClient client : clients) {
      outcomes.add(kind == Held.INPUT ? 0 : outcomeOf(client));
    }
    if (kind == Held.INPUT) {
      server.awaitCounts(counts -> counts.overloadClosed() > 100);
    } else {
      assertThat(outcomes).containsOnly(0, 1013);
      assertThat(outcomes.stream().filter(code -> code == 0)).hasSizeBetween(20, 40);
    }
    assertThat(server.gateway.memory().held(kind)).isBetween(bytesMax / 2, bytesMax);
    try (RawClient small = server.open("/chat/witness")) {
      host.script(
          event -> {
            List<ToGateway> said = new ArrayList<>(FakeHost.handled(event));
            if (event instanceof ToHost.Message message) {
              said.add(new ToGateway.Send(message.connection(), message.payload()));
            }
            return said;
          });
      small.text("here");
      assertThat(small.readText()).isEqualTo("here");
    }
    clients.forEach(RawClient::close);
    server.awaitCounts(counts -> counts.sockets() == 0);
    assertThat(server.gateway.memory().held(kind)).isZero();
  }

  @Test
  @DisplayName("A8: many clients that hold 63 KB of fragments each cannot hold more than all may")
  void fragmentsOfMany() throws Exception {
    manyHoldLittle(frame(false, BINARY, new byte[63_000]), Held.FRAGMENTS, HEAP_BYTES / 2);
  }

  @Test
  @DisplayName("A8: many clients that hold 63 KB of a frame each cannot hold more than all may")
  void framesOfMany() throws Exception {
    byte[] frame = frame(BINARY, new byte[64_000]);
    manyHoldLittle(Arrays.copyOf(frame, 63_000), Held.INPUT, DIRECT_BYTES / 2);
  }

  @Test
  @DisplayName(
      "A2: a header of few characters counts as what it takes, whether its head ends or not")
  @SuppressWarnings("try") // the clients are there meanwhile, and do no more
  void aHeaderOfFewCharactersCountsAsWhatItTakesWhetherItsHeadEndsOrNot() throws Exception {
    host.script(event -> List.of());
    String head = "GET /small/one HTTP/1.1\r\nHost: x\r\n" + "a:1\r\n".repeat(500);
    try (RawClient half = server.client().send(head);
        RawClient whole = server.client().send(head + "\r\n")) {
      assertThat(host.next(ToHost.Request.class).head().headers()).hasSizeGreaterThan(500);
      server.awaitCounts(
          counts -> server.gateway.memory().held(Held.HEADS) > 2 * 500 * ActorRequest.HEADER_BYTES);
      assertThat(server.gateway.memory().held(Held.REQUESTS))
          .isGreaterThan(500L * ActorRequest.HEADER_BYTES);
    }
    server.awaitCounts(counts -> server.gateway.memory().held(Held.HEADS) == 0);
  }

  @Test
  @DisplayName(
      "A2: bodies of plain requests are charged to the memory of all clients, until answered")
  void bodiesOfMany() throws Exception {
    byte[] body = new byte[(1 << 20) / 4 - 1];
    List<Integer> statuses = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      RawClient client = server.client().send(post(body.length)).send(body);
      clients.add(client);
    }
    server.awaitCounts(counts -> counts.cutOff().getOrDefault(RequestLimit.MEMORY, 0L) >= 15);
    assertThat(server.gateway.memory().held(Held.REQUESTS)).isLessThan(HEAP_BYTES / 4);
    List<ToHost.Request> passed = new ArrayList<>();
    host.script(
        event ->
            event instanceof ToHost.Request request
                ? List.of(
                    new ToGateway.Responded(request.request(), HttpResponse.text(200, "later")))
                : List.of());
    while (server.gateway.memory().held(Held.REQUESTS) > 0) {
      ToHost.Request request = host.next(ToHost.Request.class);
      passed.add(request);
      host.release(
          request.actor(),
          new ToGateway.Responded(request.request(), HttpResponse.text(200, "done")));
    }
    for (RawClient client : clients) {
      RawClient.Answer answer = client.readAnswer();
      statuses.add(answer.status());
      assertThat(answer.header("Retry-After")).hasSize(answer.status() == 503 ? 1 : 0);
    }
    assertThat(statuses).containsOnly(200, 503);
    assertThat(passed).hasSizeBetween(2, 5);
  }

  @Test
  @DisplayName("A2: a body counts until its actor has answered, though its client is gone")
  @SuppressWarnings("try") // the client goes meanwhile
  void bodiesOfTheGone() throws Exception {
    byte[] body = new byte[100_000];
    try (RawClient client = server.client().send(post(body.length)).send(body)) {
      ToHost.Request request = host.next(ToHost.Request.class);
      assertThat(server.gateway.memory().held(Held.REQUESTS)).isGreaterThan(body.length);
      client.close();
      server.awaitCounts(counts -> counts.httpConnections() == 0);
      assertThat(server.gateway.memory().held(Held.REQUESTS)).isGreaterThan(body.length);
      host.release(
          request.actor(),
          new ToGateway.Responded(request.request(), HttpResponse.text(200, "done")));
      assertThat(server.gateway.memory().held(Held.REQUESTS)).isZero();
    }
    try (RawClient client = server.client().send(post(body.length)).send(new byte[5_000])) {
      server.awaitCounts(counts -> server.gateway.memory().held(Held.REQUESTS) > 5_000);
      client.close();
      server.awaitCounts(counts -> server.gateway.memory().held(Held.REQUESTS) == 0);
    }
    host.hearsNothing();
  }

  private static String post(int length) {
    return "POST /small/one HTTP/1.1\r\nHost: x\r\nContent-Length: " + length + "\r\n\r\n";
  }

  @Test
  @DisplayName("A2: what waits for clients that read nothing is charged, until they are gone")
  void clientsThatDoNotRead() throws Exception {
    byte[] some = new byte[32 << 10];
    for (int i = 0; i < 40; i++) {
      RawClient client = new RawClient(server.port(), 4_096).open("/chat/lobby");
      clients.add(client);
      ids.add(host.nextOpen());
    }
    for (int i = 0; i < 200; i++) {
      for (ConnectionId id : ids) {
        host.release(LOBBY, new ToGateway.Send(id, new Payload.Binary(some)));
      }
    }
    server.awaitCounts(counts -> counts.overloadClosed() > 0);
    assertThat(server.gateway.memory().held(Held.WAITING)).isLessThan(HEAP_BYTES / 4 + 8_192);
    assertThat(server.gateway.memory().held(Held.WRITTEN)).isPositive().isLessThan(DIRECT_BYTES);
    host.acceptAll();
    littleIsHeard();
    clients.forEach(RawClient::close);
    server.awaitCounts(counts -> counts.sockets() == 0);
    assertThat(server.gateway.memory().held(Held.WAITING)).isZero();
    assertThat(server.gateway.memory().held(Held.WRITTEN)).isZero();
  }

  @Test
  @DisplayName("A2: what a client reads in the end is charged no more")
  void clientsThatReadLate() throws Exception {
    byte[] some = new byte[32 << 10];
    RawClient client = new RawClient(server.port(), 4_096).open("/chat/lobby");
    clients.add(client);
    ConnectionId id = host.nextOpen();
    for (int i = 0; i < 24; i++) {
      host.release(LOBBY, new ToGateway.Send(id, new Payload.Binary(some)));
    }
    server.awaitCounts(counts -> server.gateway.memory().held(Held.WRITTEN) > 0);
    for (int i = 0; i < 24; i++) {
      assertThat(client.readFrame().payload()).hasSize(some.length);
    }
    server.awaitCounts(counts -> server.gateway.memory().held(Held.WRITTEN) == 0);
    assertThat(server.gateway.memory().held(Held.WAITING)).isZero();
  }

  private void startWithLimitOfAddresses() {
    server.close();
    server =
        GATEWAY.open(
            GatewayOptions.defaults()
                .clientHeapBytesMax(HEAP_BYTES)
                .clientDirectBytesMax(DIRECT_BYTES)
                .limits(ConnectionLimits.none().connectionsMax(1_000).perAddressMax(500)));
    host = server.host;
    host.acceptOnly();
  }

  private RawClient client(String from) {
    RawClient client = new RawClient(from, server.port()).open("/chat/lobby");
    clients.add(client);
    return client;
  }

  @Test
  @DisplayName("A8: many clients of one address leave memory to those of others")
  void fragmentsOfAnAddress() {
    startWithLimitOfAddresses();
    long max = HEAP_BYTES / 2;
    byte[] some = frame(false, BINARY, new byte[63_000]);
    for (int i = 0; i < 100; i++) {
      assertThat(outcomeOf(client("127.0.0.2").send(some))).isIn(0, 1013);
    }
    assertThat(server.gateway.memory().held(Held.FRAGMENTS)).isBetween(max / 2, max / 4 * 3);
    RawClient other = client("127.0.0.3").send(frame(false, BINARY, new byte[150_000]));
    assertThat(outcomeOf(other)).isZero();
    clients.forEach(RawClient::close);
    server.awaitCounts(counts -> server.gateway.memory().held(Held.FRAGMENTS) == 0);
    RawClient again = client("127.0.0.2").send(frame(false, BINARY, new byte[800_000]));
    assertThat(outcomeOf(again)).isZero();
  }

  @Test
  @DisplayName("A15: an address whose clients leave answers unread leaves memory to others")
  void answersOfAnAddress() {
    ClientMemory memory = new ClientMemory(8 << 20, 8 << 20, Time.system());
    ClientMemory.Address one = new ClientMemory.Address();
    ClientMemory.Address other = new ClientMemory.Address();
    int some = 64 << 10;
    long held = 0;
    while (!memory.isTooMuch(Held.ANSWERS, one, some, some)) {
      memory.hold(Held.ANSWERS, one, 0, some);
      held += some;
    }
    long max = memory.bytesMax(ClientMemory.Part.REQUESTS);
    assertThat(held).isBetween(max / 2, max / 4 * 3);
    assertThat(memory.isTooMuch(Held.ANSWERS, one, some, some)).isTrue();
    assertThat(memory.isTooMuch(Held.ANSWERS, other, 2L * some, some)).isFalse();
    while (held > 0) {
      memory.hold(Held.ANSWERS, one, some, 0);
      held -= some;
    }
    assertThat(one.held(ClientMemory.Part.REQUESTS)).isZero();
    assertThat(memory.isTooMuch(Held.ANSWERS, one, max / 2, 0)).isFalse();
  }

  @Test
  @DisplayName("A2: heads of requests are charged from their first byte until they are answered")
  void headsOfMany() {
    String half = "GET /small/one HTTP/1.1\r\nHost: x\r\nX-Long: " + "x".repeat(7_000);
    for (int i = 0; i < 200; i++) {
      clients.add(server.client().send(half));
    }
    server.awaitCounts(counts -> counts.cutOff().getOrDefault(RequestLimit.MEMORY, 0L) > 100);
    assertThat(server.gateway.memory().held(Held.HEADS))
        .isBetween(HEAP_BYTES / 8L, HEAP_BYTES / 4L + 32_768); // with the refused bytes
    clients.forEach(RawClient::close);
    server.awaitCounts(counts -> server.gateway.memory().held(Held.HEADS) == 0);
    host.acceptAll();
    try (RawClient small = server.open("/chat/witness")) {
      assertThat(outcomeOf(small)).isZero();
      assertThat(server.gateway.memory().held(Held.HEADS)).isZero();
    }
  }

  @Test
  @DisplayName("A2: the head of an upgrade is charged until its actor has answered")
  @SuppressWarnings("try") // the client goes meanwhile
  void headsOfTheGone() throws Exception {
    host.script(event -> List.of());
    String wanted = RawClient.upgrade("/chat/lobby", "X-Long: " + "x".repeat(5_000));
    ToHost.Open open;
    try (RawClient client = server.client().send(wanted)) {
      open = host.next(ToHost.Open.class);
      assertThat(server.gateway.memory().held(Held.HEADS)).isGreaterThan(20_000);
      client.close();
      server.awaitCounts(counts -> server.gateway.memory().held(Held.HEADS) < 15_000);
    }
    assertThat(server.gateway.memory().held(Held.HEADS)).isGreaterThan(10_000);
    host.release(
        LOBBY, new ToGateway.Rejected(open.connection(), HttpResponse.text(403, "too late")));
    assertThat(server.gateway.memory().held(Held.HEADS)).isZero();
  }

  @Test
  @DisplayName("heads that are answered are charged no more while others are not answered")
  void headsOfAPipeline() throws Exception {
    host.script(event -> List.of());
    String head = "GET /small/one HTTP/1.1\r\nHost: x\r\nX: " + "x".repeat(7_000) + "\r\n\r\n";
    long bytes = 2L * head.length();
    try (RawClient client = server.client().send(head)) {
      for (int i = 0; i < 200; i++) {
        ToHost.Request request = host.next(ToHost.Request.class);
        client.send(head);
        server.awaitCounts(counts -> server.gateway.memory().held(Held.HEADS) > 2 * bytes);
        host.release(
            request.actor(),
            new ToGateway.Responded(request.request(), HttpResponse.text(200, "done")));
        assertThat(client.readAnswer().status()).isEqualTo(200);
      }
      assertThat(server.gateway.memory().held(Held.HEADS)).isLessThan(2 * bytes);
    }
  }

  @Test
  @DisplayName("HTTP connections have as much heap as the rest; idle ones give way to others")
  void connectionsOfMany() {
    host.acceptAll();
    int most = HEAP_BYTES / HttpGuard.CONNECTION_BYTES;
    for (int i = 0; i < most; i++) {
      clients.add(server.client());
    }
    // Event loops accept side by side: the room is taken only when all of these were looked at.
    server.awaitCounts(
        counts ->
            server.gateway.memory().held(Held.CONNECTIONS) / HttpGuard.CONNECTION_BYTES
                    + counts.cutOff().getOrDefault(RequestLimit.MEMORY, 0L)
                >= most);
    for (int i = 0; i < 20; i++) {
      clients.add(server.client());
    }
    server.awaitCounts(counts -> counts.cutOff().getOrDefault(RequestLimit.MEMORY, 0L) >= 20);
    server.awaitCounts(counts -> server.gateway.memory().held(Held.CONNECTIONS) <= HEAP_BYTES);
    assertThat(clients.get(clients.size() - 1).readAnswer().status()).isEqualTo(503);
    aheadNs.addAndGet(ClientMemory.IDLE_NS);
    assertThat(clients.get(1).send(RawClient.upgrade("/nowhere")).readAnswer().status())
        .isEqualTo(404);
    aheadNs.addAndGet(ClientMemory.IDLE_NS / 2);
    for (int i = 0; i < 20; i++) {
      try (RawClient late = server.open("/chat/late")) {
        assertThat(outcomeOf(late)).isZero();
      }
    }
    assertThat(clients.get(1).send(RawClient.upgrade("/nowhere")).readAnswer().status())
        .isEqualTo(404);
    clients.forEach(RawClient::close);
    server.awaitCounts(counts -> server.gateway.memory().held(Held.CONNECTIONS) == 0);
  }

  @Test
  @DisplayName("sockets take of the heap of connections until they are gone; then others may come")
  void socketsTakeOfTheHeapOfConnections() {
    host.acceptAll();
    int most = HEAP_BYTES / ClientSocket.SOCKET_BYTES;
    RawClient last = server.client().send(RawClient.upgrade("/chat/lobby"));
    clients.add(last);
    int number = 0;
    for (; last.readAnswer().status() == 101; number++) {
      assertThat(number).isLessThan(most);
      last = server.client().send(RawClient.upgrade("/chat/lobby"));
      clients.add(last);
    }
    assertThat(number).isGreaterThan(most / 2);
    long all = (long) number * ClientSocket.SOCKET_BYTES; // a client may see its 101 before
    server.awaitCounts(counts -> server.gateway.memory().held(Held.SOCKETS) == all);
    clients.forEach(RawClient::close);
    server.awaitCounts(counts -> server.gateway.memory().held(Held.SOCKETS) == 0);
    clients.add(server.open("/chat/lobby"));
  }

  @Test
  @DisplayName("the rest of a refused request is dropped, not kept")
  @SuppressWarnings("try") // the client is there meanwhile
  void bodiesThatAreRefused() throws Exception {
    CompletableFuture<HttpServerRequest> refused = new CompletableFuture<>();
    server.close();
    server =
        GATEWAY.open(
            GatewayOptions.defaults()
                .clientHeapBytesMax(HEAP_BYTES)
                .clientDirectBytesMax(DIRECT_BYTES),
            router ->
                router
                    .route()
                    .handler(
                        routing -> {
                          // The head of the request had room; its body will have none.
                          long all = HEAP_BYTES / 4;
                          server.gateway.memory().hold(Held.REQUESTS, null, 0, all);
                          refused.complete(routing.request());
                          routing.next();
                        }));
    byte[] body = new byte[64_000];
    try (RawClient client = server.client().send(post(body.length).getBytes(US_ASCII), body)) {
      assertThat(client.readAnswer().status()).isEqualTo(503);
      HttpServerRequest request = refused.get(10, TimeUnit.SECONDS);
      server.awaitCounts(counts -> request.isEnded());
    }
  }

  @Test
  @DisplayName("requests that a proxy forwards count at the addresses of their clients")
  void requestsThroughAProxy() throws Exception {
    server.close();
    server =
        GATEWAY.open(
            GatewayOptions.defaults()
                .clientHeapBytesMax(HEAP_BYTES)
                .clientDirectBytesMax(DIRECT_BYTES)
                .trustedProxies(TrustedProxies.of(List.of("127.0.0.1")))
                .limits(ConnectionLimits.none().connectionsMax(1_000).perAddressMax(500)));
    host = server.host;
    host.script(event -> List.of());
    long max = HEAP_BYTES / 4;
    clients.add(posts("10.0.0.1", 30_000));
    List<ToHost.Request> requests = new ArrayList<>(List.of(host.next(ToHost.Request.class)));
    long each = server.gateway.memory().held(Held.REQUESTS);
    while (refused(server.gateway.counts()) == 0) {
      assertThat(clients.size()).isLessThan(50);
      clients.add(posts("10.0.0.1", 30_000));
      // Each request is refused, or waits for the host with its head and one copy of its body.
      server.awaitCounts(
          counts ->
              server.gateway.memory().held(Held.REQUESTS)
                  == each * (clients.size() - refused(counts)));
    }
    assertThat(server.gateway.memory().held(Held.REQUESTS)).isBetween(max / 2, max / 4 * 3);
    int asked = clients.size() - 1;
    clients.add(posts("10.0.0.2", 60_000));
    while (requests.size() < asked + 1) {
      requests.add(host.next(ToHost.Request.class));
    }
    for (ToHost.Request request : requests) {
      host.release(
          request.actor(),
          new ToGateway.Responded(request.request(), HttpResponse.text(200, "done")));
    }
    assertThat(clients.get(asked + 1).readAnswer().status()).isEqualTo(200);
    assertThat(clients.get(asked).readAnswer().status()).isEqualTo(503);
    clients.forEach(RawClient::close);
    server.awaitCounts(counts -> counts.httpConnections() == 0);
    assertThat(server.gateway.memory().held(ClientMemory.Part.REQUESTS)).isZero();
  }

  private static long refused(GatewayCounts counts) {
    return counts.cutOff().getOrDefault(RequestLimit.MEMORY, 0L);
  }

  private RawClient posts(String from, int bytes) {
    return server
        .client()
        .send(
            "POST /small/one HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: %s\r\nContent-Length: %d\r\n\r\n"
                .formatted(from, bytes))
        .send(new byte[bytes]);
  }

  @Test
  @DisplayName("releases that no event loop has taken up are reported, until one has")
  void whatIsUnderWay() throws Exception {
    RawClient client = client();
    CountDownLatch isFree = new CountDownLatch(1);
    CountDownLatch areHeld = new CountDownLatch(2);
    for (EventExecutor loop : ((VertxInternal) GATEWAY.vertx()).nettyEventLoopGroup()) {
      loop.execute(
          () -> {
            areHeld.countDown();
            try {
              assertThat(isFree.await(60, TimeUnit.SECONDS)).isTrue();
            } catch (InterruptedException e) {
              throw new IllegalStateException(e);
            }
          });
    }
    assertThat(areHeld.await(60, TimeUnit.SECONDS)).isTrue();
    assertThat(server.gateway.underWayBytes()).isZero();
    byte[] some = new byte[100_000];
    for (int i = 0; i < 3; i++) {
      host.release(LOBBY, new ToGateway.Send(ids.get(0), new Payload.Binary(some)));
    }
    assertThat(server.gateway.underWayBytes()).isEqualTo(3L * some.length);
    isFree.countDown();
    for (int i = 0; i < 3; i++) {
      assertThat(client.readFrame().payload()).hasSize(some.length);
    }
    server.awaitCounts(counts -> server.gateway.underWayBytes() == 0);
  }

  @Test
  @DisplayName("A8: what many send behind their upgrades cannot be more than all may hold")
  void bytesBehindUpgrades() {
    host.script(event -> List.of());
    byte[] early = new byte[60_000];
    for (int i = 0; i < 200; i++) {
      clients.add(server.client().send(RawClient.upgrade("/chat/lobby")).send(early));
    }
    server.awaitCounts(
        counts ->
            counts.cutOff().getOrDefault(RequestLimit.MEMORY, 0L) > 0
                && counts.cutOff().get(RequestLimit.MEMORY) + counts.upgrades() == 200);
    // Each holds little, so all together may take the clients' share, and the refused their bytes.
    assertThat(server.gateway.memory().held(Held.INPUT))
        .isBetween(DIRECT_BYTES / 4L, DIRECT_BYTES + 262_144L);
    clients.forEach(RawClient::close);
    server.awaitCounts(counts -> server.gateway.memory().held(Held.INPUT) == 0);
  }

  @Test
  @DisplayName("A2: what is said before the 101 is charged; over it, 1013")
  void saidBeforeTheUpgrade() throws Exception {
    byte[] some = new byte[64 << 10];
    host.script(
        event -> {
          List<ToGateway> said = new ArrayList<>();
          if (event instanceof ToHost.Open open) {
            said.add(new ToGateway.Accepted(open.connection(), List.of(), List.of()));
            for (int i = 0; i < 32; i++) {
              said.add(new ToGateway.Send(open.connection(), new Payload.Binary(some)));
            }
          }
          return said;
        });
    RawClient client = server.open("/chat/lobby");
    clients.add(client);
    int frames = 0;
    RawClient.Frame next = client.readFrame();
    while (next.opcode() == BINARY) {
      frames++;
      next = client.readFrame();
    }
    assertThat(next.code()).isEqualTo(1013);
    assertThat(frames).isBetween(8, 15);
    assertThat(server.gateway.counts().overloadClosed()).isEqualTo(1);
    assertThat(server.gateway.memory().held(Held.WAITING)).isZero();
  }

  @Test
  @DisplayName("A15: short answers are charged until the network has taken them")
  void shortAnswersThatAreNotRead() throws Exception {
    byte[] body = new byte[60 << 10];
    answersWith(
        body,
        GatewayOptions.defaults()
            .clientHeapBytesMax(HEAP_BYTES)
            .clientDirectBytesMax(DIRECT_BYTES));
    for (int i = 0; i < 10; i++) {
      RawClient client = new RawClient(server.port(), 4_096);
      clients.add(client.send("GET /small/one HTTP/1.1\r\nHost: x\r\n\r\n".repeat(200)));
    }
    server.awaitCounts(
        counts ->
            server.gateway.memory().held(Held.ANSWERS) > body.length
                || counts.cutOff().getOrDefault(RequestLimit.MEMORY, 0L) > 0);
    assertThat(server.gateway.memory().held(Held.ANSWERS))
        .isLessThan(HEAP_BYTES / 4 + 2 * body.length); // with the refused ones
    clients.forEach(RawClient::close);
    server.awaitCounts(counts -> server.gateway.memory().held(Held.ANSWERS) == 0);
  }

  private void answersWith(byte[] body, GatewayOptions options) {
    server.close();
    server = GATEWAY.open(options);
    host = server.host;
    host.script(
        event ->
            event instanceof ToHost.Request request
                ? List.of(
                    new ToGateway.Responded(
                        request.request(), HttpResponse.of(200, List.of(), body)))
                : List.of());
  }

  private void asks() throws Exception {
    RawClient client = new RawClient(server.port(), 4_096);
    clients.add(client.send("GET /small/one HTTP/1.1\r\nHost: x\r\n\r\n"));
    host.next(ToHost.Request.class);
  }

  @Test
  @DisplayName("A15: answers are charged until they are written; over it, 503")
  void answersThatAreNotRead() throws Exception {
    byte[] body = new byte[(12 << 20) - 16]; // with its header a multiple of any usual region
    Arrays.fill(body, (byte) 'x');
    answersWith(
        body,
        GatewayOptions.defaults().clientHeapBytesMax(128 << 20).clientDirectBytesMax(128 << 20));
    for (int i = 0; i < 6; i++) {
      asks();
    }
    server.awaitCounts(
        counts ->
            counts.cutOff().getOrDefault(RequestLimit.MEMORY, 0L) == 4
                && server.gateway.memory().held(Held.ANSWERS) == 2 * HeapCost.ofBytes(body.length));
    List<Integer> statuses = new ArrayList<>();
    for (RawClient client : clients) {
      RawClient.Answer answer = client.readAnswer();
      statuses.add(answer.status());
      if (answer.status() == 200) {
        assertThat(answer.body()).hasSize(body.length).endsWith("xxx");
      } else {
        assertThat(answer.header("Retry-After")).hasSize(1);
      }
    }
    assertThat(statuses).containsOnly(200, 503);
    server.awaitCounts(counts -> server.gateway.memory().held(Held.ANSWERS) == 0);
  }

  @Test
  @DisplayName("A15: an answer that its client does not read ends the connection, and is let go")
  void answersThatAreNeverRead() throws Exception {
    answersWith(
        new byte[12 << 20],
        GatewayOptions.defaults().reading(Duration.ofMillis(200)).burstBytesMax(64 << 20));
    asks();
    server.awaitCounts(counts -> server.gateway.memory().held(Held.ANSWERS) == 0);
    assertThat(server.gateway.memory().held(Held.REQUESTS)).isZero();
  }
}
