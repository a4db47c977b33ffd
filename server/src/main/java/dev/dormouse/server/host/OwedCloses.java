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
 * Close events of one actor that could not be handled, because the actor could not be activated or
 * the store could not be read. The rows of their connections are still stored, so that the next
 * start finds them if this process does not handle them. Meanwhile the connections are not counted
 * as open.
 *
 * <p>Owed closes are tried again whenever the actor has been activated, and at growing intervals of
 * at most 5 minutes. Methods are called by the thread that runs the cell; {@link #count} and {@link
 * #isDue} may be called by any thread.
 */
final class OwedCloses {
  private static final Duration REST_MAX = Duration.ofMinutes(5);

  private final ActorRows rows;
  private final ClosingConnections closing;
  private final RetryPolicy policy;
  private final ArrayDeque<Event.Client> owed = new ArrayDeque<>(2);

  private volatile int count;

  /** The failures of attempts since one last succeeded; null if none failed. */
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

  /** Returns the first close that is not handled, if it is due; the close stays owed. */
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

  /** Removes the first close, which was handled, or whose handler failed. */
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

  /** Puts the next attempt off, since this one failed or could not be made. */
  void failed(long beganNs, long nowNs) {
    if (count > 0) {
      retry = Retry.after(retry, policy.withRestMax(REST_MAX), beganNs, nowNs);
    }
  }

  /** Makes the next attempt due at once, since the cause of the failures may be gone. */
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
