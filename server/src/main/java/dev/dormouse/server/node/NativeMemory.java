package dev.dormouse.server.node;

import com.sun.management.OperatingSystemMXBean;
import dev.dormouse.log.Log;
import java.lang.management.ManagementFactory;
import org.slf4j.Logger;

/**
 * Computes the memory beside the Java heap that the machine, or the container of the process, has,
 * and the part of it that the store's caches may take. All sizes are in bytes. Immutable.
 *
 * @param total the memory of the machine or the container; zero if it is not known
 * @param heap the most bytes of the heap
 */
record NativeMemory(long total, long heap) {
  /**
   * The memory that JVM, network and store take beside the heap when the store's caches are small.
   */
  static final long FLOOR = 160L << 20;

  private static final Logger log = Log.of(NativeMemory.class);
  private static final long CACHE_MIN = 4L << 20;
  private static final long CACHE_MAX = 64L << 20;
  private static final int PARTS = 8;

  /** Returns the memory of this process; the JVM knows the limits of its cgroup. */
  static NativeMemory ofProcess() {
    long total =
        ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system
            ? system.getTotalMemorySize()
            : 0;
    return new NativeMemory(total, Runtime.getRuntime().maxMemory());
  }

  private long left() {
    return Math.max(0, total - heap);
  }

  /**
   * Returns the most bytes that the store's block cache may take: an eighth of the memory beside
   * the heap, 4 MiB to 64 MiB.
   */
  long blockCacheBytes() {
    return total <= 0 ? CACHE_MAX : Math.max(CACHE_MIN, Math.min(CACHE_MAX, left() / PARTS));
  }

  boolean isBelowFloor() {
    return total > 0 && left() < FLOOR;
  }

  /** Logs a warning if there is too little memory beside the heap. */
  void warnIfBelowFloor() {
    if (isBelowFloor()) {
      log.warn(
          "{} MiB of memory, less up to {} MiB for the heap, are fewer than the {} MiB that are"
              + " needed beside it: the process may be killed; give it more memory, or less heap"
              + " (-Xmx)",
          total >> 20,
          heap >> 20,
          FLOOR >> 20);
    }
  }
}
