package dev.dormouse.server.gateway;

import static dev.dormouse.server.gateway.TestServer.LOBBY;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.AutoReply;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.CloseReason.Cause;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.server.gateway.RawClient.Answer;
import dev.dormouse.server.gateway.limits.ClientMemory;
import dev.dormouse.server.gateway.limits.GatewayOptions;
import dev.dormouse.server.host.ManualTime;
import dev.dormouse.server.observe.DormouseObserver.UpgradeAborted;
import dev.dormouse.server.observe.DormouseObserver.UpgradeAccepted;
import dev.dormouse.server.observe.DormouseObserver.UpgradeStarted;
import dev.dormouse.server.observe.Heard;
import dev.dormouse.server.protocol.FromHost;
import dev.dormouse.server.protocol.Owner;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.protocol.Release;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToGateway.Accepted;
import dev.dormouse.server.protocol.ToGateway.Ended;
import dev.dormouse.server.protocol.ToGateway.Handled;
import dev.dormouse.server.protocol.ToGateway.Rejected;
import dev.dormouse.server.protocol.ToGateway.Responded;
import dev.dormouse.server.protocol.ToGateway.Send;
import dev.dormouse.server.protocol.ToGateway.Withheld;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.server.protocol.ToHost.Announce;
import dev.dormouse.server.protocol.ToHost.Closed;
import dev.dormouse.server.protocol.ToHost.Failed;
import dev.dormouse.server.protocol.ToHost.Message;
import dev.dormouse.server.protocol.ToHost.Open;
import dev.dormouse.server.protocol.ToHost.Request;
import dev.dormouse.server.protocol.Transport;
import io.vertx.core.Context;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Checks what clients and hosts hear while an actor gets other hosts, or has none. */
class HostMovesTest {
  @RegisterExtension static final GatewayExtension GATEWAY = new GatewayExtension();

  private static final Owner ADA = new Owner("ada", 5);
  private static final Owner BOB = new Owner("bob", 6);
  private static final Owner EVE = new Owner("eve", 7);
  private static final Owner ADA_AGAIN = new Owner("ada", 8);
  private static final ActorId SMALL = new ActorId("small", "desk");
  private static final Duration PAUSE = Duration.ofMillis(100);

  /** The actions that let requests go on that wait in a handler before the route of their actor. */
  private final BlockingQueue<Runnable> held = new LinkedBlockingQueue<>();

  /** The owner that the gateway is attached to; null while it seeks. */
  private @Nullable Owner attached;

  private ManualTime time;
  private FakeHosts hosts;
  private TestServer server;

  @BeforeEach
  void start() throws Exception {
    open(GatewayOptions.defaults());
    attach(ADA);
  }

  private void open(GatewayOptions options) {
    attached = null;
    time = new ManualTime();
    hosts = new FakeHosts();
    server =
        GATEWAY.open(
            options,
            time,
            hosts,
            router ->
                router
                    .route("/chat/held")
                    .handler(
                        request -> {
                          request.request().pause();
                          Context context = request.vertx().getOrCreateContext();
                          held.add(() -> context.runOnContext(run -> request.next()));
                        }));
  }

  /** Has the owner, if there is one, give way to the next, and waits for the announcement. */
  private Announce attach(Owner next) throws Exception {
    giveWay(next);
    return hosts.next(next, Announce.class);
  }

  private void giveWay(Owner next) {
    Owner before = attached;
    attached = next;
    hosts.own(next);
    if (before != null) {
      hosts.refuse(before, next);
    }
  }

  /** Takes the owner away, so that the gateway seeks one. */
  private void lose(Owner owner) {
    attached = null;
    hosts.own(null);
    hosts.refuse(owner, null);
    time.advance(PAUSE);
  }

  private ConnectionId accept(Owner owner, RawClient client) throws Exception {
    client.send(RawClient.upgrade("/chat/lobby"));
    ConnectionId id = hosts.next(owner, Open.class).connection();
    hosts.release(owner, LOBBY, new Accepted(id, List.of(), List.of()));
    assertThat(client.readAnswer().status()).isEqualTo(101);
    return id;
  }

