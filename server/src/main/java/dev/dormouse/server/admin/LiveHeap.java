package dev.dormouse.server.admin;

import com.sun.management.GarbageCollectorMXBean;
import com.sun.management.GcInfo;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What was left on the heap by the last garbage collection, and by the last one while nobody was
 * connected. Any thread.
 */
final class LiveHeap {
  /** Of so few sockets, what one costs cannot be told from what else changes. */
  static final long SOCKETS_MIN = 100;

  private static final long UNKNOWN = -1;

  private final Set<String> pools =
      ManagementFactory.getMemoryPoolMXBeans().stream()
          .filter(pool -> pool.getType() == MemoryType.HEAP)
          .map(MemoryPoolMXBean::getName)
          .collect(Collectors.toUnmodifiableSet());

  private long lastEndMs = UNKNOWN;
  private long afterBytes = UNKNOWN;
  private long baselineBytes = UNKNOWN;

  /** Looks whether there was a collection. */
  synchronized void look(long sockets) {
    GcInfo last = null;
    for (var bean : ManagementFactory.getGarbageCollectorMXBeans()) {
      GcInfo info =
          bean instanceof GarbageCollectorMXBean collector ? collector.getLastGcInfo() : null;
      if (info != null && (last == null || info.getEndTime() > last.getEndTime())) {
        last = info;
      }
    }
    if (last != null && last.getEndTime() > lastEndMs) {
      collected(last.getEndTime(), usedAfter(last), sockets);
    }
  }

  private long usedAfter(GcInfo info) {
    return info.getMemoryUsageAfterGc().entrySet().stream()
        .filter(pool -> pools.contains(pool.getKey()))
        .mapToLong(pool -> pool.getValue().getUsed())
        .sum();
  }

  /** A collection has left so much. */
  synchronized void collected(long endMs, long bytes, long sockets) {
    lastEndMs = endMs;
    afterBytes = bytes;
    if (sockets == 0) {
      baselineBytes = bytes;
    }
  }

  /** What the last collection left, in bytes; negative if there was none. */
  synchronized long afterBytes() {
    return afterBytes;
  }

  /** What the last collection left while nobody was connected; negative if there was none. */
  synchronized long baselineBytes() {
    return baselineBytes;
  }

  /**
   * An estimate of what each socket costs, with all that is in memory for it: what the last
   * collection left over the baseline, by the number of sockets. Negative if it cannot be told.
   */
  synchronized long perSocket(long sockets) {
    return sockets < SOCKETS_MIN || baselineBytes < 0 || afterBytes < baselineBytes
        ? UNKNOWN
        : (afterBytes - baselineBytes) / sockets;
  }
}
