package dev.dormouse.server.host;

import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.host.turn.Event;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToGateway.Resumed;
import dev.dormouse.server.protocol.ToGateway.Withheld;
import dev.dormouse.server.protocol.ToHost;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The work that waits for one actor, and whether the cell's thread is on its way: the border
 * between the threads that bring events and the one that handles them. Its monitor guards all
 * fields.
 *
 * <p>Messages over the capacity are not taken: the connection is remembered with the number of the
 * first one, and what comes of it out of turn is passed over until the gateway has sent again from
 * that number on.
 */
final class Mailbox {

  /** What became of an offer. */
  enum Admission {
    /** It waits; the cell is on its way. */
    QUEUED,
    /** It waits; the caller must set the cell going. */
    WAKE,
    /** There is no room; for a message, its connection is remembered. */
    FULL,
    /** A message that the gateway will send again; nothing to do. */
    OUT_OF_TURN,
    /** The cell is retired; ask for the actor's next one. */
    RETIRED
  }

  /** Whether the cell's thread is on its way. */
  enum State {
    /** Nobody runs the cell. */
    PARKED,
    /** The cell's thread is on its way. */
    SCHEDULED,
    /** The cell's thread is on its way, and is to look again before it leaves. */
    SIGNALLED,
    /** The cell is no longer the actor's. */
    RETIRED;

    /**
     * Returns the next state.
     *
     * @throws IllegalStateException if it may not follow this one
     */
    State to(State next) {
      boolean isLegal =
          switch (this) {
            case PARKED -> next == SCHEDULED || next == SIGNALLED;
            case SCHEDULED -> next != SCHEDULED;
            case SIGNALLED -> next != SIGNALLED;
            case RETIRED -> false;
          };
      if (!isLegal) {
        throw new IllegalStateException("a mailbox cannot go from " + this + " to " + next);
      }
      return next;
    }
  }

  private record Gap(long sequence, boolean isResumed) {}

  private final int capacity;
  private final ArrayDeque<Event> queue = new ArrayDeque<>(2);

  /** Null if no message was turned away; {@link #isWithholding} reads it without the monitor. */
  private volatile @Nullable Map<ConnectionId, Gap> gaps;

  private State state = State.PARKED;

  Mailbox(int capacity) {
    this.capacity = capacity;
  }

  synchronized Admission offer(Event work) {
    if (state == State.RETIRED) {
      return Admission.RETIRED;
    }
    if (work instanceof Event.Client handle) {
      Admission refused = refusal(handle.event());
      if (refused != null) {
        return refused;
      }
    }
    queue.add(work);
    if (state != State.PARKED) {
      return Admission.QUEUED;
    }
    state = state.to(State.SCHEDULED);
    return Admission.WAKE;
  }

  private @Nullable Admission refusal(ToHost.ClientEvent event) {
    boolean isFull = queue.size() >= capacity;
    if (event instanceof ToHost.Message message) {
      Gap gap = gaps == null ? null : gaps.get(message.connection());
      if (gap != null && (!gap.isResumed || message.sequence() != gap.sequence)) {
        return Admission.OUT_OF_TURN;
      }
      if (isFull) {
        gaps().put(message.connection(), new Gap(message.sequence(), false));
        return Admission.FULL;
      }
      if (gap != null) {
        gaps().remove(message.connection());
      }
      return null;
    }
    if (event instanceof ToHost.Closed closed && gaps != null) {
      gaps.remove(closed.connection());
    }
    boolean canBeRefused = event instanceof ToHost.Open || event instanceof ToHost.Request;
    return isFull && canBeRefused ? Admission.FULL : null;
  }

  /** The first work, or null; it stays. Cell's thread. */
  synchronized @Nullable Event peek() {
    return queue.peek();
  }

  /** Takes the first work, which is there. Cell's thread. */
  synchronized Event take() {
    return queue.remove();
  }

  /** Takes the first event; null if none waits. Cell's thread. */
  synchronized @Nullable Event poll() {
    return queue.poll();
  }

  /** Takes the first event if it is such a one; else null. Cell's thread. */
  synchronized @Nullable Event pollIf(Predicate<Event> whom) {
    Event first = queue.peek();
    return first != null && whom.test(first) ? queue.remove() : null;
  }

  /** Returns whether a message was not taken, or has not come again since. */
  boolean isWithholding() {
    return gaps != null;
  }

  /** Puts back what was taken last: it is the first again, room or not. Cell's thread. */
  synchronized void putBack(Event first) {
    queue.addFirst(first);
  }

  /** Takes all such work, in order. Cell's thread. */
  synchronized List<Event> takeAll(Predicate<Event> whom) {
    List<Event> taken = new ArrayList<>();
    queue.removeIf(work -> whom.test(work) && taken.add(work));
    return taken;
  }

  /**
   * What to tell of connections whose messages were not taken, once half of the room is free: what
   * was withheld, and that it is wanted now. Both are told by the cell's thread, so that neither
   * can overtake the other; until then a gateway has no more than its credit under way.
   */
  synchronized List<ToGateway> resumable() {
    if (gaps == null || queue.size() > capacity / 2) {
      return List.of();
    }
    List<ToGateway> resumed = new ArrayList<>();
    gaps.replaceAll(
        (connection, gap) -> {
          if (!gap.isResumed) {
            resumed.add(new Withheld(connection, gap.sequence));
            resumed.add(new Resumed(connection, gap.sequence));
          }
          return new Gap(gap.sequence, true);
        });
    if (gaps.isEmpty()) {
      gaps = null;
    }
    return resumed;
  }

  /**
   * Has the cell run, even if nothing waits.
   *
   * @return whether the caller must set it going
   */
  synchronized boolean signal() {
    boolean wasParked = state == State.PARKED;
    if (wasParked || state == State.SCHEDULED) {
      state = state.to(State.SIGNALLED);
    }
    return wasParked;
  }

  /**
   * The cell's thread wants to leave.
   *
   * @return false if something came meanwhile: it must go on
   */
  synchronized boolean park() {
    if (state == State.SIGNALLED) {
      state = state.to(State.SCHEDULED);
      return false;
    }
    if (!queue.isEmpty()) {
      return false;
    }
    rest();
    return true;
  }

  /** The cell's thread leaves, though work waits: it will be signalled when the time has come. */
  synchronized void rest() {
    if (state != State.RETIRED) {
      state = state.to(State.PARKED);
    }
  }

  /**
   * Refuses all further work, if none waits.
   *
   * @return whether it does
   */
  synchronized boolean retire() {
    if (!queue.isEmpty() || (gaps != null && !gaps.isEmpty())) {
      return false;
    }
    state = state.to(State.RETIRED);
    return true;
  }

  synchronized int size() {
    return queue.size();
  }

  private Map<ConnectionId, Gap> gaps() {
    if (gaps == null) {
      gaps = new HashMap<>();
    }
    return gaps;
  }
}
