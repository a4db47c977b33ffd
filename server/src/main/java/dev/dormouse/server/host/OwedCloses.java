package dev.dormouse.server.host;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Closes that must take effect and have not: the actor could not be activated for them, or the
 * store could not be read, or did not keep what they did. Their connections' rows are still there,
 * so that the next start finds them if this process does not come to it; but as long as they are
 * owed, the connections count for nothing.
 *
 * <p>They are tried again whenever the actor has been activated, and at growing intervals, the
 * longest being 5 minutes. Used by whoever runs the cell; {@link #count} and {@link #isDue} by
 * anyone.
 */
final class OwedCloses {
  private static final Duration REST_MAX = Duration.ofMinutes(5);

  private record UnderWay(long turn, ToHost.Closed close) {}

  private final ActorId id;
  private final ActorRows rows;
  private final ClosingConnections closing;
  private final RetryPolicy policy;
  private final ArrayDeque<Work.Handle> owed = new ArrayDeque<>(2);

  /** What was handed in to the store, in the order of turns, until it is kept. */
  private final ArrayDeque<UnderWay> underWay = new ArrayDeque<>(2);

  private volatile int count;

  /** Null unless an attempt failed since one went well. */
  private volatile @Nullable Retry retry;

  OwedCloses(ActorId id, ActorRows rows, ClosingConnections closing, RetryPolicy policy) {
    this.id = id;
    this.rows = rows;
    this.closing = closing;
    this.policy = policy.withRestMax(REST_MAX);
  }

  /** How many are owed. */
  int count() {
    return count;
  }

  boolean isDue(long nowNs) {
    Retry last = retry;
    return count > 0 && (last == null || last.isDue(nowNs));
  }

  /** The first that has not taken effect, as far as can be told, if it is time; it stays. */
  Work.@Nullable Handle due(long nowNs) {
    if (!isDue(nowNs)) {
      return null;
    }
    for (Work.Handle first = owed.peek(); first != null; first = owed.peek()) {
      if (first.event() instanceof ToHost.Closed closed && rows.mayHave(closed.connection())) {
        return first;
      }
      remove();
    }
    return null;
  }

  /** Whether it is the one that {@link #due} gave. */
  boolean isFirst(Work work) {
    return owed.peek() == work;
  }

  void add(ToHost.Closed close) {
    closing.add(close);
    owed.add(new Work.Handle(close));
    count = owed.size();
  }

  /** The first has taken effect, or has had its chance. */
  void remove() {
    Work.Handle done = owed.remove();
    closing.handled(done.event());
    count = owed.size();
  }

  /** The first failed; the others come before it now. */
  void failedFirst(long beganNs, long nowNs) {
    owed.add(owed.remove());
    failed(beganNs, nowNs);
  }

  /** No attempt could be made. */
  void failed(long beganNs, long nowNs) {
    if (count > 0) {
      retry = Retry.after(retry, policy, beganNs, nowNs);
    }
  }

  /** What stood in their way may be gone. */
  void tryNow(long nowNs) {
    Retry last = retry;
    retry = last == null ? null : last.dueAt(nowNs);
  }

  /** A turn is handed in to the store: if it is lost, so may be the end of a connection. */
  void leaves(long turn, ToHost event, List<ToGateway> said) {
    if (event instanceof ToHost.Closed closed) {
      underWay.add(new UnderWay(turn, closed));
    } else if (event instanceof ToHost.Open) {
      for (ToGateway record : said) {
        if (record instanceof ToGateway.Accepted accepted) {
          underWay.add(new UnderWay(turn, unheardOf(accepted.connection())));
        }
      }
    }
  }

  /** Of a client that is told that it was not accepted, though the store may say otherwise. */
  private ToHost.Closed unheardOf(ConnectionId connection) {
    return new ToHost.Closed(
        id, connection, CloseReason.abnormal(CloseReason.Cause.CONNECTION_LOST));
  }

  /** All turns up to this one are kept. */
  void settle(long turn) {
    while (!underWay.isEmpty() && underWay.element().turn <= turn) {
      underWay.remove();
      retry = null;
    }
  }

  /** Of those under way nobody knows which are kept: the store is to be asked. */
  void lost(long nowNs) {
    List<UnderWay> lost = new ArrayList<>(underWay);
    underWay.clear();
    lost.stream().map(UnderWay::close).filter(c -> rows.mayHave(c.connection())).forEach(this::add);
    for (Work.Handle still : owed) {
      if (still.event() instanceof ToHost.Closed closed) {
        closing.add(closed);
      }
    }
    failed(nowNs, nowNs);
  }
}
