package dev.dormouse.server.simulation;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.storage.CommitResult;
import dev.dormouse.storage.TurnBatch;
import dev.dormouse.storage.rows.ClockMark;
import dev.dormouse.storage.rows.ShardGroups;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A log for each group of shards, which a majority of the hosts keeps. An entry is the writes of a
 * turn, or the barrier that begins an ownership. The log itself is the truth: what a majority has
 * kept, in order. Hosts apply entries later, leaders are deposed without hearing of it, and whoever
 * has handed in an entry may never learn what became of it.
 */
final class ReplicatedLog {
  static final ShardGroups GROUPS = new ShardGroups(4, 2);

  /**
   * An entry that a majority keeps.
   *
   * @param batch the writes; null if the entry is a barrier
   * @param proposal what its leader waits for; null if the entry is a barrier
   */
  record Entry(long epoch, @Nullable TurnBatch batch, @Nullable Proposal proposal) {}

  /** The writes that a leader has handed in. */
  static final class Proposal {
    final TurnBatch batch;
    final CompletableFuture<CommitResult> stage = new CompletableFuture<>();

    /** Is true once a majority keeps it. */
    boolean isKept;

    /** Is true once the leader has applied it. */
    boolean isApplied;

    /** The refusal of the writes, which were not sent to anybody; null if they were not refused. */
    CommitResult.@Nullable Refused refusal;

    Proposal(TurnBatch batch) {
      this.batch = batch;
    }
  }

  /** The log of one group. */
  static final class Group {
    final int number;
    final List<Entry> entries = new ArrayList<>();

    /** The state that all entries make. */
    final Map<ActorId, Rows> truth = new LinkedHashMap<>();

    /** The greatest epoch, and the store that was elected in it; null if that store is gone. */
    long epoch = 1_000;

    @Nullable ReplicatedStore leader;

    /** The mark of the group's running clock. */
    @Nullable ClockMark mark;

    Group(int number) {
      this.number = number;
    }

    Rows rows(ActorId actor) {
      return truth.computeIfAbsent(actor, id -> new Rows());
    }
  }

  private final ClusterSimulation run;
  private final int voters;
  private final List<Group> groups = new ArrayList<>();
  private long runs;

  /**
   * Creates empty logs.
   *
   * @param voters the number of nodes that keep the log; the majority of them must be well
   */
  ReplicatedLog(ClusterSimulation run, int voters) {
    this.run = run;
    this.voters = voters;
    for (int i = 0; i < GROUPS.groups(); i++) {
      groups.add(new Group(i));
    }
  }

  List<Group> groups() {
    return groups;
  }

  Group group(int number) {
    return groups.get(number);
  }

  long nextRun() {
    return ++runs;
  }

  static int shardOf(ActorId actor) {
    return Math.floorMod(actor.toString().hashCode(), GROUPS.shards());
  }

  static int groupOf(ActorId actor) {
    return GROUPS.groupOf(shardOf(actor));
  }

  /** Returns whether the nodes that are well are a majority. */
  boolean hasMajority() {
    long well = run.hosts().stream().filter(HostNode::isVoting).count();
    return 2 * (well + voters - run.hosts().size()) > voters;
  }

  /** Returns whether a store can have entries kept: it leads, and a majority answers it. */
  boolean leads(ReplicatedStore store, int group) {
    return groups.get(group).leader == store && store.node().isVoting() && hasMajority();
  }

  // The steps follow.

  /** Lets a majority keep the first few entries that some leader has handed in. */
  void keepSome() {
    Group group = run.dice().pick(groups);
    ReplicatedStore leader = group.leader;
    if (leader != null && leads(leader, group.number)) {
      keep(group, leader, run.dice().between(1, 4));
    }
  }

  private void keep(Group group, ReplicatedStore leader, int most) {
    int left = most;
    for (Proposal proposal : leader.proposals(group.number)) {
      if (left == 0) {
        return;
      }
      if (isOpen(group, proposal)) {
        proposal.isKept = true;
        left--;
        append(group, new Entry(proposal.batch.epoch(), proposal.batch, proposal));
      }
    }
  }

  /** Returns whether the leader of a group can still have a proposal kept. */
  private static boolean isOpen(Group group, Proposal proposal) {
    return !proposal.isKept && proposal.refusal == null && proposal.batch.epoch() == group.epoch;
  }

  private void append(Group group, Entry entry) {
    group.entries.add(entry);
    TurnBatch batch = entry.batch();
    if (batch != null) {
      group.rows(batch.actor()).apply(batch);
      run.ledger().kept(group, batch);
    }
  }

  /** Elects a leader of some group, among the nodes that are well. */
  void elect() {
    Group group = run.dice().pick(groups);
    List<HostNode> able = run.hosts().stream().filter(HostNode::isVoting).toList();
    if (!able.isEmpty() && hasMajority()) {
      elect(group, run.dice().pick(able));
    }
  }

  /** Elects a node: what the leader before has handed in is kept up to some point, or lost. */
  void elect(Group group, HostNode elected) {
    retire(group);
    group.epoch++;
    group.leader = elected.store();
    run.trace(
        "%s is elected for group %d in epoch %d".formatted(elected, group.number, group.epoch));
    run.count(ClusterHappening.ELECTION);
    append(group, new Entry(group.epoch, null, null));
    elected.store().elected(group.number, group.epoch, group.entries.size());
  }

  /** Decides what becomes of the entries that a leader has handed in. */
  private void retire(Group group) {
    ReplicatedStore before = group.leader;
    group.leader = null;
    if (before == null) {
      return;
    }
    int open = (int) before.proposals(group.number).stream().filter(p -> isOpen(group, p)).count();
    int surviving = run.dice().between(0, open);
    if (surviving > 0) {
      run.count(ClusterHappening.KEPT_UNKNOWN);
    }
    keep(group, before, surviving);
  }

  /** Notes that a host has left a group in good order: it leads no more. */
  void handedOver(ReplicatedStore store, int number) {
    Group group = groups.get(number);
    if (group.leader == store) {
      retire(group);
    }
  }

  /** Notes that the process of a store has died. */
  void died(ReplicatedStore store) {
    for (Group group : groups) {
      if (group.leader == store) {
        retire(group);
      }
    }
  }

  static CommitResult unknown() {
    return new CommitResult.Unknown(new IOException("the leader may have been deposed"));
  }
}
