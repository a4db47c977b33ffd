package dev.dormouse.server.host;

import dev.dormouse.log.Counted;
import dev.dormouse.log.Log;
import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.AutoReply;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.host.owner.Ownership;
import dev.dormouse.server.host.owner.Ownership.Announcement;
import dev.dormouse.server.host.owner.Ownership.GivenUp;
import dev.dormouse.server.host.rows.Quarantine;
import dev.dormouse.server.host.rows.RowKey;
import dev.dormouse.server.host.turn.Event;
import dev.dormouse.server.protocol.Time;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.server.protocol.ToHost.Announce;
import dev.dormouse.storage.ActorStore;
import dev.dormouse.storage.ActorStore.PlacedRow;
import dev.dormouse.storage.StoreFolder;
import dev.dormouse.storage.TurnBatch;
import dev.dormouse.storage.rows.ActorRow;
import dev.dormouse.storage.rows.AutoRepliesRow;
import dev.dormouse.storage.rows.ConnectionRow;
import dev.dormouse.storage.rows.CorruptRowException;
import dev.dormouse.storage.rows.RequestRow;
import dev.dormouse.storage.rows.Table;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Closes stored connections that have no socket: each gets a close event with 1006, and the turn of
 * that event removes its row. A connection has no socket if an earlier run of the node left it, if
 * its gateway has announced its sockets without it, or if its gateway was given up. The class also
 * tells gateways of announced connections that are not stored, finds announced connections whose
 * gateway has missed a change of tags or automatic replies or a close of the actor, and removes the
 * answers that are kept for requests of gateways that were given up.
 *
 * <p>Each reason is a pass over stored rows. One pass after the other is made, and one page of
 * closes is under way at a time, so that they do not crowd out events of living clients. The thread
 * that ends the last close of a page goes on with the next page. A pass ends quietly when its
 * ownership is over, because the next owner makes passes of its own. After a crash, the next start
 * finds the rows that are left. Rows that cannot be read are passed over, so that nothing waits for
 * a repair.
 */
final class LeftoverCloses {
  private static final Logger log = Log.of(LeftoverCloses.class);
  private static final int PAGE = 256;

  /** The most pages without closes that one call reads, so that alarms do not wait for a pass. */
  static final int PAGES_MAX = 16;

  /** The time after which a pass is made again that could not read the store. */
  private static final long RETRY_NS = TimeUnit.SECONDS.toNanos(1);

  /**
   * The time that answers of requests are kept after their gateway was given up. A gateway that
   * comes back within that time may repeat a request; a later one has answered its clients itself.
   */
  static final long REQUESTS_KEPT_NS = TimeUnit.MINUTES.toNanos(10);

  private final ActorStore store;
  private final StoreFolder folder;
  private final Set<String> types;
  private final Consumer<Event.Client> host;
  private final Consumer<Event.Difference> differences;
  private final Quarantine quarantine;
  private final Time time;

  /** The passes that are not under way, in the order in which they came; guarded by the monitor. */
  private final ArrayDeque<Pass> waiting = new ArrayDeque<>();

  /** The pass that is under way; null if there is none. The monitor guards the field. */
  private @Nullable Pass current;

  /**
   * Creates an object that makes no pass yet.
   *
   * @param types the actor types that are registered
   * @param host takes the close events
   * @param differences takes the findings about what gateways know
   */
  LeftoverCloses(
      ActorStore store,
      StoreFolder folder,
      Set<String> types,
      Consumer<Event.Client> host,
      Consumer<Event.Difference> differences,
      Quarantine quarantine,
      Time time) {
    this.store = store;
    this.folder = folder;
    this.types = types;
    this.host = host;
    this.differences = differences;
    this.quarantine = quarantine;
    this.time = time;
  }

  // Reasons for passes.

  /**
   * Closes the connections of all runs but this one, for a node that owns everything. Reads the
   * store.
   *
   * @return completes with the number of connections, once each close is handled or owed
   */
  CompletableFuture<Long> closeEarlierRuns() {
    EarlierRuns pass = new EarlierRuns();
    add(pass);
    goOn();
    return pass.done;
  }

  /**
   * Compares the stored connections of a gateway with its announcement. Returns at once; {@link
   * #goOn} does the work.
   */
  void compare(Ownership ownership, Announcement announcement) {
    add(new Comparison(ownership, announcement, false));
  }

