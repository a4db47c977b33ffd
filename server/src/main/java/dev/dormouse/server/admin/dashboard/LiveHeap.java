package dev.dormouse.server.admin.dashboard;

import com.sun.management.GarbageCollectorMXBean;
import com.sun.management.GcInfo;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Measures the heap after garbage collections, and estimates the part of it that each hibernated
 * socket needs. Any thread.
 *
 * <p>The estimate compares the last collection with the baseline, the collection with the fewest
 * sockets so far. It is the growth of the heap between them, divided by the number of sockets that
 * came. At both collections, at most one actor was in memory for each hundred sockets. At least
 * {@value #SOCKETS_MIN} sockets, and at least as many as there were at the baseline, have come
 * between them; else there is no estimate. A collection may leave garbage that it did not look for,
 * and other growth of the process counts too. The estimate covers the Java heap, neither buffers
 * outside of it nor the kernel's memory for a socket.
 */
final class LiveHeap {
  static final long SOCKETS_MIN = 100;

  private static final long SOCKETS_FOR_AN_ACTOR = 100;
  private static final long UNKNOWN = -1;

  private final Set<String> pools =
      ManagementFactory.getMemoryPoolMXBeans().stream()
          .filter(pool -> pool.getType() == MemoryType.HEAP)
          .map(MemoryPoolMXBean::getName)
          .collect(Collectors.toUnmodifiableSet());

  private long lastEndMs = UNKNOWN;
  private long afterBytes = UNKNOWN;
  private long baselineBytes = UNKNOWN;
  private long baselineSockets = Long.MAX_VALUE;
  private long perSocketBytes = UNKNOWN;

  /** Records a collection if there was one since the last call, which must be recent. */
  synchronized void look(long sockets, long active) {
    GcInfo last = null;
    for (var bean : ManagementFactory.getGarbageCollectorMXBeans()) {
      GcInfo info =
          bean instanceof GarbageCollectorMXBean collector ? collector.getLastGcInfo() : null;
      if (info != null && (last == null || info.getEndTime() > last.getEndTime())) {
        last = info;
      }
    }
    if (last != null && last.getEndTime() > lastEndMs) {
      lastEndMs = last.getEndTime();
      collected(usedAfter(last), sockets, active);
    }
  }

  private long usedAfter(GcInfo info) {
    return info.getMemoryUsageAfterGc().entrySet().stream()
        .filter(pool -> pools.contains(pool.getKey()))
        .mapToLong(pool -> pool.getValue().getUsed())
        .sum();
  }

  /**
   * Records the heap's bytes after a collection, and the numbers of sockets and actors in memory
   * then.
   */
  synchronized void collected(long bytes, long sockets, long active) {
    afterBytes = bytes;
    boolean isAsleep = active * SOCKETS_FOR_AN_ACTOR <= sockets;
    if (isAsleep && sockets <= baselineSockets) {
      baselineBytes = bytes;
      baselineSockets = sockets;
    }
    long came = sockets - baselineSockets;
    boolean isTold =
        isAsleep && came >= SOCKETS_MIN && came >= baselineSockets && bytes >= baselineBytes;
    perSocketBytes = isTold ? (bytes - baselineBytes) / came : UNKNOWN;
  }

  /** Returns the bytes that the last collection left; negative if there was none. */
  synchronized long afterBytes() {
    return afterBytes;
  }

  /** Returns the bytes that the baseline left; negative if there is none. */
  synchronized long baselineBytes() {
    return baselineBytes;
  }

  /** Returns the number of sockets at the baseline; negative if there is none. */
  synchronized long baselineSockets() {
    return baselineBytes < 0 ? UNKNOWN : baselineSockets;
  }

  /** Returns the estimate in bytes as of the last collection; negative if there is none. */
  synchronized long perSocketBytes() {
    return perSocketBytes;
  }
}
