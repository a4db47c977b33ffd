package dev.dormouse.storage;

import java.io.File;
import java.util.function.LongSupplier;

/**
 * The room on a disk that commits may take: everything but a reserve, which the engine needs for
 * what it writes in the background.
 *
 * @param usableBytes tells how many bytes of the disk are free
 * @param reserveBytes how many bytes must stay free
 */
record DiskRoom(LongSupplier usableBytes, long reserveBytes) {
  /** The greatest reserve: what the engine may hold in memory and must be able to write out. */
  private static final long RESERVE_BYTES_MAX = RocksTables.WAL_BYTES_MAX;

  /** The part of a small disk that is its reserve. */
  private static final int RESERVE_PART = 8;

  /** Returns the room on the disk of a folder, with a reserve of 64 MiB or an eighth if less. */
  static DiskRoom of(File folder) {
    long reserve = reserveOf(folder.getTotalSpace());
    return new DiskRoom(
        () -> {
          long usable = folder.getUsableSpace();
          // A disk of size zero tells nothing about its room, so a write has to show it.
          return usable == 0 && folder.getTotalSpace() == 0 ? Long.MAX_VALUE : usable;
        },
        reserve);
  }

  static long reserveOf(long diskBytes) {
    return Math.min(RESERVE_BYTES_MAX, diskBytes / RESERVE_PART);
  }

  /** Returns room without a limit, until a write fails. */
  static DiskRoom unlimited() {
    return new DiskRoom(() -> Long.MAX_VALUE, 0);
  }

  /** Returns whether so many bytes can be written beside the reserve, by one system call. */
  boolean isFor(long bytes) {
    return usableBytes.getAsLong() - bytes >= reserveBytes;
  }
}
