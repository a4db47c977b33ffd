package dev.dormouse.server.host;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.storage.CommitChain;
import dev.dormouse.storage.CommitResult;
import dev.dormouse.storage.Durability;
import dev.dormouse.storage.Ending;
import dev.dormouse.storage.NoFileHandlesException;
import dev.dormouse.storage.NodeStore;
import dev.dormouse.storage.OwnershipListener;
import dev.dormouse.storage.TurnBatch;
import dev.dormouse.storage.rows.AutoRepliesRow;
import dev.dormouse.storage.rows.ClockMark;
import dev.dormouse.storage.rows.DueAlarm;
import dev.dormouse.storage.rows.DueClock;
import dev.dormouse.storage.rows.HeldMark;
import dev.dormouse.storage.rows.KeySpan;
import dev.dormouse.storage.rows.ShardGroups;
import dev.dormouse.storage.rows.Table;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A store whose commits wait until the test lets them through or loses them, whose disk may be
 * full, and whose rows cannot be read if the test says so.
 */
final class HeldStore implements NodeStore {
  private record Waiting(TurnBatch batch, CompletableFuture<CommitResult> result) {}

  private final NodeStore store;
  private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
  private final List<TurnBatch> kept = new ArrayList<>();
  private Predicate<String> unreadable = key -> false;
  private RuntimeException readFailure = new UncheckedIOException(new IOException("bad sector"));
  private @Nullable RuntimeException actorFailure;
  private int failedActorReads;
  private int autoReplyReads;
  private int connectionScans;
  private boolean isConnectionUnreadable;
  private boolean isScanFailing;
  private final Set<CommitChain> broken = Collections.newSetFromMap(new IdentityHashMap<>());
  private boolean isHolding;
  private @Nullable Table dropped;
  private boolean isFull;
  private int refusals;

  HeldStore(NodeStore store) {
    this.store = store;
  }

  void hold() {
    isHolding = true;
  }

  /** Makes the disk full, or gives it room again. */
  void full(boolean isFull) {
    this.isFull = isFull;
  }

  /** Returns the number of commits that were refused since the last call. */
  int refusals() {
    int number = refusals;
    refusals = 0;
    return number;
  }

  int waiting() {
    return waiting.size();
  }

  /** Returns the batches that were kept, in order. */
  List<TurnBatch> kept() {
    return kept;
  }

  /** Makes values of these keys unreadable from now on. */
  void failReads(Predicate<String> keys) {
    unreadable = keys;
    readFailure = new UncheckedIOException(new IOException("bad sector"));
  }

  /**
   * Makes values of these keys unreadable from now on, since the process has too many files open.
   */
  void failReadsForWantOfHandles(Predicate<String> keys) {
    unreadable = keys;
    readFailure = new NoFileHandlesException("a value", new IOException("Too many open files"));
  }

  /**
   * Makes reads of an actor's own row throw this from now on; null makes the row readable again.
   */
  void failActorReads(@Nullable RuntimeException failure) {
    actorFailure = failure;
    failedActorReads = 0;
  }

  /** Returns how often a read of an actor's own row has failed. */
  int failedActorReads() {
    return failedActorReads;
  }

  /** Makes the rows of connections unreadable, or readable again, from now on. */
  void failConnectionReads(boolean isFailing) {
    isConnectionUnreadable = isFailing;
  }

  /** Makes the rows of groups unreadable, or readable again, from now on. */
  void failGroupScans(boolean isFailing) {
    isScanFailing = isFailing;
  }

  /** Returns how often rows of connections were read one after the other. */
  int connectionScans() {
    return connectionScans;
  }

  /** Returns how often a row of automatic replies was read. */
  int autoReplyReads() {
    return autoReplyReads;
  }

  void letThrough() {
    Waiting next = waiting.remove();
    write(next.batch).thenAccept(next.result::complete);
  }

  private CompletionStage<CommitResult> write(TurnBatch batch) {
    if (isFull || broken.contains(batch.chain())) {
      refusals++;
      broken.add(batch.chain());
      return CompletableFuture.completedStage(new CommitResult.Refused("full, as asked"));
    }
    kept.add(batch);
    return store.commit(batch);
  }

