package dev.dormouse.server.host;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.FailurePolicy;
import dev.dormouse.server.protocol.Time;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a cell does about work that failed: says so, logs it, and decides what is tried again, and
 * when. The cell's own life is none of its business. Used by whoever runs the cell, {@link
 * #isRetryDue} by anyone.
 */
final class Recovery {
  private static final Logger log = LoggerFactory.getLogger(Recovery.class);

  private final ActorId id;
  private final FailurePolicy failurePolicy;
  private final Time time;
  private final ActorRows rows;
  private final Outgoing outgoing;
  private final ClosingConnections closing;

  /** Null unless an activation failed and is to be tried again. */
  private volatile @Nullable Retry resting;

  Recovery(
      ActorId id,
      FailurePolicy failurePolicy,
      Time time,
      ActorRows rows,
      Outgoing outgoing,
      ClosingConnections closing) {
    this.id = id;
    this.failurePolicy = failurePolicy;
    this.time = time;
    this.rows = rows;
    this.outgoing = outgoing;
    this.closing = closing;
  }

  /** Whether the cell rests, and the time has come to try again. Any thread. */
  boolean isRetryDue(long nowNs) {
    Retry retry = resting;
    return retry != null && retry.isDue(nowNs);
  }

  /** Whether nothing is to be tried yet. */
  boolean isResting() {
    Retry retry = resting;
    return retry != null && !retry.isDue(time.nowNs());
  }

  /** A turn ended well. */
  void succeeded() {
    resting = null;
  }

  /**
   * There is no actor object for the work that waits. It is answered as if its own turn had failed,
   * and the next one tries again. A close must take effect: it waits for later attempts, while
   * there are any left.
   *
   * @return whether it is given up: it must be taken, and is {@link #giveUp given up} then
   */
  boolean activationFailed(@Nullable Work waiting, Throwable cause) {
    log.error(
        "actor {} could not be activated for a {}: {}",
        id,
        waiting == null ? "stop" : waiting.label(),
        cause,
        cause);
    if (!(waiting instanceof Work.Handle handle)) {
      return false;
    }
    boolean isClose = handle.event() instanceof ToHost.Closed;
    resting = isClose ? Retry.after(resting, time.nowNs()) : null;
    return resting == null;
  }

  void giveUp(Work.Handle handle) {
    if (handle.event() instanceof ToHost.Closed closed) {
      forget(closed);
    } else {
      outgoing.say(Verdicts.failed(handle, FailurePolicy.KEEP_OPEN));
    }
    handle.ended().run();
  }

  /** A handler failed: nothing of its turn is kept or said. */
  void turnFailed(Work work, Throwable failure) {
    log.error(
        "a turn of actor {} failed ({}, connection {}); nothing of it was kept or sent: {}",
        id,
        work.label(),
        work.connection(),
        failure,
        failure);
    if (work instanceof Work.Handle handle && handle.event() instanceof ToHost.Closed closed) {
      forget(closed);
    } else {
      List<ToGateway> records = Verdicts.failed(work, failurePolicy);
      closing.said(records);
      outgoing.say(records);
    }
  }

  /**
   * A close handler threw: what it did is void, but the connection is gone all the same. If the
   * store cannot even be read, the row stays, and the next start finds it.
   */
  private void forget(ToHost.Closed closed) {
    closing.handled(closed);
    try {
      outgoing.forget(closed.connection());
    } catch (RuntimeException e) {
      rows.discard();
      log.error("{} of actor {} could not be removed", closed.connection(), id, e);
    }
  }
}
