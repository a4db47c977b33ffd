package dev.dormouse.server.simulation;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.server.simulation.ReplicatedLog.Entry;
import dev.dormouse.server.simulation.ReplicatedLog.Group;
import dev.dormouse.server.simulation.ReplicatedLog.Proposal;
import dev.dormouse.storage.CommitChain;
import dev.dormouse.storage.CommitResult;
import dev.dormouse.storage.Durability;
import dev.dormouse.storage.NodeStore;
import dev.dormouse.storage.OwnershipListener;
import dev.dormouse.storage.TurnBatch;
import dev.dormouse.storage.rows.ClockMark;
import dev.dormouse.storage.rows.DueAlarm;
import dev.dormouse.storage.rows.DueClock;
import dev.dormouse.storage.rows.HeldMark;
import dev.dormouse.storage.rows.KeySpan;
import dev.dormouse.storage.rows.ShardGroups;
import dev.dormouse.storage.rows.Table;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A host's copy of the replicated log, in one life of its process: what the host has applied so
 * far, the groups that it believes to own, and what it has handed in.
 */
final class ReplicatedStore implements NodeStore {
  private static final Comparator<DueAlarm> ORDER =
      Comparator.comparingLong(DueAlarm::ms)
          .thenComparing(alarm -> alarm.actor().toString())
          .thenComparing(DueAlarm::name);

  /** How often a deposed owner is not sent the entries of others. */
  private static final int SLOW_PERCENT = 90;

  /** The host's part in one group. */
  private static final class Part {
    /** The number of entries that are applied. */
    int applied;

    /** The epoch in which the host believes to own the group; 0 if it does not. */
    long owned;

    /** The epoch in which the host was elected, while its barrier is not applied; else 0. */
    long elected;

    int barrier;

    /** The commits that were handed in and not reported, in order. */
    final ArrayDeque<Proposal> proposals = new ArrayDeque<>();

    final List<Confirm> confirms = new ArrayList<>();
  }

  private record Confirm(long epoch, CompletableFuture<CommitResult> stage) {}

  private final ClusterSimulation run;
  private final HostNode node;
  private final ReplicatedLog log;
  private final long number;
  private final List<Part> parts = new ArrayList<>();
  private final Map<ActorId, Rows> rows = new LinkedHashMap<>();
  private final Set<CommitChain> broken = Collections.newSetFromMap(new IdentityHashMap<>());
  private @Nullable OwnershipListener listener;
  private boolean isFull;

  /**
   * Opens the copy of a host.
   *
   * @param before the copy in the life before; null in the first life
   */
  ReplicatedStore(ClusterSimulation run, HostNode node, @Nullable ReplicatedStore before) {
    this.run = run;
    this.node = node;
    this.log = run.log();
    this.number = log.nextRun();
    for (Group group : log.groups()) {
      parts.add(new Part());
      int kept = before == null ? 0 : run.dice().between(0, before.parts.get(group.number).applied);
      for (int i = 0; i < kept; i++) {
        apply(group, true);
      }
    }
  }

  HostNode node() {
    return node;
  }

  ArrayDeque<Proposal> proposals(int group) {
    return parts.get(group).proposals;
  }

  void elected(int group, long epoch, int barrier) {
    Part part = parts.get(group);
    part.elected = epoch;
    part.barrier = barrier;
  }

  /** Returns the actor's rows as this copy has them. */
  Rows rows(ActorId actor) {
    return rows.computeIfAbsent(actor, id -> new Rows());
  }

  /** Returns whether nothing is left to apply or to report, and nobody waits. */
  boolean isQuiet() {
    return parts.stream().allMatch(p -> p.proposals.isEmpty() && p.confirms.isEmpty())
        && log.groups().stream().allMatch(g -> parts.get(g.number).applied == g.entries.size());
  }

  // The steps follow.

  /** Applies the next few entries of some group. */
  void applySome() {
    Group group = run.dice().pick(log.groups());
    if (node.isAlone() || (isDeposed(group) && run.mayMisbehave(SLOW_PERCENT))) {
      return; // nobody sends it what others keep
    }
    int most = run.dice().between(1, 5);
    for (int i = 0; i < most && parts.get(group.number).applied < group.entries.size(); i++) {
      apply(group, false);
    }
  }

