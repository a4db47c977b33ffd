package dev.dormouse.server.host.alarm;

import dev.dormouse.log.Log;
import dev.dormouse.sdk.ActorId;
import dev.dormouse.server.protocol.Time;
import dev.dormouse.storage.ActorStore;
import dev.dormouse.storage.rows.DueAlarm;
import dev.dormouse.storage.rows.DueClock;
import dev.dormouse.storage.rows.ShardGroups;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.slf4j.Logger;

/**
 * Finds the alarms that are due and hands them to their actors, a few at a time.
 *
 * <p><b>Bounds.</b> The alarms themselves stay in the store, however many there are. For each lane
 * of the store ({@link AlarmLanes}) the clock knows a bound: the earliest time at which there may
 * be an alarm that the clock has not looked at. A commit that sets an earlier alarm lowers the
 * bound. {@link #ring} reads the lanes whose bound is past, and raises the bound. A bound that is
 * too low only costs a read; a bound is never too high.
 *
 * <p><b>Flights.</b> An alarm that was handed to its actor is a <em>flight</em> until the commit
 * that removes the alarm's row from the store is done. At most {@value #FLIGHTS_MAX} flights are
 * counted at a time, and at most {@value #FLIGHTS_OF_ACTOR_MAX} flights of one actor. A flight that
 * takes longer than a second is not counted any more, so that alarms whose handlers hang cannot
 * hold up all others. If a flight ends without such a commit, for instance because the commit was
 * lost, its alarm rests for some seconds and is then looked at again.
 *
 * <p><b>Groups.</b> If other nodes may own groups of shards, the clock rings the alarms of those
 * groups alone that it was told are {@link #owned}. When a group is {@link #lost}, its flights are
 * forgotten; the alarms stay in the store, for the next owner.
 *
 * <p><b>Alarms that are passed over.</b> Alarms of actor types that are not registered, alarms that
 * cannot be read, and alarms of actors that cannot be read stay in the store, below the bound. They
 * are looked at again after the next start.
 *
 * <p><b>Threads.</b> The monitor guards the fields and is never held while the store is read. The
 * lock {@code ringing} lets one thread read at a time.
 */
public final class AlarmClock {
  private static final Logger log = Log.of(AlarmClock.class);

  /** The most flights that are counted at a time. */
  public static final int FLIGHTS_MAX = 64;

  /** The time in milliseconds after which an alarm that is due counts as overdue. */
  public static final long OVERDUE_MS = 10_000;

  /** The number of overdue alarms at which counting ends. */
  public static final int OVERDUE_COUNTED = 1_000;

  /** The most flights of one actor at a time. */
  public static final int FLIGHTS_OF_ACTOR_MAX = 16;

  /** The most flights at a time, slow ones included. */
  static final int SLOW_FLIGHTS_MAX = 4_096;

  private static final int PAGE = 32;
  private static final int PAGES_OF_LANE_MAX = 8;
  private static final long SLOW_NS = 1_000_000_000;
  private static final long REST_NS = 1_000_000_000;
  private static final long LOSS_REST_NS = 5_000_000_000L;
  private static final long FAULT_REST_NS = 10_000_000_000L;

  /** An alarm that was handed to its actor. */
  private static final class Flight {
    final long beganNs;
    boolean isCounted = true;

    /** True if the alarm's turn is over, so that it is looked at again at {@code restsUntilNs}. */
    boolean isResting;

    long restsUntilNs;

    Flight(long beganNs) {
      this.beganNs = beganNs;
    }
  }

  /**
   * The number of flights of one actor, and for each clock the earliest time of an alarm of the
   * actor that was passed over because the actor had too many flights.
   */
  private static final class Crowd {
    final Map<DueClock, Long> blockedFromMs = new EnumMap<>(DueClock.class);
    int flights;
  }

  private final ActorStore store;
  private final ShardGroups groups;
  private final GroupClocks running;
  private final Time time;
  private final Set<String> types;
  private final Consumer<DueAlarm> host;

  private final ReentrantLock ringing = new ReentrantLock();
  // Guarded by the lock ringing.
  private boolean isFilled;
  private int nextLane;

  private long faultUntilNs;
  private boolean isFaulty;

  // Guarded by the monitor.
  private final AlarmLanes lanes;
  private final Map<DueAlarm, Flight> flights = new LinkedHashMap<>();
  private final Map<ActorId, Crowd> crowds = new HashMap<>();
  private final Set<String> unhosted = new TreeSet<>();
  private int counted;
  private long rung;
  private boolean isStopped;

