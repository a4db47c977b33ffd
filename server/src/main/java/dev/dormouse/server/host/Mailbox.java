package dev.dormouse.server.host;

import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.host.commit.Unanswered;
import dev.dormouse.server.host.owner.InFlight;
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
 * The events that wait for one actor, and whether a thread runs the actor's cell or is about to.
 * The mailbox is the border between the threads that bring events and the thread that runs the
 * cell. Its monitor guards all fields.
 *
 * <p>A mailbox that is shut, because the node leaves the ownership of the actor or has lost it, is
 * empty and takes nothing.
 *
 * <p>Messages over the capacity are not taken. The mailbox remembers the number of the first
 * message that it did not take of a connection, and ignores later messages of that connection until
 * the gateway has sent the messages from that number on again.
 */
final class Mailbox {

  /** The result of an offer. */
  enum Admission {
    /** The event waits; a thread runs the cell already. */
    QUEUED,
    /** The event waits; the caller must have a thread run the cell. */
    WAKE,
    /** The mailbox is full; the number of a refused message is remembered. */
    FULL,
    /** The message is ignored, since the gateway will send it again. */
    OUT_OF_TURN,
    /** The cell is retired; the event belongs to the actor's next cell. */
    RETIRED,
    /** The node does not own the actor any more; the event is passed over. */
    SHUT
  }

  /** True if a thread runs the cell. */
  enum State {
    /** No thread runs the cell. */
    PARKED,
    /** A thread runs the cell, or is about to. */
    SCHEDULED,
    /** A thread runs the cell, or is about to, and must look again before it leaves. */
    SIGNALLED,
    /** The actor does not use this cell any more. */
    RETIRED;

    /**
     * Returns the next state.
     *
     * @throws IllegalStateException if the next state may not follow this one
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

  /** The number of the first message that was not taken, and whether it was asked for again. */
  private record Gap(long sequence, boolean isResumed) {}

  private final int capacity;
  private final ArrayDeque<Event> queue = new ArrayDeque<>(2);

  /**
   * The messages that were not taken, by connection; null if there are none. {@link #isWithholding}
   * reads the field without the monitor.
   */
  private volatile @Nullable Map<ConnectionId, Gap> gaps;

  private State state = State.PARKED;

  /** True once no event is taken any more; {@link #isShut} reads the field without the monitor. */
  private volatile boolean isShut;

  /** The events that were taken out and are not answered; null if nobody asks for them. */
  private final @Nullable Unanswered unanswered;

  /** Creates an empty mailbox. */
  Mailbox(int capacity) {
    this(capacity, null);
  }

  /**
   * Creates an empty mailbox.
   *
   * @param unanswered told of the events that are taken out; null if nobody asks for them
   */
  Mailbox(int capacity, @Nullable Unanswered unanswered) {
    this.capacity = capacity;
    this.unanswered = unanswered;
  }

  synchronized Admission offer(Event work) {
    if (state == State.RETIRED) {
      return Admission.RETIRED;
    }
    if (isShut) {
      return Admission.SHUT;
    }
    if (work instanceof Event.Client client) {
      Admission refused = refusal(client.event());
      if (refused != null) {
        return refused;
      }
    } else if (work instanceof Event.Call && queue.size() >= capacity) {
      return Admission.FULL;
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

  /** Returns the first event, which stays; null if none waits. Cell's thread. */
  synchronized @Nullable Event peek() {
    return queue.peek();
  }

  /** Takes the first event; the mailbox must not be empty. Cell's thread. */
  synchronized Event take() {
    return taken(queue.remove());
  }

  private <E extends @Nullable Event> E taken(E event) {
    if (unanswered != null) {
      unanswered.taken(event);
    }
    return event;
  }

  /** Takes the first event; null if none waits. Cell's thread. */
  synchronized @Nullable Event poll() {
    return taken(queue.poll());
  }

  /** Takes the first event if the predicate accepts it; else returns null. Cell's thread. */
  synchronized @Nullable Event pollIf(Predicate<Event> whom) {
    Event first = queue.peek();
    return first != null && whom.test(first) ? taken(queue.remove()) : null;
  }

  /** Returns whether there is a message that was not taken and has not come again since. */
  boolean isWithholding() {
    return gaps != null;
  }

  /** Puts an event back to the front, even if the mailbox is full. Cell's thread. */
  synchronized void putBack(Event first) {
    if (unanswered != null) {
      unanswered.putBack(first);
    }
    if (!isShut) {
      queue.addFirst(first);
    }
  }

  /** Takes all events that the predicate accepts, in order. Cell's thread. */
  synchronized List<Event> takeAll(Predicate<Event> whom) {
    List<Event> taken = new ArrayList<>();
    queue.removeIf(event -> whom.test(event) && taken.add(event));
    taken.forEach(this::taken);
    return taken;
  }

  /**
   * Drops the events that a gateway has sent and will send again, and says which of the gateway's
   * events were taken out and are not answered.
   *
   * @param gateway the run of the gateway's node
   */
  synchronized void forget(long gateway, InFlight inFlight) {
    queue.removeIf(
        event ->
            event instanceof Event.Client client
                && client.gateway() == gateway
                && !client.isOfHost());
    if (gaps != null) {
      gaps.keySet().removeIf(connection -> connection.run() == gateway);
    }
    if (unanswered != null) {
      unanswered.addTo(inFlight, gateway);
    }
  }

  /**
   * Shuts the mailbox.
   *
   * @return the events that waited, none of which will be handled
   */
  synchronized List<Event> shut() {
    isShut = true;
    List<Event> waiting = List.copyOf(queue);
    queue.clear();
    gaps = null;
    return waiting;
  }

  /** Returns whether the mailbox is shut. */
  boolean isShut() {
    return isShut;
  }

  /**
   * Returns the records that ask for the messages that were not taken, once half of the mailbox is
   * free: for each connection a {@link Withheld} and a {@link Resumed}. The cell's thread sends
   * both, so that neither can overtake the other; until then a gateway has no more messages under
   * way than its credit allows.
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
   * Notes that the cell must run, even if no event waits.
   *
   * @return whether the caller must have a thread run the cell
   */
  synchronized boolean signal() {
    boolean wasParked = state == State.PARKED;
    if (wasParked || state == State.SCHEDULED) {
      state = state.to(State.SIGNALLED);
    }
    return wasParked;
  }

  /**
   * Parks the cell, if neither an event nor a signal waits.
   *
   * @return false if something came, so that the cell's thread must go on
   */
  synchronized boolean park() {
    if (state != State.SIGNALLED && !queue.isEmpty()) {
      return false;
    }
    return parkWithEvents();
  }

  /**
   * Parks the cell even if events wait, unless a signal does. The next event or signal lets the
   * cell run again.
   *
   * @return false if a signal came, so that the cell's thread must go on
   */
  synchronized boolean parkWithEvents() {
    if (state == State.SIGNALLED) {
      state = state.to(State.SCHEDULED);
      return false;
    }
    rest();
    return true;
  }

  /** Parks the cell even if events wait; a later {@link #signal} lets it run again. */
  synchronized void rest() {
    if (state != State.RETIRED) {
      state = state.to(State.PARKED);
    }
  }

  /**
   * Retires the mailbox if no event waits, so that it refuses all further events.
   *
   * @return whether the mailbox is retired
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