  /**
   * Closes the stored connections of gateways that did not come, and forgets their requests later.
   * Returns at once; {@link #goOn} does the work.
   */
  void closeAll(Ownership ownership, GivenUp gateways) {
    add(new GivenUpRuns(ownership, gateways));
    add(new Requests(ownership, gateways, time.nowNs() + REQUESTS_KEPT_NS));
  }

  private synchronized void add(Pass pass) {
    waiting.add(pass);
  }

  // The way of a pass.

  /**
   * Begins the pass that is next, if none is under way, or goes on with one that rests because it
   * has read many pages. Reads the store. Must be called several times a second.
   *
   * @return whether a pass rests, so that the caller should call again soon
   */
  boolean goOn() {
    goOnWith(next(null));
    return isResting();
  }

  private synchronized boolean isResting() {
    return current != null && current.isResting;
  }

  private synchronized void rest(Pass pass) {
    pass.isResting = true;
  }

  /** Goes on with a pass, and the passes behind it, until closes are under way. */
  private void goOnWith(@Nullable Pass first) {
    Pass pass = first;
    while (pass != null && isAtEnd(pass)) {
      pass = next(pass);
    }
  }

  /**
   * Returns the pass to go on with; null if there is none, or if one is under way.
   *
   * @param ended the pass under way, which has ended; null if none has
   */
  private synchronized @Nullable Pass next(@Nullable Pass ended) {
    // The closes of an ownership that is over may never end, since its cells were dropped.
    if (current == ended || (current != null && current.isOver())) {
      current = null;
    }
    if (current != null && current.isResting) {
      current.isResting = false;
      return current;
    }
    if (current != null) {
      return null;
    }
    long nowNs = time.nowNs();
    for (Iterator<Pass> each = waiting.iterator(); each.hasNext(); ) {
      Pass pass = each.next();
      if (pass.isOver()) {
        each.remove();
      } else if (pass.notBeforeNs == null || nowNs - pass.notBeforeNs >= 0) {
        each.remove();
        current = pass;
        return pass;
      }
    }
    return null;
  }

  private synchronized boolean isCurrent(Pass pass) {
    return current == pass;
  }

  private synchronized void putOff(Pass pass) {
    pass.notBeforeNs = time.nowNs() + RETRY_NS;
    waiting.add(pass);
  }

  /**
   * Goes on page by page; returns whether the pass is at its end, or false if closes are begun or
   * the pass rests.
   */
  private boolean isAtEnd(Pass pass) {
    boolean isPageDone = true;
    for (int pages = 0; isPageDone; pages++) {
      if (pass.isOver()) {
        return true;
      }
      if (pages == pass.pagesMax()) {
        rest(pass);
        return false;
      }
      List<PlacedRow> page;
      List<Task> tasks;
      try {
        page = pass.read(pass.after);
        tasks = pass.tasks(page);
      } catch (CorruptRowException e) {
        log.error(
            "{} cannot be read; they stay stored until the next start: {}",
            pass.subject(),
            e.getMessage());
        pass.end(false);
        return true;
      } catch (RuntimeException e) {
        if (!pass.isFailed(e)) {
          putOff(pass);
        }
        return true;
      }
      if (page.isEmpty()) {
        pass.end(true);
        return true;
      }
      pass.after = page.get(page.size() - 1);
      pass.handled += tasks.size();
      AtomicInteger underWay = new AtomicInteger(tasks.size() + 1);
      Runnable ended =
          () -> {
            if (underWay.decrementAndGet() == 0 && isCurrent(pass)) {
              goOnWith(pass);
            }
          };
      tasks.forEach(task -> task.begin(ended));
      isPageDone = underWay.decrementAndGet() == 0;
    }
    return false;
  }

  /** A close, the news of a difference, or the removal of rows. */
  private interface Task {
    /** Begins the task; {@code ended} runs once it has ended. */
    void begin(Runnable ended);
  }

  // The passes.

  /**
   * One way through stored rows. The thread that makes the pass uses the fields; the counter of the
   * closes under way hands them from thread to thread.
   */
  private abstract class Pass {
    /** The last row that was looked at; null before the first. */
    @Nullable PlacedRow after;

    /** The time before which the pass is not made; null if it may be made at once. */
    @Nullable Long notBeforeNs;

    /** True while the pass waits for the next call; the monitor of the outer class guards it. */
    boolean isResting;

    /** The number of closes that were begun, or of rows that were removed. */
    long handled;

    /** The number of connections of actor types that are not registered. */
    private long orphaned;

    /** The number of connections of actors that cannot be read. */
    private long unreadable;

