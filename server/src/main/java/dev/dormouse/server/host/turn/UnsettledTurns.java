package dev.dormouse.server.host.turn;

import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * Bounds the memory of turns: what they write and say, from the moment they do until the store has
 * it and clients' event loops have got to it. While that is more than {@code bytesMax} no cell
 * begins a turn; those that would, rest until half of it is settled. A turn alone may take more.
 *
 * <p>Steps of less than {@link #COUNTED_BYTES} are not counted: there are only as many small turns
 * as events that are not answered yet, which their senders bound. Nor is a turn counted that has
 * been open for {@link #COUNTED_NS}, so that one that blocks with much in hand holds up no other
 * for longer; it is again when it has ended.
 *
 * <p>Any thread.
 */
public final class UnsettledTurns {
  /** What a turn takes at least, in bytes, to be counted. */
  static final int COUNTED_BYTES = 2 << 10;

  /** How long an open turn is counted. */
  public static final long COUNTED_NS = 1_000_000_000;

  private final long bytesMax;
  private final LongSupplier underWay;
  private final AtomicLong bytes = new AtomicLong();
  private final Set<Runnable> resting = ConcurrentHashMap.newKeySet();

  /**
   * Nothing is held yet.
   *
   * @param underWay what was said and is still on its way, in bytes
   */
  public UnsettledTurns(long bytesMax, LongSupplier underWay) {
    this.bytesMax = bytesMax;
    this.underWay = underWay;
  }

  /** A turn that is open takes so many bytes more. */
  void take(long more) {
    bytes.addAndGet(more);
  }

  /** It is over, or takes too long to be counted: so much of what it took counts no more. */
  void giveBack(long taken) {
    if (taken > 0) {
      bytes.addAndGet(-taken);
      look();
    }
  }

  /** A turn that takes so many bytes is over, and waits. */
  public void begin(long ofTurn) {
    if (ofTurn >= COUNTED_BYTES) {
      bytes.addAndGet(ofTurn);
    }
  }

  /** It waits no more. */
  public void end(long ofTurn) {
    if (ofTurn >= COUNTED_BYTES) {
      bytes.addAndGet(-ofTurn);
      look();
    }
  }

  /** How much turns take, and what is under way, in bytes. */
  long bytes() {
    return bytes.get() + underWay.getAsLong();
  }

  /** Whether no more turns are to begin. */
  public boolean isSpent() {
    return bytes() > bytesMax;
  }

  /** Runs the signal of a cell that is not on its way any more once there is room. */
  public void rest(Runnable signal) {
    resting.add(signal);
    look(); // there may have been room before the cell was seen
  }

  /** Signals the cells that rest, if there is room. To be called now and then, too. */
  public void look() {
    if (!resting.isEmpty() && bytes() <= bytesMax / 2) {
      for (Runnable signal : List.copyOf(resting)) {
        if (resting.remove(signal)) {
          signal.run();
        }
      }
    }
  }
}
