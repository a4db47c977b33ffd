package dev.dormouse.server.admin.dashboard;

import dev.dormouse.server.observe.DormouseObserver;
import dev.dormouse.server.observe.Observers;
import dev.dormouse.server.protocol.Time;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Those who look at the dashboard. What every message would have to pay for listens only while
 * there are some: from the first look on, until there was none for {@link #LASTS}. Any thread.
 */
final class Audience {
  static final Duration LASTS = Duration.ofMinutes(3);

  private final Observers observers;
  private final Time time;
  private final List<DormouseObserver> listeners;
  private final Runnable onGone;

  // Guarded by this.

  /** What ends the listening; empty while nobody looks. */
  private final List<Runnable> removals = new ArrayList<>();

  private long lastLookNs;
  private long sinceMs;

  /**
   * Nobody yet.
   *
   * @param listeners hear what happens while there is somebody
   * @param onGone called when there is nobody any more
   */
  Audience(Observers observers, Time time, List<DormouseObserver> listeners, Runnable onGone) {
    this.observers = observers;
    this.time = time;
    this.listeners = List.copyOf(listeners);
    this.onGone = onGone;
  }

  /** Somebody looks. */
  synchronized void look() {
    lastLookNs = time.nowNs();
    if (removals.isEmpty()) {
      sinceMs = time.wallMs();
      listeners.forEach(listener -> removals.add(observers.add(listener)));
    }
  }

  /** To be called now and then: sees whether they have gone. */
  synchronized void tick() {
    if (isThere() && time.nowNs() - lastLookNs >= LASTS.toNanos()) {
      removals.forEach(Runnable::run);
      removals.clear();
      onGone.run();
    }
  }

  /** Whether there is somebody. */
  synchronized boolean isThere() {
    return !removals.isEmpty();
  }

  /** Since when there is somebody, in milliseconds since 1970; of no meaning if there is nobody. */
  synchronized long sinceMs() {
    return sinceMs;
  }
}