    /** The actor whose row {@code isActorReadable} is about; null before the first. */
    private @Nullable ActorId lookedAt;

    private boolean isActorReadable;

    /** Returns a page of rows; empty if there are no more. */
    abstract List<PlacedRow> read(@Nullable PlacedRow behind);

    /** Returns why a connection is closed; null if it is not. */
    abstract CloseReason.@Nullable Cause causeOf(PlacedRow row, ConnectionId connection);

    /** Returns the most pages without closes that one call reads. */
    abstract int pagesMax();

    /** Returns whether the pass need not go on, since its ownership is over. */
    abstract boolean isOver();

    /** Names the rows of the pass, for the log. */
    abstract String subject();

    /**
     * Ends the pass because of a failure that is not of single rows.
     *
     * @return false if the pass is to be tried again later
     */
    boolean isFailed(RuntimeException failure) {
      log.error("{} cannot be read now: {}", subject(), String.valueOf(failure));
      return !(failure instanceof UncheckedIOException);
    }

    /** Returns what is to be done about a page of rows. */
    List<Task> tasks(List<PlacedRow> page) {
      List<Task> tasks = new ArrayList<>();
      for (PlacedRow row : page) {
        ConnectionId connection = RowKey.connection(row.key());
        CloseReason.Cause cause = causeOf(row, connection);
        if (cause != null && isClosable(row)) {
          ToHost.Closed close =
              new ToHost.Closed(row.actor(), connection, CloseReason.abnormal(cause));
          tasks.add(ended -> host.accept(new Event.Client(close, ended)));
        }
      }
      return tasks;
    }

    private boolean isClosable(PlacedRow row) {
      if (!types.contains(row.actor().type())) {
        orphaned++;
        return false;
      }
      if (!isReadable(row.actor())) {
        unreadable++;
        quarantine.unclosedLeftover();
        return false;
      }
      return true;
    }

    /** Returns whether an actor's own row can be read; asks once for rows that lie together. */
    private boolean isReadable(ActorId actor) {
      if (!actor.equals(lookedAt)) {
        lookedAt = actor;
        try {
          store.get(actor, RowKey.ACTOR.table(), RowKey.ACTOR.bytes());
          isActorReadable = true;
        } catch (CorruptRowException e) {
          isActorReadable = false;
          quarantine.actor(actor, e);
        }
      }
      return isActorReadable;
    }

    /**
     * Ends the pass.
     *
     * @param isWhole whether all rows were looked at
     */
    void end(boolean isWhole) {
      if (orphaned > 0) {
        log.warn(
            "the store has {} of actor types that are not registered; they stay stored",
            Counted.of(orphaned, "connection"));
      }
      if (unreadable > 0) {
        log.error(
            "the store has {} of actors that cannot be read; they stay stored",
            Counted.of(unreadable, "connection"));
      }
    }
  }

  /** The pass of a start on a node that owns everything: it closes connections of earlier runs. */
  private final class EarlierRuns extends Pass {
    final CompletableFuture<Long> done = new CompletableFuture<>();

    /** The cause of the closes of each run. */
    private final Map<Long, CloseReason.Cause> causes = new HashMap<>();

    @Override
    List<PlacedRow> read(@Nullable PlacedRow behind) {
      return store.scanAll(Table.CONNECTION, behind, PAGE);
    }

    @Override
    CloseReason.@Nullable Cause causeOf(PlacedRow row, ConnectionId connection) {
      long run = connection.run();
      return run == folder.run() ? null : causes.computeIfAbsent(run, this::causeOf);
    }

    private CloseReason.Cause causeOf(long run) {
      return switch (folder.endingOf(run)) {
        case CLOSED -> CloseReason.Cause.SHUTDOWN_UNFINISHED;
        case PROCESS_DIED -> CloseReason.Cause.PROCESS_DIED;
        case MACHINE_RESTARTED -> CloseReason.Cause.MACHINE_RESTARTED;
      };
    }

    @Override
    int pagesMax() {
      return Integer.MAX_VALUE; // no actor runs yet
    }

    @Override
    boolean isOver() {
      return false;
    }

    @Override
    String subject() {
      return "connections of earlier runs";
    }

    @Override
    boolean isFailed(RuntimeException failure) {
      done.completeExceptionally(failure);
      return true;
    }

    @Override
    void end(boolean isWhole) {
      super.end(isWhole);
      done.complete(handled);
    }
  }

  /** A pass over rows of a group, as long as the group is owned. */
  private abstract class OfGroup extends Pass {
    final Ownership ownership;

