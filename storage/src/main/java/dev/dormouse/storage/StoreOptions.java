package dev.dormouse.storage;

import dev.dormouse.storage.rows.RowKeys;
import java.nio.file.Path;
import java.util.function.Consumer;

/**
 * The options of a store. They are immutable, and each method returns a changed copy.
 *
 * @param folder the data folder, which is made if it is missing but whose parent must exist; a
 *     store with {@link Durability#MEMORY} does not touch it
 * @param durability what a commit that is done survives
 * @param onFatal called once, on a thread of its own, after a write failed for another reason than
 *     a full disk or a want of file handles. What the disk holds is uncertain then, because a
 *     repeated fsync may lie, so the process should end and read the folder again
 * @param shards the number of shards of a new folder, 1 to 65,536; an existing folder keeps its own
 * @param blockCacheBytes the size of the cache of what was read, in bytes; at least 1 MiB
 * @param openFilesMax the greatest number of tables that are kept open, at least 32; each takes a
 *     file handle, and the store takes some twenty besides
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

  /**
   * Checks the numbers.
   *
   * @throws IllegalArgumentException if a number is out of its range
   */
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
   * Returns the default options: {@link Durability#FSYNC}, 4,096 shards, a block cache of 64 MiB,
   * and 256 open files. A failed write is only logged.
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

  /** Chooses what a commit that is done survives. */
  public StoreOptions durability(Durability durability) {
    return new StoreOptions(folder, durability, onFatal, shards, blockCacheBytes, openFilesMax);
  }

  /** Chooses the action after a write that failed. */
  public StoreOptions onFatal(Consumer<Throwable> onFatal) {
    return new StoreOptions(folder, durability, onFatal, shards, blockCacheBytes, openFilesMax);
  }

  /**
   * Chooses the number of shards of a new folder.
   *
   * @throws IllegalArgumentException if the number is not 1 to 65,536
   */
  public StoreOptions shards(int shards) {
    return new StoreOptions(folder, durability, onFatal, shards, blockCacheBytes, openFilesMax);
  }

  /**
   * Chooses the size of the cache of what was read.
   *
   * @throws IllegalArgumentException if the number is less than 1 MiB
   */
  public StoreOptions blockCacheBytes(long bytes) {
    return new StoreOptions(folder, durability, onFatal, shards, bytes, openFilesMax);
  }

  /**
   * Chooses the greatest number of tables that are kept open.
   *
   * @throws IllegalArgumentException if the number is less than 32
   */
  public StoreOptions openFilesMax(int files) {
    return new StoreOptions(folder, durability, onFatal, shards, blockCacheBytes, files);
  }
}
