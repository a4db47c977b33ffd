package dev.dormouse.server.observe;

import dev.dormouse.log.Log;
import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.observe.DormouseObserver.LimitHit;
import dev.dormouse.server.protocol.Time;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Holds the observers of a server and reports events to them. Callers make an event object only if
 * an observer listens; the exceptions of observers are logged. Any thread.
 *
 * <pre>{@code
 * if (observers.isAny()) {
 *   observers.tell(DormouseObserver::actorReset, new ActorReset(actor, cause, true));
 * }
 * }</pre>
 */
public final class Observers {
  private static final Logger log = Log.of(Observers.class);
  private static final Duration COMPLAINT_PAUSE = Duration.ofMinutes(1);

  private final CopyOnWriteArrayList<DormouseObserver> all = new CopyOnWriteArrayList<>();
  private final CopyOnWriteArrayList<DormouseObserver> ofFrames = new CopyOnWriteArrayList<>();
  private final CopyOnWriteArrayList<DormouseObserver> ofActors = new CopyOnWriteArrayList<>();
  private final AtomicLong failures = new AtomicLong();
  private final LineRate complaints;

  /** Logs the limits that turn clients away; null if these limits are not to be logged here. */
  private final @Nullable LimitLog limitLog;

  /** Creates a list without observers; limits that turn clients away are logged. */
  public Observers(Time time) {
    this(time, new LimitLog(time));
  }

  private Observers(Time time, @Nullable LimitLog limitLog) {
    this.complaints = new LineRate(time, 1, COMPLAINT_PAUSE);
    this.limitLog = limitLog;
  }

  /** Creates a list with one observer, which logs limits itself; this list does not log them. */
  public static Observers ofLimits(Time time, DormouseObserver observer) {
    Observers observers = new Observers(time, null);
    observers.add(observer);
    return observers;
  }

  /**
   * Adds an observer.
   *
   * @return removes the observer; running it again does nothing
   */
  public Runnable add(DormouseObserver observer) {
    all.add(observer);
    if (observer.wantsFrames()) {
      ofFrames.add(observer);
    }
    return () -> {
      all.remove(observer);
      ofFrames.remove(observer);
    };
  }

  /**
   * Adds an observer that hears only of actors that came into memory, left it, or were reset. While
   * there are only such observers, no objects are made for events that happen more often.
   *
   * @return removes the observer; running it again does nothing
   */
  public Runnable addOfActors(DormouseObserver observer) {
    ofActors.add(observer);
    return () -> ofActors.remove(observer);
  }

  /** Returns whether an observer listens to all events. */
  public boolean isAny() {
    return !all.isEmpty();
  }

  /** Returns whether an observer hears of actors that enter memory, leave it, or are reset. */
  public boolean isAnyOfActors() {
    return !all.isEmpty() || !ofActors.isEmpty();
  }

  /** Returns whether an observer wants to hear of frames. */
  public boolean isAnyOfFrames() {
    return !ofFrames.isEmpty();
  }

  /** Reports an event to all observers. Callers check {@link #isAny} first. */
  public <T> void tell(BiConsumer<DormouseObserver, T> method, T what) {
    tell(all, method, what);
  }

  /**
   * Reports to all observers that an actor came into memory, left it, or was reset. Callers check
   * {@link #isAnyOfActors} first.
   */
  public <T> void tellOfActor(BiConsumer<DormouseObserver, T> method, T what) {
    tell(all, method, what);
    tell(ofActors, method, what);
  }

  /**
   * Reports a frame to the observers that want frames. Callers check {@link #isAnyOfFrames} first.
   */
  public void tellOfFrame(
      BiConsumer<DormouseObserver, DormouseObserver.Frame> method, DormouseObserver.Frame frame) {
    tell(ofFrames, method, frame);
  }

  /**
   * Logs that a limit was hit, if the limit turned a client away, and reports it to all observers.
   */
  public void limitHit(
      String limit, String outcome, @Nullable ActorId actor, @Nullable ConnectionId connection) {
    LimitHit hit = new LimitHit(limit, outcome, actor, connection);
    if (limitLog != null) {
      limitLog.hit(hit);
    }
    tell(DormouseObserver::limitHit, hit);
  }

  private <T> void tell(
      List<DormouseObserver> observers, BiConsumer<DormouseObserver, T> method, T what) {
    ThreadState before = ThreadState.now();
    for (DormouseObserver observer : observers) {
      try {
        method.accept(observer, what);
      } catch (Throwable e) {
        complain(observer, e);
      } finally {
        before.restore();
      }
    }
  }

  private void complain(DormouseObserver observer, Throwable failure) {
    failures.incrementAndGet();
    complaints.error(
        log,
        "observer {} failed; it still hears of later events ({} failures so far)",
        observer,
        failures,
        failure);
  }

  /** Returns the number of exceptions that observers have thrown. */
  public long failures() {
    return failures.get();
  }
}
