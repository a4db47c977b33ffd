package dev.dormouse.storage;

import java.io.File;
import java.util.function.LongSupplier;

/**
 * How much of a disk may be used: all but a reserve, which is left to the engine for what it writes
 * behind the commits.
 *
 * @param usableBytes how much of it is free
 * @param reserveBytes how much must stay free
 */
record DiskRoom(LongSupplier usableBytes, long reserveBytes) {
  /** What the engine may hold in memory, and must be able to write out. */
  private static final long RESERVE_BYTES_MAX = RocksTables.WAL_BYTES_MAX;

  /** Of a small disk. */
  private static final int RESERVE_PART = 8;

  /** All of the disk where a folder is but 64 MiB, or but an eighth if that is less. */
  static DiskRoom of(File folder) {
    long reserve = reserveOf(folder.getTotalSpace());
    return new DiskRoom(
        () -> {
          long usable = folder.getUsableSpace();
          // Nothing at all of a disk of no size: it does not tell, and the write will.
          return usable == 0 && folder.getTotalSpace() == 0 ? Long.MAX_VALUE : usable;
        },
        reserve);
  }

  static long reserveOf(long diskBytes) {
    return Math.min(RESERVE_BYTES_MAX, diskBytes / RESERVE_PART);
  }

  /** All of a disk, until a write fails. */
  static DiskRoom unlimited() {
    return new DiskRoom(() -> Long.MAX_VALUE, 0);
  }

  /** Whether so many bytes can be written without touching the reserve. One system call. */
  boolean isFor(long bytes) {
    return usableBytes.getAsLong() - bytes >= reserveBytes;
  }
}
