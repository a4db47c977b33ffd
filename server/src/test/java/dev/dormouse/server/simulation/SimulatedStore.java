package dev.dormouse.server.simulation;

import dev.dormouse.sdk.ActorId;
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
import java.io.IOException;
import java.io.UncheckedIOException;
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
 * A store that is as slow and as frail as its contract allows. A commit is handed in, later written
 * (reads see it), and later reported. The commits of one actor go in order, those of different
 * actors in any order. Until a commit is reported, nobody knows whether it survives.
 */
final class SimulatedStore implements NodeStore {

  /** The data that outlives the process. */
  static final class Disk {
    private final Map<ActorId, Rows> rows = new LinkedHashMap<>();
    private long runs;

    /** The epoch in force. It is far from every run, so that one is found in the other's place. */
    private long epoch = 1_000;

    private final Map<Integer, ClockMark> marks = new LinkedHashMap<>();
  }

  private static final int SHARDS = 4;
  private static final ShardGroups GROUPS = new ShardGroups(SHARDS, 2);

  private static final Comparator<DueAlarm> ORDER =
      Comparator.comparingLong(DueAlarm::ms)
          .thenComparing(alarm -> alarm.actor().toString())
          .thenComparing(DueAlarm::name);

  /** The state of the store. */
  private enum Health {
    GOOD,
    /** A write failed: nothing is written until the store is opened anew. */
    FAILED,
    /** Another node has taken the actors over. */
    FENCED
  }

  private static final class Commit {
    final TurnBatch batch;
    final CompletableFuture<CommitResult> stage = new CompletableFuture<>();
    boolean isWritten;

    /** The result of the commit; null until it is known. */
    @Nullable CommitResult result;

    Commit(TurnBatch batch) {
      this.batch = batch;
    }
  }

  private final Simulation run;
  private final Disk disk;
  private final long number;
  private final long epoch;
  private final Map<ActorId, Rows> visible = new LinkedHashMap<>();

  /** The commits that were handed in and not reported, the oldest first; no list is empty. */
  private final Map<ActorId, ArrayDeque<Commit>> underWay = new LinkedHashMap<>();

  /** The chains whose later commits are refused. */
  private final Set<CommitChain> broken = Collections.newSetFromMap(new IdentityHashMap<>());

  private Health health = Health.GOOD;
  private boolean isFull;
  private int badReadsPercent;

  SimulatedStore(Simulation run, Disk disk) {
    this.run = run;
    this.disk = disk;
    this.number = ++disk.runs;
    this.epoch = ++disk.epoch;
    disk.rows.forEach((actor, rows) -> visible.put(actor, rows.copy()));
  }

  @Override
  public long run() {
    return number;
  }

  @Override
  public Durability durability() {
    return Durability.FSYNC;
  }

  // The reads follow.

  /** Returns the actor's rows as reads see them now. */
  Rows rows(ActorId actor) {
    return visible.computeIfAbsent(actor, id -> new Rows());
  }

  @Override
  public byte @Nullable [] get(ActorId actor, Table table, byte[] key) {
    mayFail(actor);
    return rows(actor).get(table, key);
  }

  @Override
  public List<Row> scan(ActorId actor, Table table, KeySpan span, int limit) {
    mayFail(actor);
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
    mayFail(null);
    List<PlacedRow> found = new ArrayList<>();
    boolean isBeyond = after == null;
    for (Map.Entry<ActorId, Rows> entry : visible.entrySet()) {
      boolean isThere = after != null && after.actor().equals(entry.getKey());
      for (Map.Entry<byte[], byte[]> row : entry.getValue().table(table).entrySet()) {
        boolean isWanted =
            isBeyond || (isThere && Arrays.compareUnsigned(row.getKey(), after.key()) > 0);
        if (isWanted && actors.test(entry.getKey()) && found.size() < limit) {
          found.add(new PlacedRow(entry.getKey(), row.getKey().clone(), row.getValue().clone()));
        }
      }
      isBeyond |= isThere;
    }
    return found;
  }

