package dev.dormouse.server.admin.dashboard;

import dev.dormouse.server.observe.DormouseObserver;
import dev.dormouse.server.observe.Observers;
import dev.dormouse.server.protocol.Time;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Tracks whether a person looks at the dashboard. Observers that cost time for every message listen
 * only meanwhile: from the first look until there was none for {@link #LASTS}. Any thread.
 */
final class Audience {
  static final Duration LASTS = Duration.ofMinutes(3);

  private final Observers observers;
  private final Time time;
  private final List<DormouseObserver> listeners;
  private final Runnable onGone;

  // The following fields are guarded by this.

  /** The actions that remove the listeners; empty while nobody looks. */
  private final List<Runnable> removals = new ArrayList<>();

  private long lastLookNs;
  private long sinceMs;

  /**
   * Creates an audience of nobody.
   *
   * @param listeners observers that listen while a person looks
   * @param onGone called when nobody looks any more
   */
  Audience(Observers observers, Time time, List<DormouseObserver> listeners, Runnable onGone) {
    this.observers = observers;
    this.time = time;
    this.listeners = List.copyOf(listeners);
    this.onGone = onGone;
  }

  /** Records that a person looks now. */
  synchronized void look() {
    lastLookNs = time.nowNs();
    if (removals.isEmpty()) {
      sinceMs = time.wallMs();
      listeners.forEach(listener -> removals.add(observers.add(listener)));
    }
  }

  /** Ends the listening if the last look is too long ago; to be called periodically. */
  synchronized void tick() {
    if (isThere() && time.nowNs() - lastLookNs >= LASTS.toNanos()) {
      removals.forEach(Runnable::run);
      removals.clear();
      onGone.run();
    }
  }

  /** Returns whether a person looks. */
  synchronized boolean isThere() {
    return !removals.isEmpty();
  }

  /**
   * Returns the time since which a person looks, in milliseconds since 1970; meaningless if nobody
   * does.
   */
  synchronized long sinceMs() {
    return sinceMs;
  }
}
