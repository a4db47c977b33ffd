package dev.dormouse.server.protocol;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * One end of the two-way path between a gateway and a host. The carrier below the link may lose,
 * repeat, reorder and delay frames. Above the link each record arrives in order and exactly once,
 * or the link <em>breaks</em>: both ends hear so once, and no record that was sent before arrives
 * afterwards. Then the next link between the two ends begins by itself.
 *
 * <p><b>Names.</b> Each end gives each of its links a number, which only grows. A link is named by
 * the pair of the numbers of its two ends, and every frame carries the pair that its sender
 * believes in. An end is open once the other end has named the number of this end; before that it
 * keeps what it is to send. An end that breaks takes its next number. The other end sees a number
 * that it does not know, and breaks, too; so does the peer of an end that was restarted. Frames of
 * earlier pairs are dropped.
 *
 * <p><b>Records.</b> The records of one direction are numbered from 1 in each link. An end keeps
 * every record until the other end acknowledges it, and sends it again after a while, or at once
 * when the carrier is back. It drops repeats, and puts aside what comes too early. Every frame
 * acknowledges what has been delivered; a frame without a record is an acknowledgement, a sign of
 * life, and the opening of a link.
 *
 * <p><b>Breaks.</b> A link breaks when more would have to be kept than {@link Limits} allows, when
 * nothing was heard of the other end for the deadline, when no record was acknowledged for the
 * deadline although records wait, or when the other end has begun its next link. What is handed
 * over while there is no link waits for one; if none opens within the deadline, that counts as a
 * break.
 *
 * <p>The object has neither threads nor clocks nor locks: its user calls one method at a time, and
 * {@link #tick} about twenty times a second.
 *
 * @param <S> the records that this end sends
 * @param <R> the records that this end receives
 */
public final class Link<S, R> {
  /** The most records of one direction that are delivered without an acknowledgement of its own. */
  private static final int SILENT_MAX = 64;

  /** The most records that are sent again at a time while the carrier is up. */
  private static final int RESENT_MAX = 64;

  /**
   * A frame: what the carrier carries.
   *
   * @param from the number that the sender gives the link
   * @param to the number that the receiver gives the link, as far as the sender knows; else 0
   * @param sequence the number of the record in its direction, from 1; 0 if there is no record
   * @param acknowledged the number of the last record that was delivered to the sender
   * @param payload the record; null if the frame carries none
   */
  public record Frame<T>(
      long from, long to, long sequence, long acknowledged, @Nullable T payload) {}

  /**
   * The limits of a link. Both ends should have the same.
   *
   * @param recordsMax the most records that are kept for the other end
   * @param bytesMax the most bytes of records that are kept for the other end; a single record may
   *     be larger
   * @param deadlineNs the time after which a silent other end is lost
   * @param resendNs the time after which an unacknowledged record is sent again; it doubles while
   *     no acknowledgement comes
   */
  public record Limits(int recordsMax, long bytesMax, long deadlineNs, long resendNs) {
    /** Returns the limits that links have unless somebody chooses others. */
    public static Limits defaults() {
      return new Limits(
          65_536, 32 << 20, TimeUnit.SECONDS.toNanos(5), TimeUnit.MILLISECONDS.toNanos(200));
    }
  }

  /** Takes the effects of a link. The link calls these methods from within its own methods. */
  public interface Outside<S, R> {
    /**
     * Hands a frame to the carrier, which may lose it. The method must not call the link, and must
     * not wait.
     */
    void carry(Frame<S> frame);

    /** Takes the next record of the other end. The method may call {@link Link#send}. */
    void delivered(R record);

    /**
     * Hears that the link is broken. All that was sent is lost, unless the other end got it before.
     * Whatever is delivered from here on belongs to the next link. The method may call {@link
     * Link#send}, which then sends into the next link.
     */
    void broken(String why);
  }

  /** The life of one end of a link. */
  private enum State {
    /** The other end has not named the number of this end. */
    OPENING,
    /** Records flow. */
    OPEN;

    State to(State next) {
      if (this == next) {
        throw new IllegalStateException("a link cannot go from " + this + " to " + next);
      }
      return next;
    }
  }

  private final Limits limits;
  private final ToLongFunction<S> bytes;
  private final ToLongFunction<R> bytesReceived;
  private final Outside<S, R> outside;

  private State state = State.OPENING;

  /** The number that this end gives the link. */
  private long number;

  /** The greatest number of the other end that is known; 0 if none is known. */
  private long others;

  /** The records that are not acknowledged, in order, with the number of the first of them. */
  private final ArrayDeque<S> kept = new ArrayDeque<>(0);

  private long firstKept = 1;
  private long keptBytes;

  /** The records that came before an earlier one, by their numbers. */
  private final Map<Long, R> early = new HashMap<>(0);

  private long earlyBytes;
  private long delivered;
  private int unacknowledged;

  private long heardNs;
  private long sentNs;

  /** The time of the last acknowledgement; of the first kept record if none has come since. */
  private long progressNs;

  private long resendPauseNs;
  private long resendAtNs;

  /**
   * Creates an end that begins to open a link.
   *
   * @param number a number greater than all that this end has ever given to a link with the same
   *     other end, also before a restart
   * @param bytes the size of a record that is sent
   * @param bytesReceived the size of a record that is received
   */
  public Link(
      long number,
      Limits limits,
      ToLongFunction<S> bytes,
      ToLongFunction<R> bytesReceived,
      Outside<S, R> outside,
      long nowNs) {
    this.number = number;
    this.limits = limits;
    this.bytes = bytes;
    this.bytesReceived = bytesReceived;
    this.outside = outside;
    this.heardNs = nowNs;
    this.sentNs = nowNs - limits.resendNs(); // the first tick sends
    this.resendPauseNs = limits.resendNs();
  }

  /** Returns whether records flow. */
  public boolean isOpen() {
    return state == State.OPEN;
  }

  /** Returns the number that this end gives its present link. */
  public long number() {
    return number;
  }

  /** Returns how many records are kept for the other end. */
  public int kept() {
    return kept.size();
  }

  /** Sends a record, now or when the link is open. The link may break instead. */
  public void send(S record, long nowNs) {
    long size = bytes.applyAsLong(record);
    boolean isTooMuch =
        kept.size() >= limits.recordsMax()
            || (!kept.isEmpty() && keptBytes + size > limits.bytesMax());
    if (isTooMuch) {
      breakOff(kept.size() + " records of " + keptBytes + " bytes wait for the other end", nowNs);
      return;
    }
    if (kept.isEmpty()) {
      progressNs = nowNs;
      resendAtNs = nowNs + resendPauseNs;
    }
    kept.add(record);
    keptBytes += size;
    if (state == State.OPEN) {
      carry(firstKept + kept.size() - 1, record, nowNs);
    }
  }

  /** Takes a frame of the other end from the carrier. */
  public void receive(Frame<R> frame, long nowNs) {
    if (frame.from() < others) {
      answer(nowNs); // the frame is of an earlier link, or the other end has lost its number
      return;
    }
    boolean isNews = frame.from() > others || frame.to() > number;
    others = frame.from();
    if (frame.to() > number) {
      number = frame.to() + 1; // this end gave that number before it was restarted
    }
    if (isNews && state == State.OPEN) {
      breakOff("the other end has begun its next link", nowNs);
      return;
    }
    if (frame.to() != number) {
      if (isNews) {
        carry(0, null, nowNs);
      } else {
        answer(nowNs);
      }
      return;
    }
    heardNs = nowNs;
    if (state == State.OPENING) {
      open(nowNs);
    }
    acknowledged(frame.acknowledged(), nowNs);
    R record = frame.payload();
    if (record != null) {
      take(frame.sequence(), record, nowNs);
    }
  }

  /** Tells the numbers of this end, but not in answer to each of many frames. */
  private void answer(long nowNs) {
    if (nowNs - sentNs >= limits.resendNs() / 8) {
      carry(0, null, nowNs);
    }
  }

  private void open(long nowNs) {
    state = state.to(State.OPEN);
    if (kept.isEmpty()) {
      carry(0, null, nowNs); // tells the other end that this end knows its number
    }
    resend(Integer.MAX_VALUE, nowNs);
  }

  private void acknowledged(long sequence, long nowNs) {
    if (sequence < firstKept) {
      return;
    }
    while (!kept.isEmpty() && firstKept <= sequence) {
      keptBytes -= bytes.applyAsLong(kept.remove());
      firstKept++;
    }
    progressNs = nowNs;
    resendPauseNs = limits.resendNs();
    resendAtNs = nowNs + resendPauseNs;
  }

  private void take(long sequence, R record, long nowNs) {
    if (sequence > delivered + 1) {
      putAside(sequence, record);
      return;
    }
    unacknowledged++;
    if (sequence == delivered + 1) {
      deliver(record);
    }
    if (unacknowledged >= SILENT_MAX) {
      carry(0, null, nowNs);
    }
  }

  private void putAside(long sequence, R record) {
    long size = bytesReceived.applyAsLong(record);
    boolean hasRoom = early.size() < limits.recordsMax() && earlyBytes + size <= limits.bytesMax();
    if (hasRoom && early.putIfAbsent(sequence, record) == null) {
      earlyBytes += size;
    }
  }

  private void deliver(R first) {
    long link = number;
    R next = first;
    while (next != null) {
      delivered++;
      outside.delivered(next);
      if (number != link) {
        return; // the receiver has sent too much, and the link is broken
      }
      next = early.remove(delivered + 1);
      if (next != null) {
        earlyBytes -= bytesReceived.applyAsLong(next);
        unacknowledged++;
      }
    }
  }

  /** Hears that the carrier is up, and that it may have lost what it was handed before. */
  public void carrierUp(long nowNs) {
    carry(0, null, nowNs);
    if (state == State.OPEN) {
      resend(Integer.MAX_VALUE, nowNs);
    }
  }

  private void resend(int most, long nowNs) {
    long sequence = firstKept;
    for (S record : kept) {
      if (sequence - firstKept >= most) {
        break;
      }
      carry(sequence++, record, nowNs);
    }
    resendAtNs = nowNs + resendPauseNs;
  }

  /** Does what is due by now: acknowledges, sends again, gives a sign of life, or breaks. */
  public void tick(long nowNs) {
    if (state == State.OPEN && nowNs - heardNs >= limits.deadlineNs()) {
      breakOff("nothing was heard of the other end for " + ms(nowNs - heardNs), nowNs);
      return;
    }
    if (!kept.isEmpty() && nowNs - progressNs >= limits.deadlineNs()) {
      breakOff("the other end acknowledged nothing for " + ms(nowNs - progressNs), nowNs);
      return;
    }
    if (state == State.OPENING) {
      if (nowNs - sentNs >= limits.resendNs()) {
        carry(0, null, nowNs);
      }
      return;
    }
    if (!kept.isEmpty() && nowNs - resendAtNs >= 0) {
      resendPauseNs = Math.min(2 * resendPauseNs, limits.deadlineNs() / 4);
      resend(RESENT_MAX, nowNs);
    }
    if (unacknowledged > 0 || nowNs - sentNs >= limits.deadlineNs() / 5) {
      carry(0, null, nowNs);
    }
  }

  /** Breaks the link, for a reason of the user's own. */
  public void breakOff(String why, long nowNs) {
    if (state == State.OPEN) {
      state = state.to(State.OPENING);
    }
    number++;
    kept.clear();
    keptBytes = 0;
    firstKept = 1;
    early.clear();
    earlyBytes = 0;
    delivered = 0;
    unacknowledged = 0;
    resendPauseNs = limits.resendNs();
    carry(0, null, nowNs); // tells the other end
    outside.broken(why);
  }

  private static String ms(long ns) {
    return TimeUnit.NANOSECONDS.toMillis(ns) + " ms";
  }

  private void carry(long sequence, @Nullable S record, long nowNs) {
    unacknowledged = 0;
    sentNs = nowNs;
    outside.carry(new Frame<>(number, others, sequence, delivered, record));
  }
}