  private Message message(Owner owner, long sequence, boolean isRepeat) throws Exception {
    Message message = hosts.next(owner, Message.class);
    assertThat(message.sequence()).isEqualTo(sequence);
    assertThat(message.isRepeat()).isEqualTo(isRepeat);
    assertThat(((Payload.Text) message.payload()).string()).isEqualTo("m" + sequence);
    return message;
  }

  private void heardNothing() {
    server.awaitIdleLoops();
    assertThat(hosts.hasHeard()).isFalse();
  }

  @Test
  @DisplayName("messages that come while there is no owner go to the next owner, in order and once")
  void messagesWaitForTheNextOwner() throws Exception {
    try (RawClient client = server.client()) {
      ConnectionId id = accept(ADA, client);
      lose(ADA);
      client.text("m1").text("m2");
      heardNothing();
      Announce announced = attach(BOB);
      assertThat(announced.connections()).containsExactly(id.value());
      assertThat(announced.firstNew()).isEqualTo(id.number() + 1);
      message(BOB, 1, false);
      message(BOB, 2, false);
      hosts.release(BOB, LOBBY, new Handled(id, 2));
      client.text("m3");
      message(BOB, 3, false);
      heardNothing();
    }
  }

  @Test
  @SuppressWarnings("try") // the end of the client is part of the test
  @DisplayName("the next owner hears which tags and automatic replies the gateway knows")
  void theNextOwnerHearsWhatTheGatewayKnows() throws Exception {
    List<AutoReply> replies = List.of(new AutoReply("ping", "pong"));
    int none = Announce.repliesHash(List.of());
    int some = Announce.repliesHash(replies);
    try (RawClient client = server.client();
        RawClient other = server.client()) {
      ConnectionId id = accept(ADA, client);
      assertThat(attach(BOB).states()).containsExactly(Announce.stateOf(List.of(), none));
      hosts.release(
          BOB,
          LOBBY,
          new ToGateway.Retagged(id, List.of("red", "big")),
          new ToGateway.AutoReplies(replies));
      assertThat(attach(EVE).states())
          .containsExactly(Announce.stateOf(List.of("red", "big"), some));
      accept(EVE, other);
      hosts.release(EVE, LOBBY, new ToGateway.Retagged(id, List.of("red")));
      client.close();
      hosts.next(EVE, Closed.class);
      lose(EVE);
      assertThat(attach(ADA_AGAIN).states())
          .containsExactly(Announce.NO_STATE, Announce.stateOf(List.of(), some));
    }
  }

  @Test
  @DisplayName("messages that were not handled are repeated to the next owner before later ones")
  void unhandledMessagesAreRepeated() throws Exception {
    try (RawClient client = server.client()) {
      ConnectionId id = accept(ADA, client);
      client.text("m1").text("m2").text("m3");
      message(ADA, 1, false);
      message(ADA, 2, false);
      message(ADA, 3, false);
      hosts.release(ADA, LOBBY, new Handled(id, 1));
      lose(ADA);
      client.text("m4");
      heardNothing();
      attach(BOB);
      message(BOB, 2, true);
      message(BOB, 3, true);
      message(BOB, 4, false);
      hosts.release(BOB, LOBBY, new Handled(id, 2));
      attach(EVE);
      message(EVE, 3, true);
      message(EVE, 4, true);
      hosts.release(EVE, LOBBY, new Handled(id, 4), new Send(id, Payload.text("done")));
      assertThat(client.readText()).isEqualTo("done");
      heardNothing();
    }
  }

