package dev.dormouse.server.cluster.raft;

import com.alipay.sofa.jraft.Node;
import dev.dormouse.log.Log;
import dev.dormouse.server.protocol.Time;
import dev.dormouse.storage.ReplicatedLog.Machine;
import dev.dormouse.storage.ReplicatedLog.Owner;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Watches the groups of a node, and moves on what stands still.
 *
 * <ul>
 *   <li>If a group of which this node is the leader commits nothing although it should, the group
 *       is started again in the process. If that does not help, the process must end.
 *   <li>If another node lacks entries of such a group and does not get them, its connection is
 *       closed, and then the group is started again. Whether it lacks them is told by that node
 *       itself, over the links.
 *   <li>If another node owns fewer groups and has all entries of one of this node's, it is handed
 *       that group, one at a time.
 * </ul>
 *
 * <p>One thread at a time calls {@link #look}. Any thread may call the others.
 */
final class RaftWatch {
  private static final Logger log = Log.of(RaftWatch.class);

  /** The time between two looks from which the machine counts as too busy to judge by. */
  private static final long BUSY_NS = Duration.ofSeconds(1).toNanos();

  private static final Duration ASK_EVERY = Duration.ofMillis(500);
  private static final Duration TOLD_FOR = Duration.ofSeconds(3);
  private static final Duration TRANSFER_LIMIT = Duration.ofSeconds(10);

  /** The number of entries that a node may lack and still be handed a group. */
  private static final long CAUGHT_UP_ENTRIES = 64;

  private static final int RESTARTS_MAX = 1;

  /**
   * The greatest number of doublings of the pause between two repairs of the same node, which
   * begins with the limit of a stall: a node that cannot be helped must not cost the others much.
   */
  private static final int PAUSE_DOUBLINGS_MAX = 10;

  /** The last report of a peer about its groups, and the time of the report. */
  private record Told(Progress progress, long atNs) {}

  /** How the log of one group goes on. */
  private final class Watched {
    private final RunningGroup running;
    private final Stall commits;
    private final Map<String, Follower> followers = new HashMap<>();

    /** The number of restarts since something was committed. */
    private int restarts;

    /** The last index that was committed when the group was started again. */
    private long committedAtRestart;

    Watched(RunningGroup running) {
      this.running = running;
      this.commits = new Stall(settings.stall(), time.nowNs());
    }
  }

  /** How a peer gets the entries of one group. */
  private final class Follower {
    private final Stall entries = new Stall(settings.stall(), time.nowNs());

    /** When the peer told what was compared last. */
    private long toldNs;

    /** The last entry of this node at that time, which the peer should have by the next. */
    private long wanted;

    private boolean isLate;
    private int attempts;
    private long quietUntilNs = time.nowNs();

    /** Forgets what was compared, but not the attempts to help. */
    void begin(long nowNs) {
      entries.reset(nowNs);
      wanted = 0;
      isLate = false;
    }
  }

  private final RaftSettings settings;
  private final String self;
  private final RaftRpc rpc;
  private final Machine machine;
  private final Time time;
  private final Consumer<Throwable> onFatal;
  private final List<Watched> groups = new CopyOnWriteArrayList<>();
  private final Map<String, Told> told = new ConcurrentHashMap<>();
  private final AtomicLong restarts = new AtomicLong();
  private final AtomicLong repairs = new AtomicLong();
  private final AtomicLong transfers = new AtomicLong();
  private final AtomicLong transfersFailed = new AtomicLong();
  private volatile int lagging;

  /** False once this node gives its groups away. */
  private volatile boolean takesGroups;

  /** True while a group is handed over to even out the shares. */
  private volatile boolean isMoving;

  // Only the thread that looks uses the fields below.

  private long lookedNs;

  /** When a group was started again last. */
  private long restartedNs;

  private long askedNs;
  private long balancedNs;
  private Set<String> takersBefore = Set.of();

  RaftWatch(
      RaftSettings settings,
      String self,
      RaftRpc rpc,
      Machine machine,
      Time time,
      Consumer<Throwable> onFatal) {
    this.settings = settings;
    this.self = self;
    this.rpc = rpc;
    this.machine = machine;
    this.time = time;
    this.onFatal = onFatal;
    this.takesGroups = settings.mayOwn();
    this.lookedNs = time.nowNs();
    this.restartedNs = lookedNs - settings.stall().toNanos();
    this.askedNs = lookedNs - ASK_EVERY.toNanos();
    this.balancedNs = lookedNs;
  }

  /** Adds a group, before the first look. */
  void add(RunningGroup group) {
    groups.add(new Watched(group));
  }

  RaftCounts counts() {
    return new RaftCounts(
        restarts.get(), repairs.get(), lagging, transfers.get(), transfersFailed.get());
  }

  /** Lets no other node hand a group to this one any more. */
  void takeNoMore() {
    takesGroups = false;
  }

  /** Counts the outcome of a transfer. */
  void count(TransferResult result) {
    boolean isDone = result instanceof TransferResult.Done;
    long unused = (isDone ? transfers : transfersFailed).incrementAndGet();
  }

  /** Returns what the leader of a group has told of how far the others are; -1 if it has not. */
  long lagToldBy(@Nullable String leader, int group) {
    Told last = leader == null ? null : fresh(leader, time.nowNs());
    return last == null || group >= last.progress.groups().size()
        ? -1
        : last.progress.groups().get(group).lag();
  }

  /** Returns the number of entries of a group that a peer has not got; of the leader only. */
  private static long lagOf(RaftGroup group, List<String> peers) {
    long lag = 0;
    for (String peer : peers) {
      lag = Math.max(lag, group.lagOf(peer));
    }
    return lag;
  }

  List<String> peers() {
    return settings.members().stream().filter(member -> !member.equals(self)).toList();
  }

  private @Nullable Told fresh(String peer, long nowNs) {
    Told last = told.get(peer);
    return last != null && rpc.isUp(peer) && nowNs - last.atNs < TOLD_FOR.toNanos() ? last : null;
  }

  /** Does what is due. */
  void look() {
    long nowNs = time.nowNs();
    boolean isBusy = nowNs - lookedNs > BUSY_NS;
    lookedNs = nowNs;
    if (nowNs - askedNs >= ASK_EVERY.toNanos()) {
      askedNs = nowNs;
      ask();
    }
    List<Progress.Group> own = new ArrayList<>();
    Set<String> late = new HashSet<>();
    for (Watched each : groups) {
      own.add(look(each, isBusy, nowNs, late));
    }
    lagging = late.size();
    rpc.tell(new Progress(takesGroups, own));
    if (!settings.balance().isZero() && nowNs - balancedNs >= settings.balance().toNanos()) {
      balancedNs = nowNs;
      balance();
    }
  }

  private void ask() {
    for (String peer : peers()) {
      if (rpc.isUp(peer)) {
        var unused =
            rpc.progressOf(peer, ASK_EVERY)
                .whenComplete(
                    (progress, failure) -> {
                      if (failure == null) {
                        told.put(peer, new Told(progress, time.nowNs()));
                      } else {
                        log.debug("node {} does not tell how far it is", peer, failure);
                      }
                    });
      }
    }
  }

  /** Looks at one group, and returns how far it is on this node. */
  private Progress.Group look(Watched each, boolean isBusy, long nowNs, Set<String> late) {
    RaftGroup group = each.running.group();
    group.againIfLeading();
    Node node = each.running.node();
    long applied = machine.applied(group.number());
    long last;
    long committed;
    boolean isLeader;
    try {
      last = node.getLastLogIndex();
      committed = node.getLastCommittedIndex();
      isLeader = node.isLeader(false);
    } catch (IllegalStateException e) {
      return new Progress.Group(false, false, applied, applied, -1); // it is starting or stopping
    }
    if (group.wantsSnapshot()) {
      each.running.snapshot(status -> log.info("group {} has another snapshot: {}", node, status));
    }
    if (committed > each.committedAtRestart) {
      each.restarts = 0;
    }
    boolean shouldCommit = isLeader && last > committed && !isBusy && !isLoadedElsewhere(group);
    if (each.commits.isStalled(committed + movedElsewhere(group), shouldCommit, nowNs)) {
      moveOn(each, committed, nowNs);
    } else if (isLeader) {
      for (String peer : peers()) {
        look(each, peer, last, isBusy, nowNs, late);
      }
    } else {
      each.followers.values().forEach(follower -> follower.begin(nowNs));
    }
    long lag = isLeader ? lagOf(group, peers()) : -1;
    return new Progress.Group(group.isOwned(), group.isLoading(), last, applied, lag);
  }

  /** Returns whether another node takes the state of a group from a snapshot, which takes time. */
  private boolean isLoadedElsewhere(RaftGroup group) {
    return told.values().stream()
        .anyMatch(
            last ->
                group.number() < last.progress.groups().size()
                    && last.progress.groups().get(group.number()).isLoading());
  }

  /**
   * Returns a number that grows while other nodes get entries of a group or parts of snapshots.
   * While they do, nothing may be committed for long although nothing stands still.
   */
  private long movedElsewhere(RaftGroup group) {
    long moved = 0;
    for (Map.Entry<String, Told> each : told.entrySet()) {
      Progress there = each.getValue().progress;
      moved += rpc.partsSentTo(each.getKey());
      moved +=
          group.number() < there.groups().size() ? there.groups().get(group.number()).last() : 0;
    }
    return moved;
  }

  private void moveOn(Watched each, long committed, long nowNs) {
    int number = each.running.group().number();
    if (each.restarts >= RESTARTS_MAX) {
      each.commits.reset(nowNs);
      onFatal.accept(
          new IllegalStateException(
              "the log of group "
                  + number
                  + " does not go on, although the group was started again; the process must be"
                  + " started again"));
      return;
    }
    log.error(
        "the log of group {} has not gone on for {} ms; the group is started again",
        number,
        settings.stall().toMillis());
    each.restarts++;
    each.committedAtRestart = committed;
    restart(each);
  }

  private void restart(Watched each) {
    long unused = restarts.incrementAndGet();
    each.running.restart();
    long nowNs = time.nowNs();
    each.commits.reset(nowNs);
    each.followers.values().forEach(follower -> follower.begin(nowNs));
    lookedNs = nowNs; // the restart took time
    restartedNs = nowNs;
  }

  private void look(
      Watched each, String peer, long last, boolean isBusy, long nowNs, Set<String> late) {
    RaftGroup group = each.running.group();
    Follower follower = each.followers.computeIfAbsent(peer, name -> new Follower());
    Told heard = fresh(peer, nowNs);
    if (heard == null || isBusy || group.number() >= heard.progress.groups().size()) {
      follower.begin(nowNs);
      return;
    }
    Progress.Group there = heard.progress.groups().get(group.number());
    if (heard.atNs != follower.toldNs) {
      boolean isBehind = there.last() < follower.wanted;
      follower.isLate =
          follower.entries.isStalled(
              there.last() + rpc.partsSentTo(peer), isBehind && !there.isLoading(), heard.atNs);
      follower.attempts = isBehind ? follower.attempts : 0;
      follower.toldNs = heard.atNs;
      follower.wanted = last;
    }
    if (!follower.isLate) {
      return;
    }
    boolean unusedLate = late.add(peer);
    long stallNs = settings.stall().toNanos();
    boolean isRestart = follower.attempts % 2 == 1;
    if (nowNs - follower.quietUntilNs < 0 || (isRestart && nowNs - restartedNs < stallNs)) {
      return; // one group at a time is started again
    }
    long unused = repairs.incrementAndGet();
    follower.entries.reset(nowNs);
    follower.quietUntilNs = nowNs + (stallNs << Math.min(follower.attempts, PAUSE_DOUBLINGS_MAX));
    follower.attempts++;
    if (!isRestart) {
      log.error(
          "node {} lacks {} entries of group {} and gets none; its connection begins again",
          peer,
          last - there.last(),
          group.number());
      rpc.disconnect(peer, "it gets no entries of group " + group.number());
    } else {
      log.error(
          "node {} still lacks {} entries of group {}; the group is started again",
          peer,
          last - there.last(),
          group.number());
      restart(each);
    }
  }

  // The shares of the nodes.

  /** Returns how many groups each other node owns that takes groups; null if owners are unknown. */
  @Nullable Map<String, Integer> takers() {
    long nowNs = time.nowNs();
    Map<String, Integer> owned = new HashMap<>();
    for (String peer : peers()) {
      Told last = fresh(peer, nowNs);
      if (last != null && last.progress.takesGroups()) {
        owned.put(peer, 0);
      }
    }
    for (Watched each : groups) {
      Owner owner = each.running.group().owner();
      if (owner == null) {
        return null;
      }
      owned.computeIfPresent(owner.node(), (node, count) -> count + 1);
    }
    return owned;
  }

  /** Returns whether a node has all entries of a group of this node, but for those on their way. */
  boolean isCaughtUp(int group, String node) {
    long lag = groups.get(group).running.group().lagOf(node);
    return rpc.isUp(node) && lag >= 0 && lag <= CAUGHT_UP_ENTRIES;
  }

  private void balance() {
    Map<String, Integer> takers = takers();
    Set<String> before = takersBefore;
    takersBefore = takers == null ? Set.of() : takers.keySet();
    if (takers == null || !takesGroups || isMoving || !before.equals(takers.keySet())) {
      return; // nodes come and go
    }
    List<Integer> own = new ArrayList<>();
    for (Watched each : groups) {
      if (each.running.group().isOwned()) {
        own.add(each.running.group().number());
      }
    }
    Balance.Move move = Balance.next(own, takers, this::isCaughtUp);
    if (move == null) {
      return;
    }
    log.info(
        "group {} is handed to node {}, which owns {} groups while this node owns {}",
        move.group(),
        move.to(),
        takers.get(move.to()),
        own.size());
    isMoving = true;
    CompletionStage<TransferResult> moved =
        groups.get(move.group()).running.group().transfer(move.to(), TRANSFER_LIMIT);
    var unused =
        moved.whenComplete(
            (result, failure) -> {
              isMoving = false;
              if (failure == null) {
                count(result);
              }
            });
  }
}