  /**
   * Creates a clock of a node that owns everything. The clock knows of no alarm yet; the first
   * {@link #ring} looks at the store.
   *
   * @param run the run of this node
   * @param types the names of the actor types that are registered
   * @param host takes each alarm that is due
   */
  public AlarmClock(
      ActorStore store, long run, Time time, Set<String> types, Consumer<DueAlarm> host) {
    this(store, run, time, types, host, true);
  }

  /**
   * Creates a clock that knows of no alarm yet.
   *
   * @param run the run of this node
   * @param types the names of the actor types that are registered
   * @param host takes each alarm that is due
   * @param isOwningAll whether the node owns everything; else it owns nothing until {@link #owned}
   */
  public AlarmClock(
      ActorStore store,
      long run,
      Time time,
      Set<String> types,
      Consumer<DueAlarm> host,
      boolean isOwningAll) {
    this.store = store;
    this.time = time;
    this.types = types;
    this.host = host;
    this.groups = store.groups();
    this.running = new GroupClocks(store, run, time);
    this.lanes = new AlarmLanes(store, isOwningAll);
    this.isFilled = !isOwningAll;
  }

  /** Returns the clock of an actor's alarms that are set by a delay. */
  public RunningTime running(ActorId actor) {
    return running.of(store.groupOf(actor));
  }

  // Reports of cells. Any thread.

  /** Notes that a commit that sets or removes an alarm has ended, done or not. */
  public synchronized void committed(DueAlarm alarm, boolean isRemoved, boolean isDone) {
    if (!isRemoved) {
      lower(alarm);
    } else if (isDone) {
      land(alarm);
    } else {
      rest(alarm, LOSS_REST_NS);
    }
  }

  /** Notes that the turn of an alarm is over, while its commit may still be on its way. */
  public synchronized void ended(DueAlarm alarm) {
    rest(alarm, REST_NS);
  }

  /** Passes over an alarm from now on, because the alarm or its actor cannot be read. */
  public synchronized void setAside(DueAlarm alarm) {
    land(alarm);
  }

  /** Rings the alarms of a group of shards from now on, because the node owns the group. */
  public synchronized void owned(int group) {
    lanes.open(group);
  }

  /** Forgets the alarms of a group of shards, because the node does not own the group any more. */
  public synchronized void lost(int group) {
    lanes.close(group);
    List<DueAlarm> gone =
        flights.keySet().stream().filter(alarm -> store.groupOf(alarm.actor()) == group).toList();
    gone.forEach(this::land);
  }

  /** Stops the clock: after this method has returned, no alarm is handed out. */
  public void stop() {
    synchronized (this) {
      isStopped = true;
    }
    ringing.lock(); // waits until a call of ring that is under way has ended
    try {
      isFilled = true;
    } finally {
      ringing.unlock();
    }
  }

  /** Returns the number of flights, slow ones included. */
  public synchronized int underWay() {
    return flights.size();
  }

  /** Returns how often an alarm was handed to its actor. */
  public synchronized long rung() {
    return rung;
  }

  /** Returns the number of actor types that are not registered but have alarms that were due. */
  public synchronized int unhosted() {
    return unhosted.size();
  }

  /**
   * Counts the alarms that have been due for more than {@value #OVERDUE_MS} ms and have not taken
   * effect, up to {@value #OVERDUE_COUNTED}; alarms that are passed over are left out. Reads the
   * store.
   */
  public int overdue() {
    long[] beforeMs = runningMs(time.nowNs());
    for (int group = 0; group < beforeMs.length; group++) {
      beforeMs[group] = Math.max(Long.MIN_VALUE + OVERDUE_MS, beforeMs[group]) - OVERDUE_MS;
    }
    long beforeWallMs = time.wallMs() - OVERDUE_MS;
    long found = 0;
    List<AlarmLanes.Page> late = new ArrayList<>();
    synchronized (this) {
      for (DueAlarm alarm : flights.keySet()) {
        boolean isRunning = alarm.clock() == DueClock.RUNNING;
        long ms = isRunning ? beforeMs[store.groupOf(alarm.actor())] : beforeWallMs;
        found += alarm.ms() < ms ? 1 : 0;
      }
      for (int lane = 0; lane < lanes.number(); lane++) {
        if (lanes.isDue(lane, before(lane, beforeMs, beforeWallMs))) {
          late.add(lanes.next(lane));
        }
      }
    }
    for (AlarmLanes.Page page : late) {
      found += overdueFrom(page, before(page.lane(), beforeMs, beforeWallMs), found);
    }
    return (int) Math.min(OVERDUE_COUNTED, found);
  }

