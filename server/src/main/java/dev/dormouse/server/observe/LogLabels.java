package dev.dormouse.server.observe;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ConnectionId;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

/**
 * Labels of log lines (slf4j's MDC): whose they are. The thread has them while a handler of the
 * actor runs on it, and while the gateway logs of a connection.
 */
public final class LogLabels {
  /** The actor's type. */
  public static final String TYPE = "dormouse.actor.type";

  /** The actor's key. */
  public static final String KEY = "dormouse.actor.key";

  /** The connection that the event or the line is about, if there is one. */
  public static final String CONNECTION = "dormouse.connection";

  private LogLabels() {}

  /** The thread has them from now on; to be removed by it. */
  public static void put(ActorId actor, @Nullable ConnectionId connection) {
    MDC.put(TYPE, actor.type());
    MDC.put(KEY, actor.key());
    if (connection != null) {
      MDC.put(CONNECTION, connection.toString());
    }
  }

  /** The thread has them no longer. */
  public static void remove() {
    MDC.remove(TYPE);
    MDC.remove(KEY);
    MDC.remove(CONNECTION);
  }

  /** The thread has them while this runs. */
  public static void with(ActorId actor, ConnectionId connection, Runnable line) {
    put(actor, connection);
    try {
      line.run();
    } finally {
      remove();
    }
  }
}
