package dev.dormouse.server.gateway.http;

import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Requests that wait for an answer of the host, each under a key. A request is taken out by exactly
 * one of those who may decide it, such as the host's answer, the deadline and the client's going.
 * What a request holds is charged until the host has answered, though the client may have gone
 * meanwhile: so long the host keeps it.
 *
 * @param <K> the kind of the keys
 * @param <R> the kind of the requests
 */
public final class AwaitedAnswers<K, R> {
  private final Vertx vertx;

  /** The requests that nobody has decided. */
  private final ConcurrentHashMap<K, Waiting<R>> waiting = new ConcurrentHashMap<>();

  /** Lets go of what a request holds that the host was asked and has not answered. */
  private final ConcurrentHashMap<K, Runnable> held = new ConcurrentHashMap<>();

  private record Waiting<R>(R request, long timer) {}

  public AwaitedAnswers(Vertx vertx) {
    this.vertx = vertx;
  }

  /**
   * Has a request wait. On the request's context.
   *
   * @param overdue runs on the request's context once the limit is over, unless the request was
   *     taken before
   */
  public void await(K key, R request, Duration limit, Runnable overdue) {
    long timer = vertx.setTimer(Math.max(1, limit.toMillis()), elapsed -> overdue.run());
    waiting.put(key, new Waiting<>(request, timer));
  }

  /** Returns whether the request still waits. Any thread. */
  public boolean isWaiting(K key) {
    return waiting.containsKey(key);
  }

  /**
   * Keeps what a request holds until the host has answered: the host is about to be asked.
   *
   * @param letGo runs once the host has answered
   */
  public void asked(K key, Runnable letGo) {
    held.put(key, letGo);
  }

  /** Lets go of what a request held: the host has answered. Any thread. */
  public void answered(K key) {
    Runnable letGo = held.remove(key);
    if (letGo != null) {
      letGo.run();
    }
  }

  /** Takes a request out, for the caller to decide; null if somebody else did. Any thread. */
  public @Nullable R take(K key) {
    Waiting<R> taken = waiting.remove(key);
    if (taken == null) {
      return null;
    }
    vertx.cancelTimer(taken.timer);
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
