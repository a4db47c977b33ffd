package dev.dormouse.server.protocol;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.ManagementFactory;

/**
 * Computes how much of the Java heap an array of bytes takes. The G1 collector gives an array of
 * half a region or more whole regions of its own. With regions of 1 MiB, which heaps up to 2 GiB
 * have, a message of exactly 1 MiB takes two regions, since the array's header does not fit into
 * the first.
 */
public final class HeapCost {
  private static final int ARRAY_HEADER_BYTES = 16;

  /** The size of a region of the G1 collector, in bytes; 0 with another collector. */
  private static final long REGION_BYTES = regionBytes();

  private HeapCost() {}

  /** Returns the bytes of heap that an array of so many bytes takes. */
  public static long ofBytes(long length) {
    return ofBytes(length, REGION_BYTES);
  }

  /**
   * Returns the bytes of heap that an array of so many bytes takes.
   *
   * @param regionBytes the size of a region of the heap; 0 if the heap has no regions
   */
  static long ofBytes(long length, long regionBytes) {
    long bytes = length + ARRAY_HEADER_BYTES;
    return regionBytes == 0 || bytes < regionBytes / 2
        ? length
        : (bytes + regionBytes - 1) / regionBytes * regionBytes;
  }

  private static long regionBytes() {
    try {
      HotSpotDiagnosticMXBean options =
          ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
      return options != null && Boolean.parseBoolean(options.getVMOption("UseG1GC").getValue())
          ? Long.parseLong(options.getVMOption("G1HeapRegionSize").getValue())
          : 0;
    } catch (IllegalArgumentException otherJvm) {
      return 0; // neither option exists
    }
  }
}
