package dev.dormouse.server.host.turn;

import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * Bounds the memory that the turns of a host take: the bytes of their writes and records, from the
 * moment a handler makes them until the store has the writes and the gateway's event loops have
 * taken up the records. While the sum is more than {@code bytesMax}, no cell begins a turn; cells
 * that want to rest until it has fallen to half of that. A single turn may take more than the
 * bound.
 *
 * <p>Steps of less than {@link #COUNTED_BYTES} are not counted: there are no more small turns than
 * events without an answer, and the credit of their senders bounds those. A turn that has been open
 * for {@link #COUNTED_NS} is not counted until it has ended, so that a turn that blocks while it
 * holds much memory cannot stop all others.
 *
 * <p>May be used from any thread.
 */
public final class UnsettledTurns {
  /** The least number of bytes that is counted. */
  static final int COUNTED_BYTES = 2 << 10;

  /** The time for which an open turn is counted, in nanoseconds. */
  public static final long COUNTED_NS = 1_000_000_000;

  private final long bytesMax;
  private final LongSupplier underWay;
  private final AtomicLong bytes = new AtomicLong();
  private final Set<Runnable> resting = ConcurrentHashMap.newKeySet();

  /**
   * Creates a bound of which nothing is used yet.
   *
   * @param bytesMax the most bytes at which a turn may begin
   * @param underWay returns the bytes of records that are on their way to gateways
   */
  public UnsettledTurns(long bytesMax, LongSupplier underWay) {
    this.bytesMax = bytesMax;
    this.underWay = underWay;
  }

  /** Counts bytes that an open turn takes in addition. */
  void take(long more) {
    bytes.addAndGet(more);
  }

  /** Ceases to count bytes of an open turn, because it is over or has been open for too long. */
  void giveBack(long taken) {
    if (taken > 0) {
      bytes.addAndGet(-taken);
      look();
    }
  }

  /** Counts the bytes of a turn that is over and waits for the store. */
  public void begin(long ofTurn) {
    if (ofTurn >= COUNTED_BYTES) {
      bytes.addAndGet(ofTurn);
    }
  }

  /** Ceases to count the bytes of a turn that does not wait any more. */
  public void end(long ofTurn) {
    if (ofTurn >= COUNTED_BYTES) {
      bytes.addAndGet(-ofTurn);
      look();
    }
  }

  /** Returns the bytes of turns and of records that are on their way to gateways. */
  long bytes() {
    return bytes.get() + underWay.getAsLong();
  }

  /** Returns whether the bound is exceeded, so that no turn may begin. */
  public boolean isSpent() {
    return bytes() > bytesMax;
  }

  /** Runs the signal of a cell that rests, once there is room. */
  public void rest(Runnable signal) {
    resting.add(signal);
    look(); // there may have been room before the cell was seen
  }

  /** Signals the cells that rest, if there is room. The host calls this method regularly, too. */
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
