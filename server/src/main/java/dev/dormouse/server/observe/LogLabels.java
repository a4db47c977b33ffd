package dev.dormouse.server.observe;

import dev.dormouse.log.Log;
import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ConnectionId;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

/**
 * Labels of log lines (slf4j's MDC): whose they are. The thread has them while a handler of the
 * actor runs on it, and while the gateway logs of a connection.
 */
public final class LogLabels {
  /** The actor's type. */
  public static final String TYPE = Log.ACTOR_TYPE;

  /** The actor's key. */
  public static final String KEY = Log.ACTOR_KEY;

  /** The connection that the event or the line is about, if there is one. */
  public static final String CONNECTION = Log.CONNECTION;

  private LogLabels() {}

  /**
   * Gives the thread these labels until {@link #restore}.
   *
   * @return the labels that it has now, to be restored; null if it has none
   */
  public static @Nullable Map<String, String> put(
      ActorId actor, @Nullable ConnectionId connection) {
    Map<String, String> before = now();
    MDC.put(TYPE, actor.type());
    MDC.put(KEY, actor.key());
    if (connection != null) {
      MDC.put(CONNECTION, connection.toString());
    }
    return before;
  }

  /** Returns the labels that the thread has, whoever gave them to it; null if it has none. */
  public static @Nullable Map<String, String> now() {
    return MDC.getCopyOfContextMap();
  }

  /**
   * Gives the thread these labels and no others: what a handler has put there, and left, goes.
   *
   * @param before null for none
   */
  public static void restore(@Nullable Map<String, String> before) {
    if (before == null || before.isEmpty()) {
      MDC.clear();
    } else {
      MDC.setContextMap(before);
    }
  }

  /** The thread has them while this runs. */
  public static void with(ActorId actor, ConnectionId connection, Runnable line) {
    Map<String, String> before = put(actor, connection);
    try {
      line.run();
    } finally {
      restore(before);
    }
  }
}