  @Test
  @DisplayName("the next owner gives credit of its own, and has not withheld what others withheld")
  void theNextOwnerGivesCreditOfItsOwn() throws Exception {
    try (RawClient client = server.client()) {
      ConnectionId id = accept(ADA, client);
      int all = Transport.CREDIT + 2;
      for (int i = 1; i <= all; i++) {
        client.text("m" + i);
      }
      for (int i = 1; i <= Transport.CREDIT; i++) {
        message(ADA, i, false);
      }
      hosts.release(ADA, LOBBY, new Withheld(id, 2));
      heardNothing();
      attach(BOB);
      message(BOB, 1, true);
      for (int i = 2; i <= Transport.CREDIT; i++) {
        message(BOB, i, false); // the earlier owner did not take it
      }
      heardNothing();
      hosts.release(BOB, LOBBY, new Handled(id, 2));
      message(BOB, Transport.CREDIT + 1, false);
      message(BOB, Transport.CREDIT + 2, false);
      heardNothing();
    }
  }

  @Test
  @DisplayName("a link that broke is replaced by one to the same owner, with an announcement")
  void announcesAgainAfterTheLinkBroke() throws Exception {
    try (RawClient client = server.client()) {
      ConnectionId id = accept(ADA, client);
      client.text("m1");
      message(ADA, 1, false);
      hosts.breakLink(BOB);
      hosts.breakLink(ADA);
      client.text("m2");
      heardNothing();
      time.advance(PAUSE);
      assertThat(hosts.next(ADA, Announce.class).connections()).containsExactly(id.value());
      message(ADA, 1, true);
      message(ADA, 2, false);
      heardNothing();
    }
  }

  @Test
  @DisplayName("releases of a former owner are refused and counted")
  void releasesOfAFormerOwnerAreRefused() throws Exception {
    try (RawClient client = server.client()) {
      ConnectionId id = accept(ADA, client);
      client.text("m1");
      message(ADA, 1, false);
      lose(ADA);
      hosts.release(ADA, LOBBY, new Send(id, Payload.text("old")), new Handled(id, 1));
      attach(BOB);
      message(BOB, 1, true);
      hosts.release(ADA, LOBBY, new Send(id, Payload.text("old")), new Handled(id, 1));
      hosts.release(BOB, LOBBY, new Send(id, Payload.text("from bob")), new Handled(id, 1));
      assertThat(client.readText()).isEqualTo("from bob");
      assertThat(server.gateway.counts().staleReleases()).isEqualTo(2);
    }
  }

  @Test
  @DisplayName("a close is announced and repeated to each owner until one has answered it")
  void aCloseIsRepeatedUntilItIsAnswered() throws Exception {
    try (RawClient early = server.client();
        RawClient late = server.client()) {
      ConnectionId first = accept(ADA, early);
      ConnectionId second = accept(ADA, late);
      early.send(RawClient.closeFrame(1000, "bye")).awaitEnd();
      CloseReason reason = new CloseReason(1000, "bye", Cause.CLIENT);
      assertThat(hosts.next(ADA, Closed.class)).isEqualTo(new Closed(LOBBY, first, reason));
      lose(ADA);
      late.send(RawClient.frame(0x80 | 0x3, true, 0, new byte[0])); // no such frame
      late.awaitEnd();
      server.awaitCounts(counts -> counts.sockets() == 0);
      heardNothing();

      assertThat(attach(BOB).connections()).containsExactly(first.value(), second.value());
      List<ToHost> ends = List.of(end(BOB), end(BOB), end(BOB));
      assertThat(ends).contains(new Closed(LOBBY, first, reason));
      assertThat(ends.stream().filter(e -> e instanceof Failed)).hasSize(1);
      assertThat(ends.indexOf(ends.stream().filter(e -> e instanceof Failed).findFirst().get()))
          .isLessThan(ends.indexOf(closedOf(ends, second)));
      hosts.release(BOB, LOBBY, new Ended(first));

      assertThat(attach(EVE).connections()).containsExactly(second.value());
      assertThat(hosts.next(EVE, Failed.class).connection()).isEqualTo(second);
      assertThat(hosts.next(EVE, Closed.class).connection()).isEqualTo(second);
      hosts.release(EVE, LOBBY, new Ended(second));
      assertThat(attach(new Owner("ada", 8)).connections()).isEmpty();
      heardNothing();
    }
  }

