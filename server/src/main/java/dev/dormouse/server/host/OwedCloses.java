package dev.dormouse.server.host;

import dev.dormouse.server.host.rows.ActorRows;
import dev.dormouse.server.host.turn.ClosingConnections;
import dev.dormouse.server.host.turn.Event;
import dev.dormouse.server.protocol.ToHost;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Closes that must take effect and have not, since the actor could not be activated for them, or
 * they could not read the store. Their connections' rows are still there, so that the next start
 * finds them if this process does not come to it; but as long as they are owed, the connections
 * count for nothing.
 *
 * <p>They are tried again whenever the actor has been activated, and at growing intervals, the
 * longest being 5 minutes. Used by whoever runs the cell; {@link #count} and {@link #isDue} by
 * anyone.
 */
final class OwedCloses {
  private static final Duration REST_MAX = Duration.ofMinutes(5);

  private final ActorRows rows;
  private final ClosingConnections closing;
  private final RetryPolicy policy;
  private final ArrayDeque<Event.Client> owed = new ArrayDeque<>(2);

  private volatile int count;

  /** Null unless an attempt failed since one went well. */
  private volatile @Nullable Retry retry;

  OwedCloses(ActorRows rows, ClosingConnections closing, RetryPolicy policy) {
    this.rows = rows;
    this.closing = closing;
    this.policy = policy;
  }

  /** Returns the number of closes that are owed. */
  int count() {
    return count;
  }

  boolean isDue(long nowNs) {
    Retry last = retry;
    return count > 0 && (last == null || last.isDue(nowNs));
  }

  /** Returns the first close that has not taken effect, if it is due; the close stays owed. */
  Event.@Nullable Client due(long nowNs) {
    if (!isDue(nowNs)) {
      return null;
    }
    for (Event.Client first = owed.peek(); first != null; first = owed.peek()) {
      if (first.event() instanceof ToHost.Closed closed && rows.mayHave(closed.connection())) {
        return first;
      }
      remove();
    }
    return null;
  }

  /** Returns whether the event is the close that {@link #due} returned. */
  boolean isFirst(Event work) {
    return owed.peek() == work;
  }

  void add(ToHost.Closed close) {
    closing.add(close);
    owed.add(new Event.Client(close));
    count = owed.size();
  }

  /** Removes the first close, which has taken effect, or has had its chance. */
  void remove() {
    Event.Client done = owed.remove();
    closing.handled(done.event());
    count = owed.size();
    retry = null;
  }

  /** Puts the first close, which failed, behind the others. */
  void failedFirst(long beganNs, long nowNs) {
    owed.add(owed.remove());
    failed(beganNs, nowNs);
  }

  /** Notes that no attempt could be made. */
  void failed(long beganNs, long nowNs) {
    if (count > 0) {
      retry = Retry.after(retry, policy.withRestMax(REST_MAX), beganNs, nowNs);
    }
  }

  /** Makes the next attempt due at once, since what stood in the way may be gone. */
  void tryNow(long nowNs) {
    Retry last = retry;
    retry = last == null ? null : last.dueAt(nowNs);
  }

  /** Calls the action with each close that is owed. */
  void forEach(Consumer<ToHost.Closed> action) {
    for (Event.Client close : owed) {
      if (close.event() instanceof ToHost.Closed closed) {
        action.accept(closed);
      }
    }
  }
}
