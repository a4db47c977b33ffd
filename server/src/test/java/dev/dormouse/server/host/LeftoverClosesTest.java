package dev.dormouse.server.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.AutoReply;
import dev.dormouse.sdk.CloseReason.Cause;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.server.host.owner.InFlight;
import dev.dormouse.server.host.owner.Ownership;
import dev.dormouse.server.host.owner.Ownership.Announcement;
import dev.dormouse.server.host.owner.Ownership.GivenUp;
import dev.dormouse.server.host.owner.Ownerships;
import dev.dormouse.server.host.rows.Quarantine;
import dev.dormouse.server.host.rows.RowKey;
import dev.dormouse.server.host.turn.Event;
import dev.dormouse.server.protocol.FromHost;
import dev.dormouse.server.protocol.Owner;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.protocol.Placement;
import dev.dormouse.server.protocol.Release;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.server.protocol.ToHost.Announce;
import dev.dormouse.storage.MemoryDisk;
import dev.dormouse.storage.Stores;
import dev.dormouse.storage.TurnBatch;
import dev.dormouse.storage.rows.ActorRow;
import dev.dormouse.storage.rows.AutoRepliesRow;
import dev.dormouse.storage.rows.ConnectionRow;
import dev.dormouse.storage.rows.CorruptRowException;
import dev.dormouse.storage.rows.KeySpan;
import dev.dormouse.storage.rows.RequestRow;
import dev.dormouse.storage.rows.Table;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Stored connections without sockets, as the owner of their group finds them. */
class LeftoverClosesTest {
  private static final ActorId ROOM = TestHost.ROOM;
  private static final ActorId STRANGE = new ActorId("strange", "one");
  private static final long GATEWAY = 7;
  private static final long OTHER = 8;
  private static final int PAGE = 256;
  private static final Duration LIMBO = Duration.ofNanos(Ownership.LIMBO_NS);

  private final ManualTime time = new ManualTime();
  private final HeldStore store = new HeldStore(Stores.memory(new MemoryDisk()));
  private final Quarantine quarantine = new Quarantine();
  private final List<Event.Client> begun = new ArrayList<>();
  private final List<Event.Difference> found = new ArrayList<>();
  private final LeftoverCloses closes =
      new LeftoverCloses(store, store, Set.of("room"), begun::add, found::add, quarantine, time);
  private final List<FromHost> told = new ArrayList<>();
  private final int group = store.groupOf(ROOM);
  private final Ownerships door =
      new Ownerships(
          "a", new StorePlacement(), (run, record) -> told.add(record), time, new Cells());

  LeftoverClosesTest() {
    door.begin(group, store.epoch(group));
  }

  /** The groups of the store; this node owns them all. */
  private final class StorePlacement implements Placement {
    @Override
    public int groups() {
      return store.groups().groups();
    }

    @Override
    public int groupOf(ActorId actor) {
      return store.groupOf(actor);
    }

    @Override
    public Owner ownerOf(int of) {
      return new Owner("a", store.epoch(of));
    }

    @Override
    public boolean isFixed() {
      return false;
    }
  }

  /** Hands comparisons on; there are no actors. */
  private final class Cells implements Ownerships.Cells {
    @Override
    public void take(Ownership ownership, ToHost.ForActor record) {}

    @Override
    public void forgetQueued(int of, long gateway, InFlight inFlight) {}

    @Override
    public void compare(Ownership ownership, Announcement announcement) {
      closes.compare(ownership, announcement);
    }

    @Override
    public void closeAll(Ownership ownership, GivenUp gateways) {
      closes.closeAll(ownership, gateways);
    }

    @Override
    public void drop(int of) {}

    @Override
    public CompletionStage<Void> settle(int of) {
      return CompletableFuture.completedFuture(null);
    }
  }

  private static ConnectionId id(long run, long number) {
    return ConnectionId.of(run, number);
  }

  private static long[] ids(long run, long... numbers) {
    return LongStream.of(numbers).map(number -> id(run, number).value()).toArray();
  }

