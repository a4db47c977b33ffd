package dev.dormouse.server.gateway.http;

import io.vertx.core.Context;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A table of requests that wait for the host's answer, each under a key. Exactly one event takes a
 * request out and decides it: the host's answer, the deadline, or the end of the client, for
 * example. The memory of a request is charged until the host has answered, even if the client has
 * gone, because the host keeps the request until then.
 *
 * @param <K> the type of the keys
 * @param <R> the type of the requests
 */
public final class AwaitedAnswers<K, R> {
  /** The undecided requests by their key. */
  private final ConcurrentHashMap<K, Waiting<R>> waiting = new ConcurrentHashMap<>();

  /** The actions that release the memory of the requests that the host has not answered. */
  private final ConcurrentHashMap<K, Runnable> held = new ConcurrentHashMap<>();

  /** A request with the timer of its deadline, and the Vert.x instance that runs the timer. */
  private record Waiting<R>(R request, Vertx vertx, long timer) {}

  /**
   * Adds a request.
   *
   * @param context the request's context, on which the method is called
   * @param overdue runs on the request's context at the deadline, unless the request was taken
   *     before
   */
  public void await(K key, R request, Context context, Duration limit, Runnable overdue) {
    Vertx vertx = context.owner();
    long timer = vertx.setTimer(Math.max(1, limit.toMillis()), elapsed -> overdue.run());
    waiting.put(key, new Waiting<>(request, vertx, timer));
  }

  /** Returns whether the request still waits. Any thread. */
  public boolean isWaiting(K key) {
    return waiting.containsKey(key);
  }

  /**
   * Keeps the memory of a request charged until the host has answered. Called before the host is
   * asked.
   *
   * @param letGo releases the memory; runs once, when the host has answered
   */
  public void asked(K key, Runnable letGo) {
    held.put(key, letGo);
  }

  /** Releases the memory of a request that the host has answered. Any thread. */
  public void answered(K key) {
    Runnable letGo = held.remove(key);
    if (letGo != null) {
      letGo.run();
    }
  }

  /**
   * Takes out and returns a request, which the caller then decides; null if it was taken before.
   * Any thread.
   */
  public @Nullable R take(K key) {
    Waiting<R> taken = waiting.remove(key);
    if (taken == null) {
      return null;
    }
    taken.vertx.cancelTimer(taken.timer);
    return taken.request;
  }

  /** Returns the keys of the requests that wait. Any thread. */
  public List<K> keys() {
    return List.copyOf(waiting.keySet());
  }

  /** Returns how many requests wait. Any thread. */
  public long size() {
    return waiting.mappingCount();
  }
}
