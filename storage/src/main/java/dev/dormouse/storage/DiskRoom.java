package dev.dormouse.storage;

import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * How much of a disk may be used: all but a reserve, which is left to the engine for what it writes
 * behind the commits.
 *
 * @param disk the disk
 * @param reserveBytes how much of it must stay free
 */
record DiskRoom(FileStore disk, long reserveBytes) {
  /** What the engine may hold in memory, and must be able to write out. */
  static final long RESERVE_BYTES_MAX = RocksTables.WAL_BYTES_MAX;

  /** Of a small disk. */
  private static final int RESERVE_PART = 8;

  /**
   * The room where a folder is: all but 64 MiB, or but an eighth if that is less.
   *
   * @throws IOException if the file system does not say how large it is
   */
  static DiskRoom of(Path folder) throws IOException {
    FileStore disk = Files.getFileStore(folder);
    long bytes = disk.getTotalSpace();
    return bytes > 0
        ? new DiskRoom(disk, Math.min(RESERVE_BYTES_MAX, bytes / RESERVE_PART))
        : unlimited(disk); // it does not tell
  }

  /** All of a disk, until a write fails. */
  static DiskRoom unlimited(FileStore disk) {
    return new DiskRoom(disk, Long.MIN_VALUE / 2);
  }

  /** Whether so many bytes can be written without touching the reserve. One system call. */
  boolean isFor(long bytes) {
    try {
      return disk.getUsableSpace() - bytes >= reserveBytes;
    } catch (IOException e) {
      return true; // the write will tell
    }
  }
}
