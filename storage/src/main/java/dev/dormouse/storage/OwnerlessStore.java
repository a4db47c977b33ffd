package dev.dormouse.storage;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.storage.rows.ClockMark;
import dev.dormouse.storage.rows.DueAlarm;
import dev.dormouse.storage.rows.DueClock;
import dev.dormouse.storage.rows.HeldMark;
import dev.dormouse.storage.rows.KeySpan;
import dev.dormouse.storage.rows.RowKeys;
import dev.dormouse.storage.rows.ShardGroups;
import dev.dormouse.storage.rows.Table;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * The store of a node that runs no actors: it has no rows, owns no group, and knows only how the
 * actors of its cluster are divided into groups.
 */
final class OwnerlessStore implements NodeStore {
  private final RowKeys keys;
  private final ShardGroups groups;
  private final long run;

  OwnerlessStore(ShardGroups groups, long run) {
    this.keys = new RowKeys(groups.shards());
    this.groups = groups;
    this.run = run;
  }

  @Override
  public byte @Nullable [] get(ActorId actor, Table table, byte[] key) {
    return null;
  }

  @Override
  public List<Row> scan(ActorId actor, Table table, KeySpan span, int limit) {
    return List.of();
  }

  @Override
  public List<PlacedRow> scanAll(Table table, @Nullable PlacedRow after, int limit) {
    return List.of();
  }

  @Override
  public List<byte[]> keys(ActorId actor, Table table, KeySpan span, int limit) {
    return List.of();
  }

  @Override
  public List<PlacedRow> scanAll(Table table, int group, @Nullable PlacedRow after, int limit) {
    Objects.checkIndex(group, groups.groups());
    return List.of();
  }

  @Override
  public ShardGroups groups() {
    return groups;
  }

  @Override
  public int shardOf(ActorId actor) {
    return keys.shardOf(actor);
  }

  @Override
  public long epoch(int group) {
    Objects.checkIndex(group, groups.groups());
    return 0;
  }

  @Override
  public void listen(OwnershipListener listener) {}

  @Override
  public CompletionStage<CommitResult> confirm(int group, long epoch) {
    return fenced();
  }

  @Override
  public List<DueAlarm> firstDue(DueClock clock) {
    return List.of();
  }

  @Override
  public List<DueAlarm> due(
      DueClock clock, int shard, long fromMs, @Nullable DueAlarm after, int limit) {
    return List.of();
  }

  @Override
  public @Nullable HeldMark clockMark(int group) {
    return null;
  }

  @Override
  public void keep(int group, ClockMark mark) {}

  @Override
  public CompletionStage<CommitResult> commit(TurnBatch batch) {
    return fenced();
  }

  private static CompletionStage<CommitResult> fenced() {
    return CompletableFuture.completedStage(new CommitResult.Fenced(0));
  }

  @Override
  public long run() {
    return run;
  }

  @Override
  public Durability durability() {
    return Durability.MEMORY;
  }

  @Override
  public void close() {}
}