  private void store(ActorId actor, ConnectionId... connections) {
    List<TurnBatch.Write> writes = new ArrayList<>();
    writes.add(new TurnBatch.Write(Table.ACTOR, ActorRow.KEY, new ActorRow(1, 1).encode()));
    for (ConnectionId connection : connections) {
      writes.add(
          new TurnBatch.Write(
              Table.CONNECTION,
              RowKey.connection(connection).bytes(),
              new ConnectionRow(1, List.of(), null).encode()));
    }
    commit(actor, writes);
  }

  private void commit(ActorId actor, List<TurnBatch.Write> writes) {
    assertThat(store.commit(new TurnBatch(actor, store.epochOf(actor), writes)))
        .as("the commit is done at once")
        .isCompleted();
  }

  private void storeAnswers(long... requests) {
    List<TurnBatch.Write> writes = new ArrayList<>();
    for (long request : requests) {
      byte[] row = RequestRow.of(HttpResponse.text(200, "done")).encode();
      writes.add(new TurnBatch.Write(Table.REQUEST, RequestRow.key(request), row));
    }
    commit(ROOM, writes);
  }

  private List<ConnectionId> answers() {
    return store.keys(ROOM, Table.REQUEST, KeySpan.all(), 99).stream()
        .map(key -> new ConnectionId(RequestRow.requestOf(key)))
        .toList();
  }

  private void announce(long gateway, long firstNew, long... connections) {
    announcePart(gateway, firstNew, connections, true, true);
  }

  private void announcePart(
      long gateway, long firstNew, long[] connections, boolean isFirst, boolean isLast) {
    door.accept(
        gateway, store.epoch(group), new Announce(group, firstNew, connections, isFirst, isLast));
  }

  private void ask(ConnectionId connection) {
    door.accept(
        connection.run(),
        store.epoch(group),
        new ToHost.Open(ROOM, connection, TestHost.head("a", "b"), null));
  }

  private void passAndTick(Duration by) {
    time.advance(by);
    door.tick();
  }

  /** Goes on, and returns the closes that were begun since, as {@code run.number cause}. */
  private List<String> begun() {
    closes.goOn();
    return begun.stream()
        .map(close -> (ToHost.Closed) close.event())
        .map(
            close ->
                close.connection() + " " + close.reason().code() + " " + close.reason().cause())
        .toList();
  }

  /** Ends all closes that are begun, as their turns would: their rows are gone. */
  private void endAll() {
    List<Event.Client> ending = List.copyOf(begun);
    begun.clear();
    for (Event.Client close : ending) {
      ToHost.Closed closed = (ToHost.Closed) close.event();
      commit(
          closed.actor(),
          List.of(
              new TurnBatch.Write(
                  Table.CONNECTION, RowKey.connection(closed.connection()).bytes(), null)));
    }
    ending.forEach(Event.Client::end);
  }

  /** Returns the ids that gateways were told are unknown since the last call. */
  private List<String> unknown() {
    List<String> ids =
        told.stream()
            .filter(FromHost.Unknown.class::isInstance)
            .map(FromHost.Unknown.class::cast)
            .flatMap(unknown -> LongStream.of(unknown.connections()).mapToObj(ConnectionId::new))
            .map(ConnectionId::toString)
            .toList();
    told.clear();
    return ids;
  }

  private static String lost(ConnectionId connection, Cause cause) {
    return connection + " 1006 " + cause;
  }

  // After an announcement.

  @Test
  void aGatewayThatAnnouncesAllItsStoredConnectionsLosesNone() {
    store(ROOM, id(GATEWAY, 1), id(GATEWAY, 2));
    announce(GATEWAY, 3, ids(GATEWAY, 2, 1));
    assertThat(begun()).isEmpty();
    assertThat(unknown()).isEmpty();
  }

  @Test
  void connectionsThatTheirGatewayDoesNotAnnounceAreClosedAndThoseOfOthersStay() {
    store(ROOM, id(GATEWAY, 1), id(GATEWAY, 2), id(OTHER, 1));
    announce(GATEWAY, 3, ids(GATEWAY, 2));
    assertThat(begun()).containsExactly(lost(id(GATEWAY, 1), Cause.CONNECTION_LOST));
    endAll();
    assertThat(begun()).isEmpty();
    assertThat(unknown()).isEmpty();
  }

