package dev.dormouse.server.admin.dashboard;

import com.sun.management.GarbageCollectorMXBean;
import com.sun.management.GcInfo;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What garbage collections left on the heap, and what of that each hibernated socket accounts for.
 * Any thread.
 *
 * <p>The latter is an estimate: the more that the last collection left than one left while far
 * fewer were connected, by the number of sockets that came since. The one is the last collection,
 * the other that with the fewest sockets so far, the baseline; at both, at most one actor was in
 * memory for each hundred sockets. At least {@value #SOCKETS_MIN} sockets have come between them,
 * and at least as many as there were before; else nothing is told. A collection may leave garbage
 * that it did not look for, and whatever else the process has come to hold counts too. It tells of
 * the Java heap: neither of buffers outside of it nor of what the kernel holds for a socket.
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

  /** Looks whether there was a collection since the last look, which is to be a short while ago. */
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

  /** A collection has left so much, while there were so many sockets and actors in memory. */
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

  /** What the last collection left, in bytes; negative if there was none. */
  synchronized long afterBytes() {
    return afterBytes;
  }

  /** What the baseline left; negative if there is none. */
  synchronized long baselineBytes() {
    return baselineBytes;
  }

  /** How many sockets there were at the baseline; negative if there is none. */
  synchronized long baselineSockets() {
    return baselineBytes < 0 ? UNKNOWN : baselineSockets;
  }

  /** The estimate, as of the last collection; negative if it cannot be told. */
  synchronized long perSocketBytes() {
    return perSocketBytes;
  }
}