  void letAllThrough() {
    isHolding = false;
    while (!waiting.isEmpty()) {
      letThrough();
    }
  }

  /** Keeps the first commit that waits, which goes on waiting for its report. */
  void keepUnreported() {
    store.commit(waiting.element().batch);
  }

  void lose(CommitResult as) {
    Waiting next = waiting.remove();
    broken.add(next.batch.chain());
    next.result.complete(as);
  }

  /** Keeps the next commit, unless one before it was lost, and reports it as lost. */
  void keepButLose(CommitResult as) {
    TurnBatch next = waiting.element().batch;
    if (!broken.contains(next.chain())) {
      store.commit(next);
    }
    lose(as);
  }

  /** Leaves the writes of a table out of all batches, which is a fault; null leaves none out. */
  void dropWritesOf(@Nullable Table table) {
    dropped = table;
  }

  private TurnBatch without(TurnBatch batch) {
    return new TurnBatch(
        batch.actor(),
        batch.epoch(),
        batch.chain(),
        batch.cleared(),
        batch.writes().stream().filter(write -> write.table() != dropped).toList());
  }

  @Override
  public CompletionStage<CommitResult> commit(TurnBatch handedIn) {
    TurnBatch batch = dropped == null ? handedIn : without(handedIn);
    if (!isHolding) {
      return write(batch);
    }
    Waiting entry = new Waiting(batch, new CompletableFuture<>());
    waiting.add(entry);
    return entry.result;
  }

  @Override
  public long run() {
    return store.run();
  }

  @Override
  public Ending endingOf(long earlier) {
    return store.endingOf(earlier);
  }

  @Override
  public Durability durability() {
    return store.durability();
  }

  @Override
  public byte @Nullable [] get(ActorId actor, Table table, byte[] key) {
    if ((table == Table.VALUE && unreadable.test(new String(key, StandardCharsets.UTF_8)))
        || (table == Table.CONNECTION && isConnectionUnreadable)) {
      throw readFailure;
    }
    if (table == Table.ACTOR && actorFailure != null) {
      failedActorReads++;
      throw actorFailure;
    }
    if (table == Table.ACTOR && Arrays.equals(key, AutoRepliesRow.key())) {
      autoReplyReads++;
    }
    return store.get(actor, table, key);
  }

  @Override
  public List<Row> scan(ActorId actor, Table table, KeySpan span, int limit) {
    if (table == Table.CONNECTION) {
      connectionScans++;
    }
    return store.scan(actor, table, span, limit);
  }

  @Override
  public List<byte[]> keys(ActorId actor, Table table, KeySpan span, int limit) {
    return store.keys(actor, table, span, limit);
  }

  @Override
  public List<PlacedRow> scanAll(Table table, @Nullable PlacedRow after, int limit) {
    return store.scanAll(table, after, limit);
  }

  @Override
  public List<PlacedRow> scanAll(Table table, int group, @Nullable PlacedRow after, int limit) {
    if (isScanFailing) {
      throw new UncheckedIOException(new IOException("bad sector"));
    }
    return store.scanAll(table, group, after, limit);
  }

  @Override
  public ShardGroups groups() {
    return store.groups();
  }

  @Override
  public long epoch(int group) {
    return store.epoch(group);
  }

  @Override
  public void listen(OwnershipListener listener) {
    store.listen(listener);
  }

  @Override
  public CompletionStage<CommitResult> confirm(int group, long epoch) {
    return store.confirm(group, epoch);
  }

  @Override
  public long epochOf(ActorId actor) {
    return store.epochOf(actor);
  }

  @Override
  public int shardOf(ActorId actor) {
    return store.shardOf(actor);
  }

  @Override
  public List<DueAlarm> firstDue(DueClock clock) {
    return store.firstDue(clock);
  }

  @Override
  public List<DueAlarm> due(
      DueClock clock, int shard, long fromMs, @Nullable DueAlarm after, int limit) {
    return store.due(clock, shard, fromMs, after, limit);
  }

  @Override
  public @Nullable HeldMark clockMark(int group) {
    return store.clockMark(group);
  }

  @Override
  public void keep(int group, ClockMark mark) {
    store.keep(group, mark);
  }

  @Override
  public void close() {
    store.close();
  }
}