  @Test
  void connectionsThatWereAskedForAfterTheAnnouncementStay() {
    announce(GATEWAY, 3);
    ask(id(GATEWAY, 2));
    ask(id(GATEWAY, 3));
    store(ROOM, id(GATEWAY, 1), id(GATEWAY, 2), id(GATEWAY, 3));
    assertThat(begun()).containsExactly(lost(id(GATEWAY, 1), Cause.CONNECTION_LOST));
  }

  @Test
  void announcedConnectionsThatAreNotStoredAreUnknown() {
    store(ROOM, id(GATEWAY, 2));
    announce(GATEWAY, 9, ids(GATEWAY, 1, 2, 3));
    assertThat(unknown()).isEmpty();
    assertThat(begun()).isEmpty();
    assertThat(unknown()).containsExactly("7.1", "7.3");
  }

  @Test
  void veryManyUnknownConnectionsAreToldInParts() {
    long[] many =
        LongStream.rangeClosed(1, Announce.PART_MAX + 1)
            .map(number -> id(GATEWAY, number).value())
            .toArray();
    announcePart(GATEWAY, many.length + 1L, many, true, true);
    closes.goOn();
    List<Integer> parts =
        told.stream()
            .filter(FromHost.Unknown.class::isInstance)
            .map(notice -> ((FromHost.Unknown) notice).connections().length)
            .toList();
    assertThat(parts).containsExactly(Announce.PART_MAX, 1);
  }

  @Test
  void whatIsUnknownIsToldAgainIfTheLinkMayHaveLostIt() {
    announce(GATEWAY, 9, ids(GATEWAY, 1, 2));
    closes.goOn();
    assertThat(unknown()).containsExactly("7.1", "7.2");
    door.broken(GATEWAY);
    announce(GATEWAY, 9, ids(GATEWAY, 2));
    assertThat(unknown()).containsExactly("7.2");
  }

  @Test
  void whatIsFoundUnknownWhileTheGatewayIsAbsentIsToldWhenItIsBack() {
    announce(GATEWAY, 9, ids(GATEWAY, 1));
    door.broken(GATEWAY);
    closes.goOn();
    assertThat(unknown()).isEmpty();
    announce(GATEWAY, 9, ids(GATEWAY, 1));
    assertThat(unknown()).containsExactly("7.1");
  }

  @Test
  void connectionsOfActorsWhoseOutputWasDroppedAreUnknown() {
    ActorId quiet = quietNeighbour();
    store(ROOM, id(GATEWAY, 1), id(GATEWAY, 2));
    store(quiet, id(GATEWAY, 3));
    Payload payload = Payload.text("x".repeat(1 << 19));
    for (int i = 0; i < 3; i++) {
      door.send(
          GATEWAY,
          new Release(
              ROOM, store.epochOf(ROOM), List.of(new ToGateway.Send(id(GATEWAY, 1), payload))));
    }
    announce(GATEWAY, 9, ids(GATEWAY, 1, 2, 3));
    assertThat(begun()).isEmpty();
    assertThat(unknown()).containsExactly("7.1", "7.2");
  }

  /** Returns another actor of the group of {@code ROOM}. */
  private ActorId quietNeighbour() {
    for (int i = 0; i < 10_000; i++) {
      ActorId actor = new ActorId("room", "quiet" + i);
      if (store.groupOf(actor) == group) {
        return actor;
      }
    }
    throw new AssertionError("no actor lies in the group of " + ROOM);
  }

  @Test
  void aPassOverManyRowsRestsSoThatAlarmsNeedNotWaitForItsEnd() {
    ConnectionId[] others =
        IntStream.rangeClosed(1, LeftoverCloses.PAGES_MAX * 256)
            .mapToObj(number -> id(3, number))
            .toArray(ConnectionId[]::new);
    store(ROOM, others);
    store(ROOM, id(GATEWAY, 1));
    announce(GATEWAY, 9);
    assertThat(closes.goOn()).as("the pass rests").isTrue();
    assertThat(begun).isEmpty();
    assertThat(closes.goOn()).as("the pass rests").isFalse();
    assertThat(begun()).containsExactly("7.1 1006 CONNECTION_LOST");
  }

