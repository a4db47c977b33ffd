package dev.dormouse.server.observe;

import dev.dormouse.log.Log;
import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ConnectionId;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

/**
 * Sets the labels of log lines (slf4j's MDC) that name an actor and a connection. A thread has them
 * while a handler of the actor runs on it, and while the gateway logs about a connection.
 */
public final class LogLabels {
  /** The label of the actor's type. */
  public static final String TYPE = Log.ACTOR_TYPE;

  /** The label of the actor's key. */
  public static final String KEY = Log.ACTOR_KEY;

  /** The label of the connection that the event or the line is about, if there is one. */
  public static final String CONNECTION = Log.CONNECTION;

  private LogLabels() {}

  /**
   * Sets these labels on the thread until {@link #restore}.
   *
   * @return the labels that the thread had, for {@code restore}; null if it had none
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

  /** Returns all labels of the thread; null if it has none. */
  public static @Nullable Map<String, String> now() {
    return MDC.getCopyOfContextMap();
  }

  /**
   * Sets the labels of the thread to exactly these; labels that a handler set and left are removed.
   *
   * @param before the labels; null for none
   */
  public static void restore(@Nullable Map<String, String> before) {
    if (before == null || before.isEmpty()) {
      MDC.clear();
    } else {
      MDC.setContextMap(before);
    }
  }

  /** Runs a task with these labels on the thread. */
  public static void with(ActorId actor, ConnectionId connection, Runnable line) {
    Map<String, String> before = put(actor, connection);
    try {
      line.run();
    } finally {
      restore(before);
    }
  }
}
