package dev.dormouse.server.gateway;

import java.util.concurrent.atomic.LongAdder;

/**
 * Bounds what clients have sent, all together, that is not handled or not whole yet. A client that
 * has little of it is never concerned. Of those that have more, none is read while half of it is
 * taken, unless nothing of it is unhandled; and when all of it is taken by others, whoever sends
 * more is closed with 1013.
 *
 * <p>Any thread.
 */
final class InboundBudget {
  /** What a client may have without being concerned, in bytes. */
  static final int LITTLE = 64 << 10;

  private final long bytesMax;
  private final LongAdder taken = new LongAdder();

  InboundBudget(long bytesMax) {
    this.bytesMax = bytesMax;
  }

  /** More is taken, or less if it is negative. */
  void take(long bytes) {
    taken.add(bytes);
  }

  /** Whether half of it is taken. */
  boolean isScarce() {
    return taken.sum() >= bytesMax / 2;
  }

  /** Whether all of it is taken by others than the client that has so many bytes of it. */
  boolean isSpentByOthers(long own) {
    return taken.sum() - own >= bytesMax;
  }

  /** How much is taken, in bytes. */
  long taken() {
    return taken.sum();
  }
}