  // Alarms are not simulated.

  @Override
  public ShardGroups groups() {
    return GROUPS;
  }

  @Override
  public long epoch(int group) {
    return epoch;
  }

  @Override
  public int shardOf(ActorId actor) {
    return Math.floorMod(actor.hashCode(), SHARDS);
  }

  @Override
  public List<DueAlarm> firstDue(DueClock clock) {
    mayFail(null);
    return IntStream.range(0, SHARDS)
        .mapToObj(shard -> due(clock, shard).findFirst())
        .flatMap(Optional::stream)
        .toList();
  }

  @Override
  public List<DueAlarm> due(
      DueClock clock, int shard, long fromMs, @Nullable DueAlarm after, int limit) {
    mayFail(null);
    return due(clock, shard)
        .filter(alarm -> after == null ? alarm.ms() >= fromMs : ORDER.compare(alarm, after) > 0)
        .limit(limit)
        .toList();
  }

  private Stream<DueAlarm> due(DueClock clock, int shard) {
    return visible.entrySet().stream()
        .filter(entry -> shardOf(entry.getKey()) == shard)
        .flatMap(
            entry ->
                entry.getValue().table(Table.DUE).keySet().stream()
                    .map(key -> DueAlarm.of(entry.getKey(), key)))
        .filter(alarm -> alarm.clock() == clock)
        .sorted(ORDER);
  }

  @Override
  public @Nullable HeldMark clockMark(int group) {
    ClockMark mark = disk.marks.get(group);
    return mark == null ? null : HeldMark.own(mark);
  }

  @Override
  public void keep(int group, ClockMark mark) {
    disk.marks.put(group, mark);
  }

  private void mayFail(@Nullable ActorId actor) {
    if (badReadsPercent > 0 && run.dice().chance(badReadsPercent)) {
      if (actor != null && !run.isOutside()) {
        run.oracle().readFailed(actor);
      }
      throw new UncheckedIOException(new IOException("a bad block"));
    }
  }

  /** Lets this percentage of reads fail from here on. */
  void failReads(int percent) {
    badReadsPercent = percent;
  }

  @Override
  public void listen(OwnershipListener listener) {
    for (int group = 0; group < GROUPS.groups(); group++) {
      listener.onOwned(group, epoch);
    }
  }

  @Override
  public CompletionStage<CommitResult> confirm(int group, long confirmed) {
    return CompletableFuture.completedStage(
        confirmed == disk.epoch ? CommitResult.DONE : new CommitResult.Fenced(disk.epoch));
  }

  // The commits follow.

  @Override
  public CompletionStage<CommitResult> commit(TurnBatch batch) {
    run.oracle().handedIn(batch, epoch);
    Commit commit = new Commit(batch);
    ArrayDeque<Commit> before = underWay.get(batch.actor());
    if (health == Health.FENCED) {
      commit.result = new CommitResult.Fenced(epoch + 1);
    } else if (health == Health.FAILED) {
      commit.result = unknown();
    } else if (isFull || broken.contains(batch.chain())) {
      refuse(commit);
    }
    underWay.computeIfAbsent(batch.actor(), id -> new ArrayDeque<>()).add(commit);
    if (before == null && run.dice().chance(run.weather().swiftCommitsPercent())) {
      write(commit);
      report(batch.actor());
    } else {
      run.meanwhile(null);
    }
    return commit.stage;
  }

  private void refuse(Commit commit) {
    commit.result = new CommitResult.Refused("as the dice say");
    broken.add(commit.batch.chain());
  }

  private static CommitResult unknown() {
    return new CommitResult.Unknown(new IOException("a write failed"));
  }

  private void write(Commit commit) {
    if (commit.result == null && !commit.isWritten) {
      commit.isWritten = true;
      rows(commit.batch.actor()).apply(commit.batch);
    }
  }

  /** Writes some actor's commits. */
  void write() {
    if (!underWay.isEmpty()) {
      int most = run.dice().between(1, 3);
      anActorUnderWay().getValue().stream().limit(most).forEach(this::write);
    }
  }

