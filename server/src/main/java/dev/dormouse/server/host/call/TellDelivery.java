package dev.dormouse.server.host.call;

import dev.dormouse.log.Counted;
import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ActorRef;
import dev.dormouse.sdk.CallFailedException.Reason;
import dev.dormouse.sdk.LimitExceededException;
import dev.dormouse.server.observe.DormouseObserver;
import dev.dormouse.server.observe.DormouseObserver.CallEnded;
import dev.dormouse.server.observe.FailureLog;
import dev.dormouse.server.observe.Observers;
import dev.dormouse.server.protocol.CallReply;
import dev.dormouse.server.protocol.CallRequest;
import dev.dormouse.server.protocol.CallRoute;
import dev.dormouse.server.protocol.TellId;
import dev.dormouse.server.protocol.Time;
import dev.dormouse.storage.ActorStore;
import dev.dormouse.storage.ActorStore.PlacedRow;
import dev.dormouse.storage.CommitResult;
import dev.dormouse.storage.TurnBatch;
import dev.dormouse.storage.rows.CorruptRowException;
import dev.dormouse.storage.rows.InboxRow;
import dev.dormouse.storage.rows.OutboxRow;
import dev.dormouse.storage.rows.Table;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Delivers the calls that actors of this host have told others. The sender's turn has stored each
 * as an {@link OutboxRow}; it is delivered once that turn is committed, and its row is removed once
 * the turn of the target is committed. So the rows are what is still to be delivered, also after a
 * crash or by the next owner of the sender.
 *
 * <p><b>Lanes.</b> The calls of one sender to one target are a lane. One call of a lane is under
 * way at a time, so they take effect in order. A lane whose call failed rests.
 *
 * <p><b>Once.</b> The target's turn stores the identity of the call in an {@link InboxRow}, and the
 * target passes over a call that is not after the one stored there. Identities of one sender grow
 * for ever: the epoch grows with each ownership, and the number within it. A row of the inbox is
 * removed only while its lane is empty and stays so: no row of the outbox is left by which the call
 * could be delivered again, no delivery is under way, and none begins until the removal is
 * committed. After a start, rows of the inbox whose lane is empty are found and removed.
 *
 * <p><b>Groups.</b> A lane lives while this host owns the sender. If other nodes may own actors, a
 * row of the inbox is removed by a host that owns both actors, and otherwise stays.
 *
 * <p><b>Threads.</b> The monitor guards the fields; neither the store nor an actor is called with
 * it. {@link #goOn} is called by a thread that may wait for the disk; all else by any thread.
 */
public final class TellDelivery {
  /** The most bytes of calls that an actor may have told and that have not taken effect yet. */
  public static final int TOLD_BYTES_MAX = 4 << 20;

  private static final int PAGE = 256;
  private static final long FORGET_NS = 10_000_000_000L;
  private static final long FAULT_REST_NS = 10_000_000_000L;

  private static final Comparator<TellId> BY_PLACE =
      Comparator.comparingLong(TellId::epoch).thenComparingLong(TellId::number);

  /** The sender and the target of calls. */
  private record Route(ActorId sender, ActorId target) {}

  /** The calls of one sender to one target; the outer monitor guards all fields. */
  private static final class Lane {
    final Route route;
    final TreeMap<TellId, Told> waiting = new TreeMap<>(BY_PLACE);

    /** True while a delivery or a removal is under way. */
    boolean isBusy;

    /** How often the handler of the first call has failed. */
    int failures;

    /** How often the first call could not be delivered. */
    int waits;

    /** When the lane goes on, by the clock that never jumps. */
    long dueNs;

    Lane(Route route) {
      this.route = route;
    }
  }

  /** The number and the bytes of the calls of a sender that wait. */
  private static final class Load {
    int calls;
    long bytes;
  }

  private final ActorStore store;
  private final Time time;
  private final CallTypes types;
  private final CallRoute route;
  private final IntToLongFunction restNs;
  private final FailureLog failures;
  private final Observers observers;
  private final AtomicLong last = new AtomicLong();
  private final AtomicLong givenUp = new AtomicLong();

  private final Map<Route, Lane> lanes = new HashMap<>();
  private final Map<ActorId, Load> loads = new HashMap<>();

  /** The lanes by the time at which they go on. */
  private final TreeMap<Long, List<Lane>> resting = new TreeMap<>();

  /** The groups whose rows are to be read. */
  private final TreeSet<Integer> unread = new TreeSet<>();

  /** The groups whose inbox is to be looked at. */
  private final TreeSet<Integer> unswept = new TreeSet<>();

  /** For each group whether the host owns it. */
  private final boolean[] owned;

  private boolean isStopped;
  private long readFromNs;

  /**
   * Creates a delivery that knows of no call; the first {@link #goOn} reads those of owned groups.
   *
   * @param isOwningAll whether the host owns all groups; else it owns none until {@link #owned}
   * @param restNs returns how long a lane rests after so many failures in a row
   */
  public TellDelivery(
      ActorStore store,
      Time time,
      CallTypes types,
      CallRoute route,
      boolean isOwningAll,
      IntToLongFunction restNs,
      FailureLog failures,
      Observers observers) {
    this.store = store;
    this.time = time;
    this.types = types;
    this.route = route;
    this.restNs = restNs;
    this.failures = failures;
    this.observers = observers;
    this.owned = new boolean[store.groups().groups()];
    this.readFromNs = time.nowNs();
    for (int group = 0; isOwningAll && group < owned.length; group++) {
      owned(group);
    }
  }

  // For turns.

  /** Returns the number of the next call; it is greater than those before. */
  public long nextNumber() {
    return last.incrementAndGet();
  }

  /**
   * Checks that an actor may tell more.
   *
   * @param calls the number of calls that the open turn tells
   * @param bytes their bytes
   * @throws LimitExceededException if it would have told too much that has not taken effect
   */
  public synchronized void checkRoom(ActorId sender, int calls, long bytes) {
    Load load = loads.get(sender);
    int all = calls + (load == null ? 0 : load.calls);
    long allBytes = bytes + (load == null ? 0 : load.bytes);
    if (all > ActorRef.TELLS_MAX) {
      throw new LimitExceededException(
          "the number of calls that an actor has told and that have not taken effect yet",
          all,
          ActorRef.TELLS_MAX);
    }
    if (allBytes > TOLD_BYTES_MAX) {
      throw new LimitExceededException(
          "the calls that an actor has told and that have not taken effect yet",
          allBytes,
          TOLD_BYTES_MAX,
          "bytes");
    }
  }

  /** Takes the calls of a turn that is committed. */
  public void kept(List<Told> told) {
    synchronized (this) {
      told.forEach(this::add);
    }
    told.forEach(each -> start(new Route(each.id().sender(), each.target())));
  }

  /** Notes that it is not known whether the calls of a turn are stored. */
  public synchronized void lost(ActorId sender) {
    int group = store.groupOf(sender);
    if (owned[group]) {
      unread.add(group);
    }
  }

  // For the host.

  /** Delivers the calls of a group's actors from now on. */
  public synchronized void owned(int group) {
    owned[group] = true;
    unread.add(group);
    unswept.add(group);
  }

  /** Forgets the calls of a group's actors; they stay in the store for the next owner. */
  public synchronized void lost(int group) {
    owned[group] = false;
    unread.remove(group);
    unswept.remove(group);
    lanes
        .values()
        .removeIf(
            lane -> {
              boolean isGone = store.groupOf(lane.route.sender) == group;
              if (isGone) {
                lane.waiting.values().forEach(this::unload);
              }
              return isGone;
            });
  }

  /** Begins no further delivery. */
  public synchronized void stop() {
    isStopped = true;
  }

  /** Returns the number of calls that have not taken effect yet. */
  public synchronized int waiting() {
    return loads.values().stream().mapToInt(load -> load.calls).sum();
  }

  /** Returns the number of calls that were given up since the start. */
  public long givenUp() {
    return givenUp.get();
  }

  /**
   * Reads the calls of groups that the host owns newly, and goes on with lanes that have rested.
   */
  public void goOn() {
    long nowNs = time.nowNs();
    if (isReadDue(nowNs)) {
      try {
        readGroups();
      } catch (RuntimeException e) {
        failures.error(
            "the calls that actors have told cannot be read; the next attempt is in 10 s", e);
        synchronized (this) {
          readFromNs = nowNs + FAULT_REST_NS;
        }
      }
    }
    List<Lane> due = new ArrayList<>();
    synchronized (this) {
      while (!resting.isEmpty() && resting.firstKey() <= nowNs) {
        due.addAll(resting.pollFirstEntry().getValue());
      }
    }
    due.forEach(lane -> start(lane.route));
  }

  private synchronized boolean isReadDue(long nowNs) {
    return nowNs - readFromNs >= 0 && !(unread.isEmpty() && unswept.isEmpty()) && !isStopped;
  }

  private void readGroups() {
    for (Integer group = next(unread); group != null; group = next(unread)) {
      PlacedRow behind = null;
      List<PlacedRow> page;
      do {
        page = store.scanAll(Table.OUTBOX, group, behind, PAGE);
        page.forEach(this::found);
        behind = page.isEmpty() ? null : page.get(page.size() - 1);
      } while (behind != null);
      done(unread, group);
    }
    for (Integer group = next(unswept); group != null; group = next(unswept)) {
      PlacedRow behind = null;
      List<PlacedRow> page;
      do {
        page = store.scanAll(Table.INBOX, group, behind, PAGE);
        page.forEach(this::foundSender);
        behind = page.isEmpty() ? null : page.get(page.size() - 1);
      } while (behind != null);
      done(unswept, group);
    }
  }

  private synchronized @Nullable Integer next(SortedSet<Integer> groups) {
    return groups.isEmpty() ? null : groups.first();
  }

  private synchronized void done(Set<Integer> groups, Integer group) {
    groups.remove(group);
  }

  /** Takes a row of the outbox, unless it is known, or was removed since it was read. */
  private void found(PlacedRow row) {
    byte[] value = row.value();
    Told told;
    try {
      OutboxRow read = OutboxRow.decode(value == null ? new byte[0] : value);
      TellId id =
          new TellId(row.actor(), OutboxRow.epochOf(row.key()), OutboxRow.numberOf(row.key()));
      told = new Told(id, read.target(), read.name(), read.call());
    } catch (CorruptRowException e) {
      failures.error(
          "a call that actor {} has told cannot be read; it stays stored, and is not delivered: {}",
          row.actor(),
          e.getMessage());
      return;
    }
    synchronized (this) {
      Lane lane = lanes.get(new Route(row.actor(), told.target()));
      if (lane != null && lane.waiting.containsKey(told.id())) {
        return;
      }
    }
    // Only a call that waits in its lane is removed, so from here on the row stays if it is there.
    if (store.get(row.actor(), Table.OUTBOX, row.key()) != null) {
      kept(List.of(told));
    }
  }

  /** Has a row of the inbox removed whose sender has nothing to deliver. */
  private void foundSender(PlacedRow row) {
    ActorId sender;
    try {
      sender = InboxRow.senderOf(row.key());
    } catch (CorruptRowException e) {
      return; // the check of the folder reports it
    }
    synchronized (this) {
      int group = store.groupOf(sender);
      if (owned[group] && !unread.contains(group)) {
        Route idle = new Route(sender, row.actor());
        if (!lanes.containsKey(idle)) {
          Lane lane = new Lane(idle);
          lanes.put(idle, lane);
          rest(lane, FORGET_NS);
        }
      }
    }
  }

  private void add(Told told) {
    if (!owned[store.groupOf(told.id().sender())]) {
      return;
    }
    Lane lane = lanes.computeIfAbsent(new Route(told.id().sender(), told.target()), Lane::new);
    if (lane.waiting.isEmpty()) {
      lane.dueNs = time.nowNs();
    }
    if (lane.waiting.putIfAbsent(told.id(), told) == null) {
      Load load = loads.computeIfAbsent(told.id().sender(), sender -> new Load());
      load.calls++;
      load.bytes += told.call().length;
    }
  }

  private void unload(Told told) {
    Load load = Objects.requireNonNull(loads.get(told.id().sender()));
    load.calls--;
    load.bytes -= told.call().length;
    if (load.calls == 0) {
      loads.remove(told.id().sender());
    }
  }

  private void rest(Lane lane, long ns) {
    lane.dueNs = time.nowNs() + ns;
    resting.computeIfAbsent(lane.dueNs, due -> new ArrayList<>(1)).add(lane);
  }

  /**
   * Delivers the first call of a lane, or removes the inbox's row of an empty one, if it is due.
   */
  private void start(Route of) {
    Lane lane;
    Told first;
    synchronized (this) {
      lane = lanes.get(of);
      if (lane == null
          || lane.isBusy
          || isStopped
          || time.nowNs() - lane.dueNs < 0
          || unread.contains(store.groupOf(of.sender))) {
        if (lane != null && !lane.isBusy && unread.contains(store.groupOf(of.sender))) {
          rest(lane, 0); // earlier calls may not be read yet
        }
        return;
      }
      lane.isBusy = true;
      first = lane.waiting.isEmpty() ? null : lane.waiting.firstEntry().getValue();
    }
    if (first == null) {
      forget(lane);
    } else {
      deliver(lane, first);
    }
  }

  private void deliver(Lane lane, Told told) {
    Attempt attempt = new Attempt(lane, told);
    if (!attempt.execute(
        () ->
            route.send(
                new CallRequest(told.target(), told.name(), told.call(), List.of(), told.id()),
                attempt))) {
      attempt.failed(Reason.UNKNOWN, "there is no actor type " + told.target().type());
    }
  }

  /** One delivery of a call. */
  private final class Attempt implements CallReply {
    private final Lane lane;
    private final Told told;
    private final AtomicBoolean isOver = new AtomicBoolean();
    private final long beganNs = time.nowNs();

    Attempt(Lane lane, Told told) {
      this.lane = lane;
      this.told = told;
    }

    /** Runs a step on a thread of the target; returns whether there is such a thread. */
    boolean execute(Runnable step) {
      Executor executor = types.executor(told.target());
      if (executor == null) {
        return false;
      }
      try {
        executor.execute(step);
      } catch (RejectedExecutionException stopped) {
        // The call stays stored, and is delivered after the next start.
      }
      return true;
    }

    @Override
    public void answered(byte[] answer) {
      if (isOver.compareAndSet(false, true)) {
        boolean unused =
            execute(
                () -> {
                  tell("answered");
                  remove(lane, told);
                });
      }
    }

    @Override
    public void failed(Reason reason, String why) {
      if (isOver.compareAndSet(false, true)) {
        switch (reason) {
          case HANDLER_FAILED, ACTOR_RESET -> handlerFailed(why);
          case UNKNOWN ->
              failures.error(
                  "the call {} of actor {} to {} is not delivered before the next start: {}",
                  told.name(),
                  told.id().sender(),
                  told.target(),
                  why);
          case DEADLINE, NOT_STORED, CANNOT_WAKE, BUSY, CYCLE, STOPPING, ASKER_LOST ->
              again(lane, false);
        }
      }
    }

    private void handlerFailed(String why) {
      int failed = again(lane, true);
      if (failed < ActorRef.TELL_ATTEMPTS_MAX) {
        failures.error(
            "the call {} of actor {} to {} failed; it has {} left: {}",
            told.name(),
            told.id().sender(),
            told.target(),
            Counted.of(ActorRef.TELL_ATTEMPTS_MAX - failed, "attempt"),
            why);
        return;
      }
      givenUp.incrementAndGet();
      failures.error(
          "the call {} of actor {} to {} is given up: {} attempts failed: {}",
          told.name(),
          told.id().sender(),
          told.target(),
          failed,
          why);
      boolean unused =
          execute(
              () -> {
                tell("given-up");
                remove(lane, told);
              });
    }

    @Override
    public boolean isOver() {
      return isOver.get();
    }

    private void tell(String outcome) {
      if (observers.isAny()) {
        observers.tell(
            DormouseObserver::callEnded,
            new CallEnded(told.target(), told.name(), true, outcome, time.nowNs() - beganNs));
      }
    }
  }

  /**
   * Has a lane rest after a failure, unless its first call is to be given up.
   *
   * @return how often the handler of the first call has failed
   */
  private synchronized int again(Lane lane, boolean isHandlers) {
    if (isHandlers) {
      lane.failures++;
    } else {
      lane.waits++;
    }
    if (lane.failures < ActorRef.TELL_ATTEMPTS_MAX || !isHandlers) {
      lane.isBusy = false;
      rest(lane, restNs.applyAsLong(isHandlers ? lane.failures : lane.waits));
    }
    return lane.failures;
  }

  /** Removes the row of a call that has taken effect or is given up, and goes on with its lane. */
  private void remove(Lane lane, Told told) {
    byte[] key = OutboxRow.key(told.id().epoch(), told.id().number());
    var unused =
        commit(told.id().sender(), new TurnBatch.Write(Table.OUTBOX, key, null))
            .thenAccept(
                result -> {
                  if (result instanceof CommitResult.Done) {
                    removed(lane, told);
                    start(lane.route);
                  } else {
                    int unusedFailures =
                        again(lane, false); // it is delivered again, and passed over
                  }
                });
  }

  private synchronized void removed(Lane lane, Told told) {
    lane.isBusy = false;
    lane.failures = 0;
    lane.waits = 0;
    lane.dueNs = time.nowNs();
    if (lanes.get(lane.route) == lane && lane.waiting.remove(told.id()) != null) {
      unload(told);
    }
    if (lane.waiting.isEmpty()) {
      rest(lane, FORGET_NS);
    }
  }

  /** Removes the row that an empty lane has in the target's inbox; calls wait meanwhile. */
  private void forget(Lane lane) {
    ActorId target = lane.route.target;
    boolean isOwned;
    synchronized (this) {
      isOwned = owned[store.groupOf(target)];
    }
    CompletionStage<CommitResult> commit =
        isOwned
            ? commit(
                target, new TurnBatch.Write(Table.INBOX, InboxRow.key(lane.route.sender), null))
            : CompletableFuture.completedStage(CommitResult.DONE);
    var unused = commit.thenAccept(result -> forgotten(lane));
  }

  private void forgotten(Lane lane) {
    synchronized (this) {
      lane.isBusy = false;
      lane.dueNs = time.nowNs();
      if (lane.waiting.isEmpty()) {
        lanes.remove(lane.route, lane);
        return;
      }
    }
    start(lane.route);
  }

  private CompletionStage<CommitResult> commit(ActorId actor, TurnBatch.Write write) {
    try {
      return store.commit(new TurnBatch(actor, store.epochOf(actor), List.of(write)));
    } catch (RuntimeException e) {
      return CompletableFuture.completedStage(new CommitResult.Unknown(e));
    }
  }
}