  private void apply(Group group, boolean isReplay) {
    Part part = parts.get(group.number);
    Entry entry = group.entries.get(part.applied++);
    TurnBatch batch = entry.batch();
    if (batch != null) {
      rows(batch.actor()).apply(batch);
      Proposal proposal = entry.proposal();
      if (proposal != null && part.proposals.contains(proposal)) {
        proposal.isApplied = true;
      }
    } else if (part.owned != 0 && entry.epoch() > part.owned && !isReplay) {
      lose(group, "the log has a barrier of epoch " + entry.epoch());
    }
    if (part.elected != 0 && part.applied >= part.barrier && !isReplay) {
      own(group.number, part);
    }
  }

  private void own(int group, Part part) {
    part.owned = part.elected;
    part.elected = 0;
    run.trace("%s owns group %d in epoch %d".formatted(node, group, part.owned));
    if (listener != null) {
      listener.onOwned(group, part.owned);
    }
  }

  private void lose(Group group, String why) {
    Part part = parts.get(group.number);
    if (part.owned == 0) {
      return;
    }
    run.trace("%s loses group %d: %s".formatted(node, group.number, why));
    run.count(ClusterHappening.LOST);
    part.owned = 0;
    boolean isFirstTold = run.dice().chance(50);
    if (isFirstTold && listener != null) {
      listener.onLost(group.number, why);
    }
    while (!part.proposals.isEmpty()) {
      Proposal proposal = part.proposals.remove();
      report(proposal, resultAtTheEnd(proposal));
    }
    List<Confirm> confirms = List.copyOf(part.confirms);
    part.confirms.clear();
    confirms.forEach(c -> c.stage.complete(new CommitResult.Fenced(group.epoch)));
    if (!isFirstTold && listener != null) {
      listener.onLost(group.number, why);
    }
  }

  private static CommitResult resultAtTheEnd(Proposal proposal) {
    if (proposal.refusal != null) {
      return proposal.refusal;
    }
    return proposal.isApplied ? CommitResult.DONE : ReplicatedLog.unknown();
  }

  private void report(Proposal proposal, CommitResult result) {
    run.ledger().reported(this, proposal.batch, result);
    proposal.stage.complete(result);
  }

  /** Reports the first applied commits of some group. */
  void reportSome() {
    Part part = run.dice().pick(parts);
    int most = run.dice().between(1, 4);
    for (int i = 0; i < most; i++) {
      Proposal first = part.proposals.peek();
      if (first == null || (!first.isApplied && first.refusal == null)) {
        return;
      }
      part.proposals.remove();
      report(first, first.refusal == null ? CommitResult.DONE : first.refusal);
    }
  }

  /** Answers the questions whether this host still owns some group, if a majority answers. */
  void confirmSome() {
    Group group = run.dice().pick(log.groups());
    Part part = parts.get(group.number);
    if (part.confirms.isEmpty() || !log.hasMajority() || !node.isVoting()) {
      return;
    }
    Confirm first = part.confirms.remove(0);
    if (log.leads(this, group.number) && group.epoch == first.epoch) {
      first.stage.complete(CommitResult.DONE);
    } else {
      first.stage.complete(
          run.dice().chance(50) ? new CommitResult.Fenced(group.epoch) : ReplicatedLog.unknown());
      lose(group, "a majority does not confirm it");
    }
  }

  /** Returns whether this host believes wrongly that it owns a group. */
  private boolean isDeposed(Group group) {
    long owned = parts.get(group.number).owned;
    return owned != 0 && (group.leader != this || group.epoch != owned);
  }

  /** Lets this host hear that it was deposed, or believe so without reason. */
  void learn(boolean mayBeWrong) {
    for (Group group : log.groups()) {
      long owned = parts.get(group.number).owned;
      if (isDeposed(group) || (owned != 0 && mayBeWrong)) {
        if (!isDeposed(group)) {
          log.died(this); // it steps down
        }
        lose(group, "it hears so");
      }
    }
  }

  /** Fills the disk, or gives it room again. */
  void fill(boolean full) {
    isFull = full;
  }

  /** Lets the process die. */
  void crash() {
    log.died(this);
  }

  // The store as the host sees it follows.

