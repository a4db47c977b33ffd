package dev.dormouse.server.host;

import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * Bounds the memory of all turns that have ended and wait for the store: what they wrote, and what
 * they say once that is kept. With it goes what was said and is still on its way to clients' event
 * loops. While it is more than {@link HostOptions#unsettledBytesMax} no cell begins a turn; those
 * that would, rest until half of it is settled. A turn alone may take more.
 *
 * <p>Turns of less than {@link #COUNTED_BYTES} are not counted: there are only as many of them as
 * events that are not answered yet, which their senders bound.
 *
 * <p>Any thread.
 */
final class UnsettledTurns {
  /** What a turn takes at least, in bytes, to be counted. */
  static final int COUNTED_BYTES = 2 << 10;

  private final long bytesMax;
  private final LongSupplier underWay;
  private final AtomicLong bytes = new AtomicLong();
  private final Set<ActorCell> resting = ConcurrentHashMap.newKeySet();

  /**
   * Nothing waits yet.
   *
   * @param underWay what was said and is still on its way, in bytes
   */
  UnsettledTurns(long bytesMax, LongSupplier underWay) {
    this.bytesMax = bytesMax;
    this.underWay = underWay;
  }

  /** A turn that takes so many bytes waits. */
  void begin(long ofTurn) {
    if (ofTurn >= COUNTED_BYTES) {
      bytes.addAndGet(ofTurn);
    }
  }

  /** It waits no more. */
  void end(long ofTurn) {
    if (ofTurn >= COUNTED_BYTES) {
      bytes.addAndGet(-ofTurn);
      look();
    }
  }

  /** How much those take that wait, and what is under way, in bytes. */
  long bytes() {
    return bytes.get() + underWay.getAsLong();
  }

  /** Whether no more turns are to begin. */
  boolean isSpent() {
    return bytes() > bytesMax;
  }

  /** The cell, which is not on its way any more, is signalled when there is room. */
  void rest(ActorCell cell) {
    resting.add(cell);
    look(); // there may have been room before the cell was seen
  }

  /** Signals the cells that rest, if there is room. To be called now and then, too. */
  void look() {
    if (!resting.isEmpty() && bytes() <= bytesMax / 2) {
      for (ActorCell cell : List.copyOf(resting)) {
        if (resting.remove(cell)) {
          cell.signal();
        }
      }
    }
  }
}
