package dev.dormouse.storage;

import java.nio.file.Path;
import java.util.function.Consumer;

/**
 * How a store is opened. Immutable; each method returns a changed copy.
 *
 * @param folder where the rows are kept; made if it is missing, its parent is not; {@link
 *     Durability#MEMORY} does not touch it
 * @param durability what a commit that is done has survived
 * @param onFatal called once, on a thread of its own, after a write failed for another reason than
 *     a full disk or a want of file handles. What the disk holds is uncertain then (a repeated
 *     fsync may lie), so the process should end and read the folder again
 * @param shards into how many parts the actors are divided, 1 to 65,536; counts when the folder is
 *     made and is read from it afterwards
 * @param blockCacheBytes how much of what was read is kept in memory, in bytes
 * @param openFilesMax how many tables are kept open, at least 32: so many file handles, besides
 *     some twenty for all else
 */
public record StoreOptions(
    Path folder,
    Durability durability,
    Consumer<Throwable> onFatal,
    int shards,
    long blockCacheBytes,
    int openFilesMax) {

  private static final int SHARDS_DEFAULT = 4_096;
  static final long BLOCK_CACHE_BYTES_DEFAULT = 64L << 20;
  private static final int OPEN_FILES_DEFAULT = 256;
  private static final int OPEN_FILES_MIN = 32;

  /** Checks the numbers. */
  public StoreOptions {
    if (shards < 1 || shards > RowKeys.SHARDS_MAX) {
      throw new IllegalArgumentException(shards + " shards are not 1 to " + RowKeys.SHARDS_MAX);
    }
    if (blockCacheBytes < 1 << 20) {
      throw new IllegalArgumentException(
          "a block cache of " + blockCacheBytes + " bytes is less than 1 MiB");
    }
    if (openFilesMax < OPEN_FILES_MIN) {
      throw new IllegalArgumentException(
          openFilesMax + " open files are less than " + OPEN_FILES_MIN);
    }
  }

  /**
   * FSYNC, 4,096 shards, a block cache of 64 MiB, 256 open files; a failed write is logged and no
   * more.
   */
  public static StoreOptions in(Path folder) {
    return new StoreOptions(
        folder,
        Durability.FSYNC,
        cause -> {},
        SHARDS_DEFAULT,
        BLOCK_CACHE_BYTES_DEFAULT,
        OPEN_FILES_DEFAULT);
  }

  /** Chooses what a commit that is done has survived. */
  public StoreOptions durability(Durability durability) {
    return new StoreOptions(folder, durability, onFatal, shards, blockCacheBytes, openFilesMax);
  }

  /** Chooses what is done after a write failed. */
  public StoreOptions onFatal(Consumer<Throwable> onFatal) {
    return new StoreOptions(folder, durability, onFatal, shards, blockCacheBytes, openFilesMax);
  }

  /**
   * Chooses the number of shards of a folder that is yet to be made.
   *
   * @throws IllegalArgumentException if it is not 1 to 65,536
   */
  public StoreOptions shards(int shards) {
    return new StoreOptions(folder, durability, onFatal, shards, blockCacheBytes, openFilesMax);
  }

  /**
   * Chooses how much of what was read is kept in memory.
   *
   * @throws IllegalArgumentException if it is less than 1 MiB
   */
  public StoreOptions blockCacheBytes(long bytes) {
    return new StoreOptions(folder, durability, onFatal, shards, bytes, openFilesMax);
  }

  /**
   * Chooses how many tables are kept open.
   *
   * @throws IllegalArgumentException if it is less than 32
   */
  public StoreOptions openFilesMax(int files) {
    return new StoreOptions(folder, durability, onFatal, shards, blockCacheBytes, files);
  }
}