  // The tests below are about tags and replies that a gateway knows.

  private static final List<AutoReply> REPLIES = List.of(new AutoReply("ping", "pong"));

  private void storeTagged(ActorId actor, ConnectionId connection, String... tags) {
    commit(
        actor,
        List.of(
            new TurnBatch.Write(
                Table.CONNECTION,
                RowKey.connection(connection).bytes(),
                new ConnectionRow(1, List.of(tags), null).encode())));
  }

  private void storeReplies(ActorId actor) {
    byte[] row = new ActorRow(1, 1, List.of(), true).encode();
    commit(
        actor,
        List.of(
            new TurnBatch.Write(Table.ACTOR, ActorRow.KEY, row),
            new TurnBatch.Write(
                Table.ACTOR, AutoRepliesRow.key(), new AutoRepliesRow(REPLIES).encode())));
  }

  private void announceKnowing(long[] connections, long... states) {
    door.accept(
        GATEWAY, store.epoch(group), new Announce(group, 9, connections, states, true, true));
  }

  private static long known(List<AutoReply> replies, String... tags) {
    return Announce.stateOf(List.of(tags), Announce.repliesHash(replies));
  }

  /** Goes on, and returns the differences that were found since, and ends them. */
  private List<String> found() {
    closes.goOn();
    List<Event.Difference> ending = List.copyOf(found);
    found.clear();
    ending.forEach(Event.Difference::end);
    return ending.stream()
        .map(
            each ->
                each.actor().key()
                    + " "
                    + each.connections()
                    + (each.isAnsweredOtherwise() ? " and replies" : ""))
        .toList();
  }

  @Test
  void nothingIsFoundIfTheGatewayKnowsWhatIsStoredAndRepliesAreReadOnlyIfThereMayBeSome() {
    ActorId quiet = quietNeighbour();
    store(ROOM, id(GATEWAY, 1));
    storeTagged(ROOM, id(GATEWAY, 2), "red", "big");
    announceKnowing(ids(GATEWAY, 1, 2), known(List.of()), known(List.of(), "red", "big"));
    assertThat(found()).isEmpty();
    assertThat(store.autoReplyReads()).isZero();
    storeReplies(quiet);
    storeTagged(quiet, id(GATEWAY, 3), "blue");
    storeTagged(quiet, id(GATEWAY, 4));
    announceKnowing(ids(GATEWAY, 1, 3, 4), 0, known(REPLIES, "blue"), known(REPLIES));
    assertThat(found()).isEmpty();
    assertThat(store.autoReplyReads()).isEqualTo(1);
  }

  @Test
  void otherTagsAndOtherRepliesAreFoundOncePerActor() {
    ActorId quiet = quietNeighbour();
    store(ROOM, id(GATEWAY, 1), id(GATEWAY, 2), id(GATEWAY, 3));
    storeReplies(quiet);
    storeTagged(quiet, id(GATEWAY, 4), "blue");
    storeTagged(quiet, id(GATEWAY, 5), "blue");
    announceKnowing(
        ids(GATEWAY, 1, 2, 3, 4, 5),
        known(List.of(), "red"),
        known(List.of()),
        known(List.of(), "red", "big"),
        known(List.of(), "blue"),
        known(List.of(), "blue"));
    assertThat(found())
        .containsExactlyInAnyOrder("one [7.1, 7.3]", quiet.key() + " [] and replies");
  }

  @Test
  void repliesThatWereRemovedAreFound() {
    store(ROOM, id(GATEWAY, 1));
    announceKnowing(ids(GATEWAY, 1), known(REPLIES));
    assertThat(found()).containsExactly("one [] and replies");
  }

  @Test
  void connectionsWithoutAStateAndThoseOfOtherGatewaysAreNotCompared() {
    storeTagged(ROOM, id(GATEWAY, 1), "red");
    storeTagged(ROOM, id(OTHER, 1), "red");
    announceKnowing(ids(GATEWAY, 1), Announce.NO_STATE);
    assertThat(found()).isEmpty();
  }

