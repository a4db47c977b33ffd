package dev.dormouse.storage;

import dev.dormouse.sdk.ActorId;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * The durable rows of actors. Each actor has its own ordered key space in each {@link Table}; the
 * writes of one turn are committed together.
 *
 * <p>All methods may be called from any thread. Each read sees what was committed, never half a
 * commit. Commits of one actor take effect, and are reported, in the order in which they were
 * handed in. After {@link #close} reads and {@link #commit} throw {@link IllegalStateException}.
 * Reads throw {@link java.io.UncheckedIOException} if the disk cannot be read, and its subclass
 * {@link NoFileHandlesException} if the process has too many files open.
 */
public interface ActorStore extends AutoCloseable {

  /** A read of many rows ends with the one by which keys and values have so many bytes. */
  long READ_BYTES_MAX = 32L << 20;

  /** The number of this opening of the store; greater than that of any opening before; from 1. */
  long incarnation();

  /**
   * How an earlier opening ended, as far as can be told: {@link Ending#PROCESS_DIED} unless
   * something else is known.
   */
  default Ending endingOf(long incarnation) {
    return Ending.PROCESS_DIED;
  }

  /** What a commit that is done has survived. */
  Durability durability();

  /**
   * The value of a row, or null if there is none. A fresh array.
   *
   * @param key the row's key within the actor and table; may be empty
   * @throws CorruptRowException if the stored bytes fail their checksum or have an unknown version
   */
  byte @Nullable [] get(ActorId actor, Table table, byte[] key);

  /**
   * Rows of one actor in the order of their keys (unsigned bytes), read at once.
   *
   * @param table not {@link Table#DUE}, whose rows do not lie by actor
   * @param span which keys, and from which end
   * @param limit the most rows, at least 1; there are fewer if the span has no more, or if they
   *     {@linkplain #isFull have all the bytes} that are read at once
   * @throws CorruptRowException if the engine cannot go on from row to row; a value alone that
   *     fails its checksum or has an unknown version is null, and {@link #get} says why
   */
  List<Row> scan(ActorId actor, Table table, KeySpan span, int limit);

  /**
   * Rows of all actors in the order in which the store keeps them, a page at a time; the rows of an
   * actor lie together, in the order of their keys. Rows committed meanwhile may be among them or
   * not.
   *
   * @param after the last row of the page before; null for the first page
   * @param limit the most rows, at least 1; there are fewer if the table has no more, or if they
   *     have {@link #READ_BYTES_MAX} bytes
   * @throws CorruptRowException if a row's key cannot be read, or the engine cannot go on from row
   *     to row; a value alone that cannot be read is null, and {@link #get} says why
   */
  List<PlacedRow> scanAll(Table table, @Nullable PlacedRow after, int limit);

  /**
   * The keys of an actor's rows, like {@link #scan} but without reading what the rows hold.
   *
   * @param limit the most keys, at least 1; there are fewer only if the span has no more
   * @throws CorruptRowException if the engine cannot go on from row to row
   */
  List<byte[]> keys(ActorId actor, Table table, KeySpan span, int limit);

  /** Into how many parts the actors are divided. */
  int shards();

  /** The part that an actor belongs to, from 0. */
  int shardOf(ActorId actor);

  /** Of each shard that has alarms by this clock, the one that is due first. */
  List<DueAlarm> firstDue(DueClock clock);

  /**
   * Alarms of a shard by one clock in the order in which they come due, a page at a time; those
   * that are due at the same time in the order of their actors and names. One whose stored key
   * cannot be read is left out, and logged.
   *
   * @param fromMs the least time
   * @param after the last one of the page before, in place of the least time; null for the first
   *     page
   * @param limit the most alarms, at least 1; there are fewer only if the shard has no more
   */
  List<DueAlarm> due(DueClock clock, int shard, long fromMs, @Nullable DueAlarm after, int limit);

  /** What {@link #keep} kept last; null if it never did. */
  @Nullable ClockMark clockMark();

  /**
   * Keeps a mark in place of the one before. What comes at once after it may be lost by a power
   * cut, whatever the durability.
   *
   * @throws java.io.UncheckedIOException if it cannot be written
   */
  void keep(ClockMark mark);

  /**
   * Hands in the writes of a turn. The stage completes when they are kept as {@link #durability}
   * says, or are known not to be; it never completes exceptionally. It may complete on the calling
   * thread before this method returns, or on a thread of the store or of another caller, which must
   * not be held up and must not close the store.
   *
   * <p>Once a commit has ended in {@link CommitResult.Refused} or {@link CommitResult.Unknown}, so
   * do all that come later in its chain: they may build on what was lost. While the disk has no
   * room commits are refused; reads go on, and so do commits as soon as there is room. After a
   * write that failed for another reason nothing is kept any more. The store does not limit how
   * many commits wait; who hands them in does.
   *
   * @param batch not to be changed until the stage completes; its epoch is that of this opening,
   *     {@link #incarnation}, or it is fenced
   */
  CompletionStage<CommitResult> commit(TurnBatch batch);

  /** What became of commits so far; zeros if the store does not count. Any thread. */
  default CommitCounts commitCounts() {
    return new CommitCounts(0, 0, 0, false);
  }

  /** The thread that is writing commits; null if there is none, or the store does not tell. */
  default @Nullable Thread committing() {
    return null;
  }

  /**
   * Takes a {@linkplain Backups backup} while the store is in use: all commits that were done
   * before the call are in it. Runs on the caller's thread, and takes as long as writing out what
   * is in memory, and copying all if the backup is on another file system. Commits go on meanwhile,
   * and the store may be closed.
   *
   * @param to a folder that is missing or empty; its parent is there
   * @param at the time, to be noted in the backup
   * @throws BackupException if it cannot be written, or another is being taken
   * @throws UnsupportedOperationException if the store keeps nothing
   */
  default BackupReport backup(Path to, Instant at) {
    throw new UnsupportedOperationException("a store in memory has nothing to back up");
  }

  /**
   * Waits for the commits that were handed in, then closes. The next opening can tell that this one
   * was closed. Idempotent.
   *
   * @throws IllegalStateException if the completion of a commit calls it
   */
  @Override
  void close();

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

  /** Whether a read ended with these rows because of their bytes, so that there may be more. */
  static boolean isFull(List<Row> rows) {
    return rows.stream().mapToLong(Row::bytes).sum() >= READ_BYTES_MAX;
  }

  /**
   * A row of one actor.
   *
   * @param key the key within actor and table
   * @param value the value; null if it could not be read, being corrupt
   */
  @SuppressWarnings("ArrayRecordComponent") // nobody compares them
  record Row(byte[] key, byte @Nullable [] value) {

    /** How many bytes it has, as far as they could be read. */
    public long bytes() {
      return (long) key.length + (value == null ? 0 : value.length);
    }
  }

  /**
   * A row and whose it is.
   *
   * @param actor the actor
   * @param key the key within actor and table
   * @param value the value; null if it could not be read, being corrupt
   */
  @SuppressWarnings("ArrayRecordComponent") // nobody compares them
  record PlacedRow(ActorId actor, byte[] key, byte @Nullable [] value) {

    /** How many bytes it has besides its actor's name, as far as they could be read. */
    long bytes() {
      return (long) key.length + (value == null ? 0 : value.length);
    }
  }
}