  @Override
  public CompletionStage<CommitResult> commit(TurnBatch batch) {
    int group = groupOf(batch.actor());
    Part part = parts.get(group);
    if (part.owned != batch.epoch() || batch.epoch() == 0) {
      return CompletableFuture.completedStage(
          new CommitResult.Fenced(Math.max(part.owned, log.group(group).epoch)));
    }
    Proposal proposal = new Proposal(batch);
    part.proposals.add(proposal);
    if (isFull || broken.contains(batch.chain())) {
      broken.add(batch.chain());
      proposal.refusal = new CommitResult.Refused("as the dice say");
    }
    run.ledger().handedIn(this, batch);
    return proposal.stage;
  }

  @Override
  public CompletionStage<CommitResult> confirm(int group, long epoch) {
    Part part = parts.get(group);
    if (part.owned != epoch) {
      return CompletableFuture.completedStage(new CommitResult.Fenced(log.group(group).epoch));
    }
    Confirm confirm = new Confirm(epoch, new CompletableFuture<>());
    part.confirms.add(confirm);
    return confirm.stage;
  }

  @Override
  public void listen(OwnershipListener heard) {
    listener = heard;
    for (int group = 0; group < parts.size(); group++) {
      if (parts.get(group).owned != 0) {
        heard.onOwned(group, parts.get(group).owned);
      }
    }
  }

  @Override
  public long run() {
    return number;
  }

  @Override
  public Durability durability() {
    return Durability.FSYNC;
  }

  @Override
  public byte @Nullable [] get(ActorId actor, Table table, byte[] key) {
    return rows(actor).get(table, key);
  }

  @Override
  public List<Row> scan(ActorId actor, Table table, KeySpan span, int limit) {
    return rows(actor).scan(table, span, limit);
  }

  @Override
  public List<byte[]> keys(ActorId actor, Table table, KeySpan span, int limit) {
    return scan(actor, table, span, limit).stream().map(Row::key).toList();
  }

  @Override
  public List<PlacedRow> scanAll(Table table, @Nullable PlacedRow after, int limit) {
    return scan(table, actor -> true, after, limit);
  }

  @Override
  public List<PlacedRow> scanAll(Table table, int group, @Nullable PlacedRow after, int limit) {
    return scan(table, actor -> groupOf(actor) == group, after, limit);
  }

  private List<PlacedRow> scan(
      Table table, Predicate<ActorId> actors, @Nullable PlacedRow after, int limit) {
    List<PlacedRow> found = new ArrayList<>();
    boolean isBeyond = after == null;
    for (ActorId actor : run.actors()) {
      boolean isThere = after != null && after.actor().equals(actor);
      for (Map.Entry<byte[], byte[]> row : rows(actor).table(table).entrySet()) {
        boolean isWanted =
            isBeyond || (isThere && Arrays.compareUnsigned(row.getKey(), after.key()) > 0);
        if (isWanted && actors.test(actor) && found.size() < limit) {
          found.add(new PlacedRow(actor, row.getKey().clone(), row.getValue().clone()));
        }
      }
      isBeyond |= isThere;
    }
    return found;
  }

  @Override
  public ShardGroups groups() {
    return ReplicatedLog.GROUPS;
  }

  @Override
  public long epoch(int group) {
    return parts.get(group).owned;
  }

  @Override
  public int shardOf(ActorId actor) {
    return ReplicatedLog.shardOf(actor);
  }

  @Override
  public List<DueAlarm> firstDue(DueClock clock) {
    return IntStream.range(0, ReplicatedLog.GROUPS.shards())
        .mapToObj(shard -> due(clock, shard).findFirst())
        .flatMap(Optional::stream)
        .toList();
  }

  @Override
  public List<DueAlarm> due(
      DueClock clock, int shard, long fromMs, @Nullable DueAlarm after, int limit) {
    return due(clock, shard)
        .filter(alarm -> after == null ? alarm.ms() >= fromMs : ORDER.compare(alarm, after) > 0)
        .limit(limit)
        .toList();
  }

  private Stream<DueAlarm> due(DueClock clock, int shard) {
    return run.actors().stream()
        .filter(actor -> shardOf(actor) == shard)
        .flatMap(
            actor ->
                rows(actor).table(Table.DUE).keySet().stream().map(key -> DueAlarm.of(actor, key)))
        .filter(alarm -> alarm.clock() == clock)
        .sorted(ORDER);
  }

  @Override
  public @Nullable HeldMark clockMark(int group) {
    ClockMark mark = log.group(group).mark;
    return mark == null ? null : HeldMark.own(mark);
  }

  @Override
  public void keep(int group, ClockMark mark) {
    log.group(group).mark = mark;
  }

  @Override
  public void close() {}
}