  private ToHost.ClientEvent end(Owner owner) throws Exception {
    return hosts.next(owner, ToHost.ClientEvent.class);
  }

  private static Closed closedOf(List<ToHost> ends, ConnectionId id) {
    for (ToHost end : ends) {
      if (end instanceof Closed closed && closed.connection().equals(id)) {
        return closed;
      }
    }
    throw new AssertionError("no close of " + id + " in " + ends);
  }

  @Test
  @DisplayName("a socket whose messages are not handled is announced until it is closed everywhere")
  void aClosingSocketRepeatsItsMessagesBeforeItsClose() throws Exception {
    try (RawClient client = server.client()) {
      ConnectionId id = accept(ADA, client);
      client.text("m1");
      message(ADA, 1, false);
      client.reset();
      lose(ADA);
      assertThat(attach(BOB).connections()).containsExactly(id.value());
      message(BOB, 1, true);
      heardNothing();
      hosts.release(BOB, LOBBY, new Handled(id, 1));
      ToHost.ClientEvent next = end(BOB); // a reset may be noticed as a failure
      Closed closed = next instanceof Failed ? hosts.next(BOB, Closed.class) : (Closed) next;
      assertThat(closed.reason()).isEqualTo(CloseReason.abnormal(Cause.CONNECTION_LOST));
    }
  }

  @Test
  @DisplayName("an upgrade that waits is asked again under another id, and opens under that id")
  void anUpgradeIsAskedAgainUnderAnotherId() throws Exception {
    try (RawClient client = server.client()) {
      client.send(RawClient.upgrade("/chat/lobby"));
      ConnectionId first = hosts.next(ADA, Open.class).connection();
      lose(ADA);
      hosts.release(ADA, LOBBY, new Accepted(first, List.of(), List.of()));
      Announce announced = attach(BOB);
      assertThat(announced.connections()).isEmpty();
      ConnectionId second = hosts.next(BOB, Open.class).connection();
      assertThat(second.number()).isGreaterThanOrEqualTo(announced.firstNew());
      assertThat(first.number()).isLessThan(announced.firstNew());
      assertThat(second.run()).isEqualTo(TestServer.RUN);

      hosts.release(BOB, LOBBY, new Rejected(first, HttpResponse.text(403, "")));
      hosts.release(BOB, LOBBY, new Accepted(first, List.of(), List.of()));
      assertThat(hosts.next(BOB, Closed.class))
          .isEqualTo(new Closed(LOBBY, first, CloseReason.abnormal(Cause.CONNECTION_LOST)));
      hosts.release(BOB, LOBBY, new Accepted(second, List.of(), List.of()));
      assertThat(client.readAnswer().status()).isEqualTo(101);
      client.text("m1");
      assertThat(message(BOB, 1, false).connection()).isEqualTo(second);
      assertThat(attach(EVE).connections()).containsExactly(second.value());
      message(EVE, 1, true);
      heardNothing();
      assertThat(server.gateway.counts().upgrades()).isZero();
    }
  }

  @Test
  @DisplayName("an upgrade that got its id before an announcement is not asked under that id")
  void anIdFromBeforeAnAnnouncementIsNotAskedFor() throws Exception {
    Heard heard = new Heard(false);
    server.observers.add(heard);
    try (RawClient client = server.client()) {
      client.send(RawClient.upgrade("/chat/held"));
      ConnectionId first = heard.next(UpgradeStarted.class).connection();
      Runnable goOn = held.poll(10, TimeUnit.SECONDS);
      long firstNew = attach(BOB).firstNew();
      assertThat(first.number()).isLessThan(firstNew);
      server.awaitIdleLoops();
      assertThat(goOn).isNotNull();
      goOn.run();
      Open open = hosts.next(BOB, Open.class);
      assertThat(open.connection().number()).isGreaterThanOrEqualTo(firstNew);
      hosts.release(BOB, open.actor(), new Accepted(open.connection(), List.of(), List.of()));
      assertThat(client.readAnswer().status()).isEqualTo(101);
      assertThat(heard.next(UpgradeAborted.class).connection()).isEqualTo(first);
      assertThat(heard.next(UpgradeStarted.class).connection()).isEqualTo(open.connection());
      assertThat(heard.next(UpgradeAccepted.class).connection()).isEqualTo(open.connection());
    }
  }