    OfGroup(Ownership ownership) {
      this.ownership = ownership;
    }

    @Override
    List<PlacedRow> read(@Nullable PlacedRow behind) {
      return store.scanAll(Table.CONNECTION, ownership.group(), behind, PAGE);
    }

    @Override
    int pagesMax() {
      return PAGES_MAX;
    }

    @Override
    boolean isOver() {
      return !ownership.isServing();
    }
  }

  /**
   * The pass that compares the stored connections of a gateway with its announcement. The pass may
   * read a row before a change of it is stored, or after. Both are safe: a change that is stored
   * later is told later, to the gateway that is attached; and whatever is told again comes from the
   * actor's cell, in the order of turns.
   */
  private final class Comparison extends OfGroup {
    private final Announcement announcement;

    /** The places in the announcement of the connections that are stored. */
    private final BitSet stored;

    /** The places of the stored connections of actors some of whose output was dropped. */
    private final BitSet bereft = new BitSet(0);

    /** The actor whose automatic replies {@code repliesHash} is about; null before the first. */
    private @Nullable ActorId answering;

    private int repliesHash;

    /** True if connections without sockets, and sockets without connections, were found before. */
    private final boolean isOfStatesAlone;

    /** True once the pass is to be made again, because the gateway could not be told something. */
    private final AtomicBoolean isToBeRepeated = new AtomicBoolean();

    Comparison(Ownership ownership, Announcement announcement, boolean isOfStatesAlone) {
      super(ownership);
      this.isOfStatesAlone = isOfStatesAlone;
      this.announcement = announcement;
      this.stored = new BitSet(announcement.connections().length);
    }

    @Override
    CloseReason.@Nullable Cause causeOf(PlacedRow row, ConnectionId connection) {
      if (isOfStatesAlone || connection.run() != announcement.gateway()) {
        return null;
      }
      int place = Arrays.binarySearch(announcement.connections(), connection.value());
      if (place >= 0) {
        stored.set(place);
        if (announcement.isBereft(row.actor())) {
          bereft.set(place);
        }
        return null;
      }
      return announcement.isGone(connection.value(), connection.number())
          ? CloseReason.Cause.CONNECTION_LOST
          : null;
    }

    @Override
    List<Task> tasks(List<PlacedRow> page) {
      List<Task> tasks = super.tasks(page);
      Map<ActorId, List<ConnectionId>> missed = new LinkedHashMap<>(0);
      Set<ActorId> answeredOtherwise = new HashSet<>(0);
      for (PlacedRow row : page) {
        ConnectionId connection = RowKey.connection(row.key());
        int place = placeOf(row, connection);
        ConnectionRow stored = place < 0 ? null : read(row, connection);
        if (stored == null) {
          continue;
        }
        long known = announcement.state(place);
        long state = known == Announce.NO_STATE ? known : stateOf(row.actor(), stored, known);
        if (stored.closing() != null || !Announce.isTaggedAlike(known, state)) {
          missed.computeIfAbsent(row.actor(), actor -> new ArrayList<>(1)).add(connection);
        }
        if (!Announce.isAnsweredAlike(known, state)) {
          missed.computeIfAbsent(row.actor(), actor -> new ArrayList<>(0));
          answeredOtherwise.add(row.actor());
        }
      }
      missed.forEach(
          (actor, connections) ->
              tasks.add(
                  ended ->
                      differences.accept(
                          new Event.Difference(
                              actor,
                              announcement.gateway(),
                              connections,
                              answeredOtherwise.contains(actor),
                              this::repeat,
                              ended))));
      return tasks;
    }

    /** Has the states compared again later; any thread. */
    private void repeat() {
      if (isToBeRepeated.compareAndSet(false, true)) {
        putOff(new Comparison(ownership, announcement, true));
      }
    }

    /**
     * Returns the place of a connection in the announcement; negative if the gateway need not be
     * told anything of it.
     */
    private int placeOf(PlacedRow row, ConnectionId connection) {
      return connection.run() != announcement.gateway()
              || !types.contains(row.actor().type())
              || announcement.isBereft(row.actor())
          ? -1
          : Arrays.binarySearch(announcement.connections(), connection.value());
    }

    /** Returns the row of a connection; null if it cannot be read. */
    private @Nullable ConnectionRow read(PlacedRow row, ConnectionId connection) {
      try {
        return row.value() == null ? null : ConnectionRow.decode(row.value());
      } catch (CorruptRowException e) {
        quarantine.connection(row.actor(), connection, e);
        return null;
      }
    }