  @Test
  void rowsThatCannotBeReadAreNotCompared() {
    storeTagged(ROOM, id(GATEWAY, 1), "red");
    store.failActorReads(new CorruptRowException("as asked", null));
    announceKnowing(ids(GATEWAY, 1), known(REPLIES, "red"));
    assertThat(found()).isEmpty();
    store.failActorReads(null);
    byte[] damaged = {99};
    commit(
        ROOM,
        List.of(
            new TurnBatch.Write(
                Table.CONNECTION, RowKey.connection(id(GATEWAY, 1)).bytes(), damaged)));
    announceKnowing(ids(GATEWAY, 1), known(REPLIES, "red"));
    assertThat(found()).isEmpty();
    assertThat(quarantine.counts().unreadableConnections()).isEqualTo(1);
  }

  @Test
  void whatCouldNotBeToldIsComparedAgainASecondLaterAndNothingElseIs() {
    storeTagged(ROOM, id(GATEWAY, 1), "red");
    announceKnowing(ids(GATEWAY, 1, 2), known(List.of()), known(List.of()));
    closes.goOn();
    found.forEach(each -> each.untold().run());
    assertThat(found()).hasSize(1);
    assertThat(unknown()).containsExactly("7.2");
    assertThat(found()).isEmpty();
    time.advance(Duration.ofSeconds(1));
    assertThat(found()).containsExactly("one [7.1]");
    time.advance(Duration.ofSeconds(1));
    assertThat(found()).isEmpty();
    assertThat(unknown()).isEmpty();
  }

  // The way of a pass.

  @Test
  void onePageOfClosesIsUnderWayAtATime() {
    ConnectionId[] gone =
        LongStream.rangeClosed(1, 2 * PAGE + 1)
            .mapToObj(number -> id(GATEWAY, number))
            .toArray(ConnectionId[]::new);
    store(ROOM, gone);
    announce(GATEWAY, gone.length + 1L);
    announce(GATEWAY, gone.length + 1L, ids(GATEWAY, gone.length + 1L));
    assertThat(begun()).hasSize(PAGE);
    endAll();
    assertThat(begun()).hasSize(PAGE);
    endAll();
    assertThat(begun()).hasSize(1);
    assertThat(unknown()).isEmpty();
    endAll();
    assertThat(begun()).isEmpty();
    assertThat(unknown()).containsExactly(id(GATEWAY, gone.length + 1L).toString());
  }

  @Test
  void aPassEndsQuietlyWhenTheOwnershipIsOverAndTheNextOwnershipHasItsOwn() {
    store(ROOM, id(GATEWAY, 1));
    announce(GATEWAY, 9);
    assertThat(begun()).hasSize(1);
    door.lose(group, "as asked");
    List<Event.Client> late = List.copyOf(begun);
    begun.clear();
    door.begin(group, store.epoch(group));
    announce(GATEWAY, 9);
    assertThat(begun()).containsExactly(lost(id(GATEWAY, 1), Cause.CONNECTION_LOST));
    late.forEach(Event.Client::end);
    assertThat(begun()).hasSize(1);
  }

  @Test
  void aPassThatCannotReadTheStoreIsMadeASecondLater() {
    store(ROOM, id(GATEWAY, 1));
    announce(GATEWAY, 9, ids(GATEWAY, 2));
    store.failGroupScans(true);
    assertThat(begun()).isEmpty();
    store.failGroupScans(false);
    assertThat(begun()).isEmpty();
    time.advance(Duration.ofSeconds(1));
    assertThat(begun()).hasSize(1);
    endAll();
    assertThat(unknown()).containsExactly("7.2");
  }

  @Test
  void connectionsOfUnreadableActorsAreLeftAsTheyAre() {
    store(ROOM, id(GATEWAY, 1));
    store.failActorReads(new CorruptRowException("as asked", null));
    announce(GATEWAY, 9);
    assertThat(begun()).isEmpty();
    assertThat(quarantine.counts().unclosedLeftovers()).isEqualTo(1);
  }

