package dev.dormouse.storage;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.storage.rows.ClockMark;
import dev.dormouse.storage.rows.CorruptRowException;
import dev.dormouse.storage.rows.DueAlarm;
import dev.dormouse.storage.rows.DueClock;
import dev.dormouse.storage.rows.HeldMark;
import dev.dormouse.storage.rows.KeySpan;
import dev.dormouse.storage.rows.ShardGroups;
import dev.dormouse.storage.rows.Table;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * The store of actors' rows. Each actor has its own ordered key space in each {@link Table}, and
 * the writes of one turn are committed together.
 *
 * <p>Any thread may call every method. A read sees whole commits, never half of one. Commits of one
 * actor take effect, and are reported, in the order in which they were handed in. After the store
 * was {@linkplain StoreFolder#close closed}, reads, {@link #commit} and {@link #confirm} throw
 * {@link IllegalStateException}. Reads throw {@link java.io.UncheckedIOException} if the disk
 * cannot be read, and its subclass {@link NoFileHandlesException} if the process has too many files
 * open.
 */
public interface ActorStore {

  /** The limit of a read of many rows, in bytes: the read ends with the row that reaches it. */
  long READ_BYTES_MAX = 32L << 20;

  /**
   * Reads the value of a row.
   *
   * @return the value in a fresh array; null if there is no such row
   * @param key the row's key within the actor and table; may be empty
   * @throws CorruptRowException if the stored bytes fail their checksum or have an unknown version
   */
  byte @Nullable [] get(ActorId actor, Table table, byte[] key);

  /**
   * Reads rows of one actor in the order of their keys, which compare as unsigned bytes.
   *
   * @param table the table; not {@link Table#DUE}, whose rows do not lie by actor
   * @param span the span of keys, and the direction in which they are read
   * @param limit the greatest number of rows, at least 1; fewer are returned if the span has no
   *     more rows, or if they reach {@link #READ_BYTES_MAX}, which {@link #isFull} tells
   * @throws CorruptRowException if the engine cannot go on from row to row; a single value that
   *     fails its checksum or has an unknown version is null, and {@link #get} says why
   */
  List<Row> scan(ActorId actor, Table table, KeySpan span, int limit);

  /**
   * Reads a page of the rows of all actors, in the order in which the store keeps them. The rows of
   * an actor lie together, in the order of their keys. A row that is committed between two pages
   * may be missing from them.
   *
   * @param after the last row of the page before; null for the first page
   * @param limit the greatest number of rows, at least 1; fewer are returned if the table has no
   *     more rows, or if they reach {@link #READ_BYTES_MAX}
   * @throws CorruptRowException if a row's key cannot be read, or the engine cannot go on from row
   *     to row; a single value that cannot be read is null, and {@link #get} says why
   */
  List<PlacedRow> scanAll(Table table, @Nullable PlacedRow after, int limit);

  /**
   * Reads the keys of an actor's rows, in the order of {@link #scan}, without the values.
   *
   * @param limit the greatest number of keys, at least 1; fewer are returned only if the span has
   *     no more keys
   * @throws CorruptRowException if the engine cannot go on from row to row
   */
  List<byte[]> keys(ActorId actor, Table table, KeySpan span, int limit);

  /**
   * Reads a page of the rows of the actors of one group, as {@link #scanAll(Table, PlacedRow, int)}
   * reads those of all actors.
   *
   * @throws IndexOutOfBoundsException if there is no such group
   */
  List<PlacedRow> scanAll(Table table, int group, @Nullable PlacedRow after, int limit);

  /** Returns the shards, into which the actors are divided, and the groups of shards. */
  ShardGroups groups();

  /** Returns the number of shards. */
  default int shards() {
    return groups().shards();
  }

  /** Returns the shard of an actor, from 0. */
  int shardOf(ActorId actor);

  /** Returns the group of an actor's shard, from 0. */
  default int groupOf(ActorId actor) {
    return groups().groupOf(shardOf(actor));
  }

  /**
   * Returns the epoch in which this node owns a group of shards: at least 1, and greater than the
   * epoch of every earlier ownership of the group. It is 0 if the node does not own the group.
   *
   * @throws IndexOutOfBoundsException if there is no such group
   */
  long epoch(int group);

  /** Returns the epoch in which this node owns the group of an actor; 0 if it does not own it. */
  default long epochOf(ActorId actor) {
    return epoch(groupOf(actor));
  }

  /**
   * Sets the listener that hears which groups this node owns. Before this method returns, the
   * listener hears of every group that the node owns already.
   *
   * @throws IllegalStateException if a listener was set before
   */
  void listen(OwnershipListener listener);

  /**
   * Confirms that this node owns a group in an epoch, and owned it when this method was called. A
   * turn that answers without writing anything waits for it, since the rows that the turn has read
   * might be out of date otherwise. The stage ends like that of {@link #commit}: in {@link
   * CommitResult.Done}, {@link CommitResult.Fenced} or {@link CommitResult.Unknown}.
   *
   * @throws IndexOutOfBoundsException if there is no such group
   */
  CompletionStage<CommitResult> confirm(int group, long epoch);

  /** Reads the alarm that is due first, by a clock, of each shard that has alarms by that clock. */
  List<DueAlarm> firstDue(DueClock clock);

  /**
   * Reads a page of the alarms of a shard by one clock, in the order in which they come due. Alarms
   * that are due at the same time are in the order of their actors and names. An alarm whose stored
   * key cannot be read is left out, and logged at ERROR.
   *
   * @param fromMs the least time in milliseconds, for the first page
   * @param after the last alarm of the page before; null for the first page
   * @param limit the greatest number of alarms, at least 1; fewer are returned only if the shard
   *     has no more alarms
   */
  List<DueAlarm> due(DueClock clock, int shard, long fromMs, @Nullable DueAlarm after, int limit);

  /**
   * Returns the mark of a group's running clock that was kept last, and how to tell its age; null
   * if none was kept.
   *
   * @throws CorruptRowException if the mark is damaged
   */
  @Nullable HeldMark clockMark(int group);

  /**
   * Keeps a mark of a group's running clock in place of the one before, if this node owns the
   * group. The mark is not synced, so a power cut may bring back an earlier one, whatever the
   * durability.
   *
   * @throws java.io.UncheckedIOException if the mark cannot be written, or the disk has no room
   */
  void keep(int group, ClockMark mark);

  /**
   * Commits the writes of a turn. The stage completes when the writes are kept as {@link
   * StoreFolder#durability} says, or are known not to be kept; it never completes exceptionally. It
   * may complete on the calling thread before this method returns, or on a thread of the store or
   * of another caller. That thread must not be held up, and must not close the store.
   *
   * <p>After a commit has ended in {@link CommitResult.Refused} or {@link CommitResult.Unknown},
   * all later commits of its chain end so too, because they may build on what was lost. While the
   * disk has no room, or the process has no file handles, commits are refused; reads go on, and
   * commits go on when there is room again. After a write that failed for another reason nothing is
   * kept any more. The store does not limit how many commits wait; its callers must.
   *
   * @param batch the writes, which must not be changed until the stage completes; a batch whose
   *     epoch is not the one in force, {@link #epochOf} the actor, is fenced
   */
  CompletionStage<CommitResult> commit(TurnBatch batch);

  /**
   * Checks the limit of a read.
   *
   * @throws IllegalArgumentException if the limit is less than 1
   */
  static void checkLimit(int limit) {
    if (limit < 1) {
      throw new IllegalArgumentException("a limit of " + limit + " rows is less than 1");
    }
  }

  /** Returns whether a read ended because these rows reached the limit, so that more may follow. */
  static boolean isFull(List<Row> rows) {
    return rows.stream().mapToLong(Row::bytes).sum() >= READ_BYTES_MAX;
  }

  /**
   * A row of an actor that the reader named.
   *
   * @param key the key within actor and table
   * @param value the value; null if it is damaged
   */
  @SuppressWarnings("ArrayRecordComponent") // nobody compares them
  record Row(byte[] key, byte @Nullable [] value) {

    /** Returns the number of bytes of the key and the value. */
    public long bytes() {
      return (long) key.length + (value == null ? 0 : value.length);
    }
  }

  /**
   * A row with its actor.
   *
   * @param actor the actor
   * @param key the key within actor and table
   * @param value the value; null if it is damaged
   */
  @SuppressWarnings("ArrayRecordComponent") // nobody compares them
  record PlacedRow(ActorId actor, byte[] key, byte @Nullable [] value) {

    /** Returns the number of bytes of the key and the value, without the actor's name. */
    public long bytes() {
      return (long) key.length + (value == null ? 0 : value.length);
    }
  }
}