  /** Reports some actor's first commit, if it is written or lost. */
  void report() {
    if (!underWay.isEmpty()) {
      report(anActorUnderWay().getKey());
    }
  }

  private Map.Entry<ActorId, ArrayDeque<Commit>> anActorUnderWay() {
    return run.dice().pick(List.copyOf(underWay.entrySet()));
  }

  private void report(ActorId actor) {
    ArrayDeque<Commit> commits = underWay.get(actor);
    Commit first = commits.getFirst();
    if (first.result == null && !first.isWritten) {
      return;
    }
    commits.removeFirst();
    if (commits.isEmpty()) {
      underWay.remove(actor);
    }
    CommitResult result = first.result == null ? CommitResult.DONE : first.result;
    if (result == CommitResult.DONE) {
      keep(first.batch);
    }
    run.oracle().reported(actor, result);
    first.stage.complete(result);
  }

  private void keep(TurnBatch batch) {
    disk.rows.computeIfAbsent(batch.actor(), id -> new Rows()).apply(batch);
  }

  boolean isIdle() {
    return underWay.isEmpty();
  }

  // The failures follow.

  /**
   * Fails for good: commits under way may have been kept or not, and later commits are not kept.
   */
  void fail() {
    if (health == Health.GOOD) {
      health = Health.FAILED;
      run.trace("the store fails");
      List.copyOf(underWay.keySet()).forEach(this::lose);
    }
  }

  /** Lets another node take over: commits that were not written yet never will be. */
  void fence() {
    if (health == Health.GOOD) {
      health = Health.FENCED;
      disk.epoch++;
      run.trace("the store is fenced");
      for (ArrayDeque<Commit> commits : underWay.values()) {
        for (Commit commit : commits) {
          if (!commit.isWritten && commit.result == null) {
            commit.result = new CommitResult.Fenced(disk.epoch);
          }
        }
      }
    }
  }

  /** Refuses some commits that were handed in, and all that build on them. */
  void refuseSome() {
    if (health == Health.GOOD && !underWay.isEmpty()) {
      Map.Entry<ActorId, ArrayDeque<Commit>> unlucky = anActorUnderWay();
      run.trace("commits of " + unlucky.getKey() + " are refused");
      for (Commit commit : unlucky.getValue()) {
        if (!commit.isWritten && commit.result == null) {
          refuse(commit);
        }
      }
    }
  }

  /** Fills the disk from here on, or gives it room again. */
  void fill(boolean isFull) {
    if (this.isFull != isFull) {
      run.trace(isFull ? "the disk is full" : "the disk has room");
      this.isFull = isFull;
    }
  }

  private void lose(ActorId actor) {
    int surviving = surviving(underWay.get(actor));
    run.trace("commits of " + actor + " are lost; kept all the same: " + surviving);
    for (Commit commit : underWay.get(actor)) {
      if (commit.result == null) {
        if (surviving > 0) {
          write(commit);
          keep(commit.batch);
        }
        commit.result = unknown();
      }
      surviving--;
    }
  }

  /**
   * Returns the number of surviving commits: all that were written, and of the rest none or the
   * first few.
   */
  private int surviving(ArrayDeque<Commit> commits) {
    int written = (int) commits.stream().filter(commit -> commit.isWritten).count();
    return run.dice().between(written, commits.size());
  }

  boolean isGood() {
    return health == Health.GOOD;
  }

  /** Lets the process die: the later part of each actor's unreported commits is lost. */
  void crash() {
    underWay.forEach(
        (actor, commits) -> {
          int surviving = run.dice().between(0, commits.size());
          if (surviving > 0 && surviving < commits.size()) {
            run.count(Happening.CRASH_BETWEEN_COMMITS);
          }
          for (Commit commit : commits) {
            if (commit.result == null && surviving-- > 0) {
              keep(commit.batch);
            }
          }
        });
    underWay.clear();
  }

  @Override
  public void close() {}
}