  private long before(int lane, long[] beforeMs, long beforeWallMs) {
    return lanes.clockOf(lane) == DueClock.RUNNING
        ? beforeMs[groups.groupOf(lanes.shardOf(lane))]
        : beforeWallMs;
  }

  /** Counts the overdue alarms of a lane that are not under way, until enough are found in all. */
  private long overdueFrom(AlarmLanes.Page first, long beforeMs, long foundBefore) {
    long found = 0;
    AlarmLanes.Page page = first;
    while (foundBefore + found < OVERDUE_COUNTED) {
      List<DueAlarm> read = lanes.read(page, PAGE);
      synchronized (this) {
        for (DueAlarm alarm : read) {
          boolean isWaiting = !flights.containsKey(alarm) && types.contains(alarm.actor().type());
          found += alarm.ms() < beforeMs && isWaiting ? 1 : 0;
        }
      }
      if (read.size() < PAGE || read.get(PAGE - 1).ms() >= beforeMs) {
        return found;
      }
      page = new AlarmLanes.Page(page.lane(), page.fromMs(), read.get(PAGE - 1));
    }
    return found;
  }

  /** Returns the time by the running clock of each group; the earliest there is if not owned. */
  private long[] runningMs(long nowNs) {
    long[] ms = new long[groups.groups()];
    for (int group = 0; group < ms.length; group++) {
      boolean isOwned = store.epoch(group) != 0;
      ms[group] = isOwned ? running.of(group).atMs(nowNs) : Long.MIN_VALUE;
    }
    return ms;
  }

  // Calls of the thread that rings alarms.

  /**
   * Hands out alarms that are due, as many as may be under way. Reads the store. Returns at once if
   * another thread is in this method.
   *
   * @return whether more alarms are due than may be under way, so that the caller should call again
   *     soon
   */
  public boolean ring() {
    if (!ringing.tryLock()) {
      return false;
    }
    try {
      return !isFaulty(time.nowNs()) && ringOnce();
    } catch (RuntimeException e) {
      log.error(
          "the store cannot be read for alarms; no alarm rings until the next attempt in 10 s", e);
      isFaulty = true;
      faultUntilNs = time.nowNs() + FAULT_REST_NS;
      return false;
    } finally {
      ringing.unlock();
    }
  }

  private boolean isFaulty(long nowNs) {
    isFaulty &= nowNs - faultUntilNs < 0;
    return isFaulty;
  }

  private boolean ringOnce() {
    if (isStopped()) {
      return false;
    }
    fill();
    running.keepMarks(this::groupsWithRunningAlarms);
    long nowNs = time.nowNs();
    release(nowNs);
    long[] runningMs = runningMs(nowNs);
    long latestMs = Arrays.stream(runningMs).max().orElse(Long.MIN_VALUE);
    long wallMs = time.wallMs();
    if (!isAnyDue(latestMs, wallMs)) {
      return false;
    }
    boolean isBehind = false;
    for (int i = 0; i < lanes.number(); i++) {
      int lane = nextLane;
      long laneMs =
          lanes.clockOf(lane) == DueClock.RUNNING
              ? runningMs[groups.groupOf(lanes.shardOf(lane))]
              : wallMs;
      for (int pages = 0; isDue(lane, laneMs); pages++) {
        if (!hasRoom()) {
          return true;
        }
        if (pages == PAGES_OF_LANE_MAX) {
          isBehind = true;
          break;
        }
        nextLane = (lane + 1) % lanes.number(); // even if the read fails, the next lane comes next
        readPage(lane, laneMs);
      }
      nextLane = (lane + 1) % lanes.number();
    }
    return isBehind;
  }

  private void fill() {
    if (isFilled) {
      return;
    }
    for (DueClock clock : DueClock.values()) {
      List<DueAlarm> first = store.firstDue(clock);
      synchronized (this) {
        first.forEach(this::lower);
      }
    }
    isFilled = true;
  }

  private synchronized BitSet groupsWithRunningAlarms() {
    BitSet found = new BitSet(groups.groups());
    for (int group = 0; group < groups.groups(); group++) {
      found.set(group, lanes.hasAny(DueClock.RUNNING, group));
    }
    for (DueAlarm alarm : flights.keySet()) {
      if (alarm.clock() == DueClock.RUNNING) {
        found.set(store.groupOf(alarm.actor()));
      }
    }
    return found;
  }

