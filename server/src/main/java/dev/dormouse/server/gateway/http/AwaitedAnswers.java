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
  private final ConcurrentHashMap<K, Held> held = new ConcurrentHashMap<>();

  /** A request with the timer of its deadline, and the Vert.x instance that runs the timer. */
  private record Waiting<R>(R request, Vertx vertx, long timer) {}

  /** The memory of a request to an actor of a group of shards. */
  private record Held(int group, Runnable letGo) {}

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
   * @param group the group of shards of the actor
   * @param letGo releases the memory; runs once, when the host has answered
   */
  public void asked(K key, int group, Runnable letGo) {
    held.put(key, new Held(group, letGo));
  }

  /** Releases the memory of a request that the host has answered. Any thread. */
  public void answered(K key) {
    Held answered = held.remove(key);
    if (answered != null) {
      answered.letGo.run();
    }
  }

  /**
   * Releases the memory of requests that are decided and to which no answer will come, because the
   * group has another owner. Any thread.
   */
  public void ownerChanged(int group) {
    held.forEach(
        (key, request) -> {
          if (request.group == group && !waiting.containsKey(key)) {
            answered(key);
          }
        });
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

  /** Returns a request that waits; null if it does not wait. Any thread. */
  public @Nullable R get(K key) {
    Waiting<R> found = waiting.get(key);
    return found == null ? null : found.request;
  }

  /** Returns the requests that wait. Any thread. */
  public List<R> all() {
    return waiting.values().stream().map(Waiting::request).toList();
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