  @Test
  @DisplayName(
      "an upgrade whose client has gone is not asked again, and holds no memory after that")
  void anUpgradeWhoseClientHasGoneIsNotAskedAgain() throws Exception {
    try (RawClient client = server.client()) {
      client.send(RawClient.upgrade("/chat/lobby"));
      hosts.next(ADA, Open.class);
      client.reset();
      server.awaitCounts(counts -> counts.upgrades() == 0);
      assertThat(server.gateway.memory().held(ClientMemory.Held.HEADS)).isPositive();
      attach(BOB);
      heardNothing();
      assertThat(server.gateway.memory().held(ClientMemory.Held.HEADS)).isZero();
    }
  }

  @Test
  @DisplayName("upgrades and requests that come while there is no owner wait for one")
  void upgradesAndRequestsWaitForAnOwner() throws Exception {
    lose(ADA);
    try (RawClient upgrading = server.client();
        RawClient asking = server.client()) {
      upgrading.send(RawClient.upgrade("/chat/lobby"));
      asking.send("GET /small/desk HTTP/1.1\r\nHost: dormouse.test\r\n\r\n");
      heardNothing();
      server.awaitCounts(counts -> counts.upgrades() == 1);
      server.awaitIdleLoops();
      attach(BOB);
      ConnectionId id = hosts.next(BOB, Open.class).connection();
      Request request = hosts.next(BOB, Request.class);
      assertThat(request.isRepeat()).isFalse();
      hosts.release(BOB, LOBBY, new Accepted(id, List.of(), List.of()));
      hosts.release(BOB, SMALL, new Responded(request.request(), HttpResponse.text(200, "ok")));
      assertThat(upgrading.readAnswer().status()).isEqualTo(101);
      assertThat(asking.readAnswer().body()).isEqualTo("ok");
    }
  }

  @Test
  @DisplayName("upgrades and requests for which no owner is found in time are answered 503 and 504")
  void upgradesAndRequestsWithoutAnOwnerAreAnsweredInTime() throws Exception {
    server.close(); // all servers of a Vert.x share their port
    open(
        GatewayOptions.defaults()
            .handshake(Duration.ofMillis(100))
            .request(Duration.ofMillis(100)));
    try (RawClient upgrading = server.client();
        RawClient asking = server.client()) {
      upgrading.send(RawClient.upgrade("/chat/lobby"));
      Answer refused = upgrading.readAnswer();
      assertThat(refused.status()).isEqualTo(503);
      assertThat(refused.header("Retry-After")).hasSize(1);
      asking.send("GET /small/desk HTTP/1.1\r\nHost: dormouse.test\r\n\r\n");
      assertThat(asking.readAnswer().status()).isEqualTo(504);
      attach(ADA);
      heardNothing();
      assertThat(server.gateway.memory().held(ClientMemory.Held.HEADS)).isZero();
    }
  }

