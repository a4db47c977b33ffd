package dev.dormouse.server.node;

import com.sun.management.OperatingSystemMXBean;
import dev.dormouse.log.Log;
import java.lang.management.ManagementFactory;
import org.slf4j.Logger;

/**
 * What the machine, or the container that the process runs in, has of memory beside the Java heap,
 * and how much of that the store's caches may take. In bytes. Immutable.
 *
 * @param total of the machine or the container; zero if that is not known
 * @param heap the most that the heap may have
 */
record NativeMemory(long total, long heap) {
  /** What JVM, network and store take beside the heap when the store's caches are small. */
  static final long FLOOR = 160L << 20;

  private static final Logger log = Log.of(NativeMemory.class);
  private static final long CACHE_MIN = 4L << 20;
  private static final long CACHE_MAX = 64L << 20;
  private static final int PARTS = 8;

  /** That of this process; the JVM knows the limits of its cgroup. */
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

  /** How much the store may keep of what it has read: an eighth, 4 MiB to 64 MiB. */
  long blockCacheBytes() {
    return total <= 0 ? CACHE_MAX : Math.max(CACHE_MIN, Math.min(CACHE_MAX, left() / PARTS));
  }

  boolean isBelowFloor() {
    return total > 0 && left() < FLOOR;
  }

  /** Says in the log if there is too little. */
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
