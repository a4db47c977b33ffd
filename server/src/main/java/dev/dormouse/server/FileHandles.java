package dev.dormouse.server;

import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.ManagementFactory;

/** How many connections the file handles of this process suffice for. */
final class FileHandles {
  /** For the store, the jars, listeners, half handshakes and plain requests. */
  private static final long RESERVE = 512;

  private static final long RESERVE_PER_CENT = 10;

  /** Where the process has too few handles, or does not know how many. */
  private static final int CONNECTIONS_MIN = 64;

  private FileHandles() {}

  /** By the process's own limit; {@link Integer#MAX_VALUE} where there is none that is known. */
  static int connectionsMax() {
    return ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system
        ? connectionsMax(system.getMaxFileDescriptorCount())
        : Integer.MAX_VALUE;
  }

  /** Of so many handles, those that are left for connections; negative if they are not limited. */
  static int connectionsMax(long handles) {
    if (handles < 0) {
      return Integer.MAX_VALUE;
    }
    long left = handles - RESERVE - handles / 100 * RESERVE_PER_CENT;
    return (int) Math.max(CONNECTIONS_MIN, Math.min(Integer.MAX_VALUE, left));
  }
}