  private synchronized boolean isStopped() {
    return isStopped;
  }

  private synchronized boolean isAnyDue(long latestRunningMs, long wallMs) {
    return lanes.isAnyDue(DueClock.RUNNING, latestRunningMs)
        || lanes.isAnyDue(DueClock.WALL, wallMs);
  }

  private synchronized boolean isDue(int lane, long nowMs) {
    return lanes.isDue(lane, nowMs);
  }

  private synchronized boolean hasRoom() {
    return counted < FLIGHTS_MAX && flights.size() < SLOW_FLIGHTS_MAX && !isStopped;
  }

  /** Ceases to count slow flights, and has alarms that have rested looked at again. */
  private synchronized void release(long nowNs) {
    List<DueAlarm> rested = new ArrayList<>();
    for (Map.Entry<DueAlarm, Flight> entry : flights.entrySet()) {
      Flight flight = entry.getValue();
      if (flight.isCounted && nowNs - flight.beganNs >= SLOW_NS) {
        flight.isCounted = false;
        counted--;
      }
      if (flight.isResting && nowNs - flight.restsUntilNs >= 0) {
        rested.add(entry.getKey());
      }
    }
    for (DueAlarm alarm : rested) {
      land(alarm);
      lower(alarm);
    }
  }

  private void readPage(int lane, long nowMs) {
    AlarmLanes.Page page;
    synchronized (this) {
      page = lanes.begin(lane);
    }
    List<DueAlarm> found;
    try {
      found = lanes.read(page, PAGE);
    } catch (RuntimeException e) {
      synchronized (this) {
        lanes.failed(page);
      }
      throw e;
    }
    take(page, found, nowMs).forEach(host);
  }

  /** Chooses the alarms to hand out, and the place at which the lane is read on. */
  private synchronized List<DueAlarm> take(AlarmLanes.Page page, List<DueAlarm> found, long nowMs) {
    List<DueAlarm> taken = new ArrayList<>();
    if (!lanes.isOpen(page.lane())) {
      return taken; // the group was lost while the page was read
    }
    Long nextMs = found.size() < PAGE ? null : Long.valueOf(found.get(PAGE - 1).ms());
    DueAlarm last = null;
    for (DueAlarm alarm : found) {
      if (alarm.ms() > nowMs || !hasRoom()) {
        nextMs = alarm.ms();
        break;
      }
      if (isToFly(alarm)) {
        flights.put(alarm, new Flight(time.nowNs()));
        counted++;
        rung++;
        taken.add(alarm);
      }
      last = alarm;
    }
    lanes.end(page, last, nextMs);
    return taken;
  }

  private boolean isToFly(DueAlarm alarm) {
    String type = alarm.actor().type();
    if (!types.contains(type)) {
      if (unhosted.add(type)) {
        log.warn(
            "actor type {} is not registered but has alarms that are due; they stay stored", type);
      }
      return false;
    }
    if (flights.containsKey(alarm)) {
      return false;
    }
    Crowd crowd = crowds.computeIfAbsent(alarm.actor(), actor -> new Crowd());
    if (crowd.flights == FLIGHTS_OF_ACTOR_MAX) {
      crowd.blockedFromMs.merge(alarm.clock(), alarm.ms(), Math::min);
      return false;
    }
    crowd.flights++;
    return true;
  }

  // The monitor is held.

  private void rest(DueAlarm alarm, long ns) {
    Flight flight = flights.get(alarm);
    if (flight != null) {
      long untilNs = time.nowNs() + ns;
      flight.restsUntilNs =
          flight.isResting && flight.restsUntilNs - untilNs > 0 ? flight.restsUntilNs : untilNs;
      flight.isResting = true;
    }
  }

  /** Ends a flight. */
  private void land(DueAlarm alarm) {
    Flight flight = flights.remove(alarm);
    if (flight == null) {
      return;
    }
    counted -= flight.isCounted ? 1 : 0;
    Crowd crowd = crowds.get(alarm.actor());
    if (crowd != null && --crowd.flights == 0) {
      crowds.remove(alarm.actor());
      crowd.blockedFromMs.forEach((clock, ms) -> lanes.lower(alarm.actor(), clock, ms));
    }
  }

  private void lower(DueAlarm alarm) {
    lanes.lower(alarm.actor(), alarm.clock(), alarm.ms());
  }
}