  @Test
  void connectionsOfUnregisteredTypesAreLeftAsTheyAreAndKnown() {
    door.begin(store.groupOf(STRANGE), store.epochOf(STRANGE));
    store(STRANGE, id(GATEWAY, 1), id(GATEWAY, 2));
    door.accept(
        GATEWAY,
        store.epochOf(STRANGE),
        new Announce(store.groupOf(STRANGE), 9, ids(GATEWAY, 2), true, true));
    assertThat(begun()).isEmpty();
    assertThat(unknown()).isEmpty();
  }

  // Gateways that do not come.

  @Test
  void theConnectionsOfGatewaysThatDidNotComeAreClosed() {
    store(ROOM, id(GATEWAY, 1), id(OTHER, 1), id(3, 1));
    announce(GATEWAY, 9, ids(GATEWAY, 1));
    passAndTick(LIMBO.minusMillis(1));
    assertThat(begun()).isEmpty();
    passAndTick(Duration.ofMillis(1));
    assertThat(begun())
        .containsExactly(
            lost(id(3, 1), Cause.GATEWAY_LOST), lost(id(OTHER, 1), Cause.GATEWAY_LOST));
    endAll();
    passAndTick(LIMBO);
    assertThat(begun()).isEmpty();
  }

  @Test
  void theConnectionsOfAGatewayWhoseLinkBrokeAreClosedUnlessItComesBack() {
    store(ROOM, id(GATEWAY, 1), id(OTHER, 1));
    announce(GATEWAY, 9, ids(GATEWAY, 1));
    announce(OTHER, 9, ids(OTHER, 1));
    closes.goOn();
    passAndTick(LIMBO);
    assertThat(begun()).isEmpty();
    door.broken(GATEWAY);
    door.broken(OTHER);
    passAndTick(LIMBO.minusMillis(1));
    announce(OTHER, 9, ids(OTHER, 1));
    passAndTick(Duration.ofMillis(1));
    assertThat(begun()).containsExactly(lost(id(GATEWAY, 1), Cause.GATEWAY_LOST));
  }

  @Test
  void aGatewayThatComesTooLateIsToldThatAllItsConnectionsAreUnknown() {
    store(ROOM, id(GATEWAY, 1), id(GATEWAY, 2));
    passAndTick(LIMBO);
    assertThat(begun()).hasSize(2);
    announce(GATEWAY, 9, ids(GATEWAY, 1, 2));
    assertThat(unknown()).containsExactly("7.1", "7.2");
    endAll();
    assertThat(begun()).isEmpty();
    door.broken(GATEWAY);
    announce(GATEWAY, 10, ids(GATEWAY, 2, 9));
    store(ROOM, id(GATEWAY, 9));
    assertThat(unknown()).containsExactly("7.2");
    assertThat(begun()).isEmpty();
    assertThat(unknown()).isEmpty();
  }

  @Test
  void theConnectionsOfAGatewayThatComesBeforeItsClosesAreLeftToItsAnnouncement() {
    store(ROOM, id(GATEWAY, 1), id(GATEWAY, 2));
    passAndTick(LIMBO);
    announce(GATEWAY, 9, ids(GATEWAY, 2));
    assertThat(unknown()).containsExactly("7.2");
    assertThat(begun()).containsExactly(lost(id(GATEWAY, 1), Cause.CONNECTION_LOST));
  }

  // Answers of requests.

  @Test
  void theAnswersOfAGatewayThatDidNotComeAreRemovedLater() {
    storeAnswers(id(GATEWAY, 1).value(), id(OTHER, 1).value(), id(3, 1).value());
    announce(OTHER, 9);
    passAndTick(LIMBO);
    closes.goOn();
    assertThat(answers()).hasSize(3);
    announce(3, 9);
    time.advance(Duration.ofNanos(LeftoverCloses.REQUESTS_KEPT_NS));
    closes.goOn();
    assertThat(answers()).containsExactly(id(3, 1), id(OTHER, 1));
  }
}