  @Test
  @DisplayName("a request that waits is repeated under its number, and answered once")
  void aRequestIsRepeatedUnderItsNumber() throws Exception {
    try (RawClient client = server.client();
        RawClient other = server.client()) {
      String head = "POST /small/desk HTTP/1.1\r\nHost: dormouse.test\r\nContent-Length: 2\r\n\r\n";
      client.send(head + "hi");
      Request first = hosts.next(ADA, Request.class);
      assertThat(new ConnectionId(first.request()).run()).isEqualTo(TestServer.RUN);
      assertThat(first.settled()).isEqualTo(first.request());
      other.send(head + "ho");
      Request second = hosts.next(ADA, Request.class);
      assertThat(second.request()).isGreaterThan(first.request());
      assertThat(second.settled()).isEqualTo(first.request());
      assertThat(first.isRepeat() || second.isRepeat()).isFalse();
      hosts.release(ADA, SMALL, new Responded(first.request(), HttpResponse.text(200, "one")));
      assertThat(client.readAnswer().body()).isEqualTo("one");

      lose(ADA);
      hosts.release(ADA, SMALL, new Responded(second.request(), HttpResponse.text(200, "old")));
      attach(BOB);
      Request again = hosts.next(BOB, Request.class);
      assertThat(again.request()).isEqualTo(second.request());
      assertThat(again.settled()).isEqualTo(second.request());
      assertThat(again.isRepeat()).isTrue();
      assertThat(new String(again.body(), StandardCharsets.UTF_8)).isEqualTo("ho");
      hosts.release(BOB, SMALL, new Responded(second.request(), HttpResponse.text(200, "two")));
      hosts.release(BOB, SMALL, new Responded(second.request(), HttpResponse.text(200, "two")));
      assertThat(other.readAnswer().body()).isEqualTo("two");
      other.send(head + "hu");
      Request third = hosts.next(BOB, Request.class);
      assertThat(third.settled()).isEqualTo(third.request());
      hosts.release(BOB, SMALL, new Responded(third.request(), HttpResponse.text(200, "three")));
      assertThat(other.readAnswer().body()).isEqualTo("three");
      attach(EVE);
      heardNothing();
    }
  }

  @Test
  @DisplayName("sockets without an owner are closed with 1012 after 10 s, and the next owner hears")
  void socketsWithoutAnOwnerAreClosed() throws Exception {
    try (RawClient client = server.client();
        RawClient asking = server.client()) {
      ConnectionId quiet = accept(ADA, client);
      ConnectionId unheard = accept(ADA, asking);
      asking.text("m1");
      message(ADA, 1, false);
      lose(ADA);
      time.advance(Duration.ofSeconds(10).minus(PAUSE).minus(Duration.ofMillis(1)));
      heardNothing();
      assertThat(server.gateway.counts().hostlessClosed()).isZero();
      time.advance(Duration.ofMillis(1));
      for (RawClient closed : List.of(client, asking)) {
        RawClient.Frame frame = closed.readFrame();
        assertThat(frame.opcode()).isEqualTo(RawClient.CLOSE);
        assertThat(frame.code()).isEqualTo(1012);
        assertThat(frame.text()).contains("no server");
        closed.send(RawClient.closeFrame(1012, "")).awaitEnd();
      }
      server.awaitCounts(counts -> counts.sockets() == 0);
      assertThat(server.gateway.counts().hostlessClosed()).isEqualTo(2);
      assertThat(server.gateway.counts().droppedIn()).isEqualTo(1);

      assertThat(attach(BOB).connections()).containsExactly(quiet.value(), unheard.value());
      for (int i = 0; i < 2; i++) {
        CloseReason reason = hosts.next(BOB, Closed.class).reason();
        assertThat(reason.code()).isEqualTo(1012);
        assertThat(reason.cause()).isEqualTo(Cause.HOST_LOST);
      }
      heardNothing();
    }
  }

