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
 * <p>While a turn is open its bytes count twice, because the handler usually still refers to the
 * objects from which the bytes were made.
 *
 * <p>Steps of less than {@link #COUNTED_BYTES} are not counted: there are no more small turns than
 * events without an answer, and the credit of their senders bounds those.
 *
 * <p><b>Long turns.</b> A turn that has been open for {@link #LONG_NS} is long. Its bytes move to a
 * second sum, so that a turn that blocks while it holds much memory cannot stop all others. Long
 * turns together may hold half of {@code bytesMax}; a long turn that is alone may hold more. A turn
 * that exceeds this bound when it becomes long is abandoned, and a long turn that would exceed it
 * later gets an exception.
 *
 * <p>May be used from any thread.
 */
public final class UnsettledTurns {
  /** The least number of bytes that is counted. */
  static final int COUNTED_BYTES = 2 << 10;

  /** The time after which an open turn is long, in nanoseconds. */
  public static final long LONG_NS = 1_000_000_000;

  /** The number of times that the bytes of an open turn count. */
  static final int COPIES = 2;

  private final long bytesMax;
  private final LongSupplier underWay;
  private final AtomicLong bytes = new AtomicLong();

  /** The bytes of long turns, which {@code bytes} does not count. */
  private final AtomicLong longBytes = new AtomicLong();

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

  /** Ceases to count bytes of an open turn, because the turn is over. */
  void giveBack(long taken) {
    if (taken > 0) {
      bytes.addAndGet(-taken);
      look();
    }
  }

  /** Returns the most bytes that all long turns may hold if there are several of them. */
  long longBytesMax() {
    return bytesMax / 2;
  }

  /**
   * Counts an open turn among the long ones from now on.
   *
   * @param counted the bytes that are counted for the turn
   * @return whether long turns hold no more than they may
   */
  boolean becomeLong(long counted) {
    boolean isWithin = isWithinLong(0, counted);
    longBytes.addAndGet(counted);
    giveBack(counted);
    return isWithin;
  }

  /**
   * Counts bytes that a long turn takes in addition, unless long turns would then hold more than
   * they may.
   *
   * @param counted the bytes that are counted for the turn already
   * @return whether the bytes are counted
   */
  boolean takeLong(long counted, long more) {
    boolean isWithin = isWithinLong(counted, more);
    if (isWithin) {
      longBytes.addAndGet(more);
    }
    return isWithin;
  }

  /** Ceases to count bytes of a long turn, because the turn is over. */
  void endLong(long counted) {
    longBytes.addAndGet(-counted);
  }

  private boolean isWithinLong(long counted, long more) {
    long others = longBytes.get() - counted;
    return others == 0 || more == 0 || others + counted + more <= longBytesMax();
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
  public long bytes() {
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