    /**
     * Returns what is stored of a connection, in the form in which gateways announce it.
     *
     * @param known what the gateway knows, which is returned where rows cannot be read
     */
    private long stateOf(ActorId actor, ConnectionRow stored, long known) {
      if (!actor.equals(answering)) {
        answering = actor;
        repliesHash = repliesHashOf(actor, known);
      }
      return Announce.stateOf(stored.tags(), repliesHash);
    }

    private int repliesHashOf(ActorId actor, long known) {
      ActorRow row;
      try {
        row = ActorRow.decodeOrNone(store.get(actor, Table.ACTOR, ActorRow.KEY));
      } catch (CorruptRowException e) {
        quarantine.actor(actor, e);
        return (int) known;
      }
      List<AutoReply> replies = List.of();
      if (row.mayHaveAutoReplies()) {
        try {
          replies =
              AutoRepliesRow.decodeOrNone(store.get(actor, Table.ACTOR, AutoRepliesRow.key()))
                  .replies();
        } catch (CorruptRowException e) {
          quarantine.value(actor, "automatic replies", e); // the actor has none for its turns, too
        }
      }
      return Announce.repliesHash(replies);
    }

    @Override
    String subject() {
      return "connections of group " + ownership.group() + " and run " + announcement.gateway();
    }

    @Override
    void end(boolean isWhole) {
      super.end(isWhole);
      if (isOfStatesAlone) {
        return;
      }
      BitSet unknown = bereft;
      if (isWhole) {
        stored.flip(0, announcement.connections().length);
        unknown.or(stored);
      }
      ownership.unknown(
          announcement.gateway(),
          unknown.stream().mapToLong(place -> announcement.connections()[place]).toArray());
    }
  }

  /** The pass that closes the connections of gateways that were given up. */
  private final class GivenUpRuns extends OfGroup {
    private final GivenUp gateways;

    GivenUpRuns(Ownership ownership, GivenUp gateways) {
      super(ownership);
      this.gateways = gateways;
    }

    @Override
    CloseReason.@Nullable Cause causeOf(PlacedRow row, ConnectionId connection) {
      // The connections of a gateway that came after all are settled by its announcement, even if
      // it has gone again.
      return gateways.has(connection.run()) && ownership.isGivenUp(connection.run())
          ? CloseReason.Cause.GATEWAY_LOST
          : null;
    }

    @Override
    String subject() {
      return "connections of group " + ownership.group() + " whose gateways did not come";
    }

    @Override
    void end(boolean isWhole) {
      super.end(isWhole);
      if (handled > 0) {
        log.info(
            "closed {} of group {} whose gateways could not be reached",
            Counted.of(handled, "connection"),
            ownership.group());
      }
    }
  }

  /** The pass that removes what is kept of the requests of gateways that were given up. */
  private final class Requests extends OfGroup {
    private final GivenUp gateways;

    Requests(Ownership ownership, GivenUp gateways, long notBeforeNs) {
      super(ownership);
      this.gateways = gateways;
      this.notBeforeNs = notBeforeNs;
    }

    @Override
    List<PlacedRow> read(@Nullable PlacedRow behind) {
      return store.scanAll(Table.REQUEST, ownership.group(), behind, PAGE);
    }

    @Override
    CloseReason.@Nullable Cause causeOf(PlacedRow row, ConnectionId connection) {
      return null; // the rows are not those of connections
    }

    @Override
    List<Task> tasks(List<PlacedRow> page) {
      Map<ActorId, List<TurnBatch.Write>> removals = new LinkedHashMap<>();
      for (PlacedRow row : page) {
        long run = new ConnectionId(RequestRow.requestOf(row.key())).run();
        if (gateways.has(run) && ownership.isGivenUp(run)) {
          removals
              .computeIfAbsent(row.actor(), actor -> new ArrayList<>(1))
              .add(new TurnBatch.Write(Table.REQUEST, row.key(), null));
        }
      }
      List<Task> tasks = new ArrayList<>(removals.size());
      removals.forEach(
          (actor, writes) -> {
            TurnBatch batch = new TurnBatch(actor, ownership.epoch(), writes);
            // Rows whose removal is lost stay until the group has another owner, and do no harm.
            tasks.add(ended -> store.commit(batch).whenComplete((kept, error) -> ended.run()));
          });
      return tasks;
    }

    @Override
    String subject() {
      return "answers of group " + ownership.group() + " to requests of gateways that did not come";
    }
  }
}
