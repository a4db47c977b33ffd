package dev.dormouse.storage;

import java.nio.file.Path;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * The folder of a node's store: what concerns the node's own disk and this opening of it, and no
 * single actor. Any thread may call every method.
 */
public interface StoreFolder extends AutoCloseable {

  /**
   * Returns the number of this opening, the node's run: at least 1, and greater than that of any
   * opening before. No other node has a run of this number.
   */
  long run();

  /**
   * Reserves the number of a run for a process of the cluster that has no folder, as if the folder
   * had been opened. The number is on the disk when this method returns.
   *
   * @throws java.io.UncheckedIOException if it cannot be written
   * @throws UnsupportedOperationException if the store is not one of a cluster
   */
  default long reserveRun() {
    throw new UnsupportedOperationException("a node that is alone needs no more runs");
  }

  /** Returns how an earlier run ended; {@link Ending#PROCESS_DIED} if nothing else is known. */
  default Ending endingOf(long run) {
    return Ending.PROCESS_DIED;
  }

  /** Returns what a commit that is done survives. */
  Durability durability();

  /** Returns what became of the commits so far; zeros if the store does not count. */
  default CommitCounts commitCounts() {
    return new CommitCounts(0, 0, 0, false);
  }

  /** Returns the thread that is writing commits; null if there is none or the store has none. */
  default @Nullable Thread committing() {
    return null;
  }

  /**
   * Takes a {@linkplain Backups backup} while the store is in use. All commits that were done
   * before the call are in it. The method blocks its caller for as long as it takes to write out
   * what is in memory, and to copy everything if the backup is on another file system. Commits go
   * on meanwhile, and the store may be closed.
   *
   * @param to the backup's folder, which is missing or empty and whose parent exists
   * @param at the time, which is noted in the backup
   * @throws BackupException if the backup cannot be written, or another backup is being taken
   * @throws UnsupportedOperationException if the store is in memory
   */
  default BackupReport backup(Path to, Instant at) {
    throw new UnsupportedOperationException("a store in memory has nothing to back up");
  }

  /**
   * Closes the store after the commits that were handed in are reported. The next opening can tell
   * that this one was closed. Idempotent.
   *
   * @throws IllegalStateException if the completion of a commit calls it
   */
  @Override
  void close();
}