  @Test
  @DisplayName("sockets whose connections the owner does not have are closed with 1012")
  void socketsThatTheOwnerDoesNotKnowAreClosed() throws Exception {
    try (RawClient client = server.client();
        RawClient other = server.client();
        RawClient gone = server.client()) {
      ConnectionId unknown = accept(ADA, client);
      ConnectionId known = accept(ADA, other);
      ConnectionId ended = accept(ADA, gone);
      client.text("m1");
      message(ADA, 1, false);
      gone.send(RawClient.closeFrame(1000, "")).awaitEnd();
      hosts.next(ADA, Closed.class);
      hosts.toGateway(
          0, new FromHost.Unknown(0, 4, LongStream.of(known.value()).toArray())); // not the owner
      hosts.toGateway(0, new FromHost.Unknown(0, 5, new long[] {unknown.value(), ended.value()}));
      assertThat(client.readClose()).isEqualTo(1012);
      client.send(RawClient.closeFrame(1012, "")).awaitEnd();
      assertThat(hosts.next(ADA, Closed.class).connection()).isEqualTo(unknown);
      assertThat(server.gateway.counts().hostlessClosed()).isEqualTo(1);
      hosts.release(ADA, LOBBY, new Ended(unknown), new Send(known, Payload.text("on")));
      assertThat(other.readText()).isEqualTo("on");
      assertThat(attach(BOB).connections()).containsExactly(known.value());
      heardNothing();
    }
  }

  @Test
  @DisplayName("a gateway that seeks stops within its time, and looks for no owner afterwards")
  void aGatewayThatSeeksStopsInTime() throws Exception {
    try (RawClient client = server.client();
        RawClient waiting = server.client()) {
      accept(ADA, client);
      client.text("m1");
      message(ADA, 1, false);
      lose(ADA);
      waiting.send(RawClient.upgrade("/chat/lobby"));
      server.awaitCounts(counts -> counts.upgrades() == 1);
      TestServer.await(server.gateway.shutdown(1001, Duration.ofMillis(300)));
      assertThat(client.readClose()).isEqualTo(1001);
      assertThat(waiting.readAnswer().status()).isEqualTo(503);
      hosts.own(BOB);
      TestServer.await(GATEWAY.vertx().timer(300, TimeUnit.MILLISECONDS));
      heardNothing();
    }
  }

  @Test
  @DisplayName("messages reach each owner in order and without a gap, however often owners change")
  void messagesStayInOrderWhileOwnersChange() throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    int messages = 3_000;
    Map<ConnectionId, Long> handled = new ConcurrentHashMap<>();
    Map<ConnectionId, Message> last = new ConcurrentHashMap<>();
    List<String> wrong = Collections.synchronizedList(new ArrayList<>());
    boolean[] answersAll = {false};
    try (RawClient one = server.client();
        RawClient two = server.client()) {
      List<ConnectionId> ids = List.of(accept(ADA, one), accept(ADA, two));
      hosts.answer(came -> answer(came, handled, last, wrong, answersAll, random));
      for (int i = 1; i <= messages; i++) {
        one.text("m" + i);
        two.text("m" + i);
        if (random.nextInt(20) == 0) { // the event loops may be far behind
          giveWay(new Owner("host" + i, ADA.epoch() + i));
        }
      }
      synchronized (answersAll) {
        answersAll[0] = true;
      }
      giveWay(new Owner("last", ADA.epoch() + messages + 1));
      while (!ids.stream().allMatch(id -> handled.getOrDefault(id, 0L) == messages)) {
        hosts.next();
      }
    }
    assertThat(wrong).as("seed " + seed).isEmpty();
  }

  /** Answers messages in order, some of them not at all, and notes what comes out of order. */
  private static @Nullable FromHost answer(
      FakeHosts.Heard came,
      Map<ConnectionId, Long> handled,
      Map<ConnectionId, Message> last,
      List<String> wrong,
      boolean[] answersAll,
      Random random) {
    if (came.record() instanceof Announce) {
      last.clear();
    }
    if (!(came.record() instanceof Message message)) {
      return null;
    }
    Message before = last.put(message.connection(), message);
    long expected =
        before == null ? handled.getOrDefault(message.connection(), 0L) + 1 : before.sequence() + 1;
    if (message.sequence() != expected) {
      wrong.add(came + " came in place of number " + expected);
    }
    synchronized (answersAll) {
      if (!answersAll[0] && random.nextInt(10) == 0) {
        return null;
      }
    }
    handled.put(message.connection(), message.sequence());
    ToGateway answer = new Handled(message.connection(), message.sequence());
    return new Release(LOBBY, came.owner().epoch(), List.of(answer));
  }
}
