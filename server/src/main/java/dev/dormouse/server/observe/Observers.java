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
 * Those who listen, and the way to tell them: what is told is made only if somebody listens, and
 * what an observer throws goes into the log. Any thread.
 *
 * <pre>{@code
 * if (observers.isAny()) {
 *   observers.tell(DormouseObserver::actorReset, new ActorReset(actor, cause));
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

  /** Null if the limits that are hit are not to be logged here. */
  private final @Nullable LimitLog limitLog;

  /** Makes a list without observers; the limits that are hit go into the log all the same. */
  public Observers(Time time) {
    this(time, new LimitLog(time));
  }

  private Observers(Time time, @Nullable LimitLog limitLog) {
    this.complaints = new LineRate(time, 1, COMPLAINT_PAUSE);
    this.limitLog = limitLog;
  }

  /** Makes a list with one observer, who logs the limits that are hit in words of its own. */
  public static Observers ofLimits(Time time, DormouseObserver observer) {
    Observers observers = new Observers(time, null);
    observers.add(observer);
    return observers;
  }

  /**
   * One more.
   *
   * @return has it hear nothing more; idempotent
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
   * One more who hears of actors that came into memory, left it, or were reset, and of nothing
   * else: while there are only such, nothing is made of what happens more often.
   *
   * @return has it hear nothing more; idempotent
   */
  public Runnable addOfActors(DormouseObserver observer) {
    ofActors.add(observer);
    return () -> ofActors.remove(observer);
  }

  /** Whether anybody listens to everything. */
  public boolean isAny() {
    return !all.isEmpty();
  }

  /** Whether anybody hears of actors that come, go, or are reset. */
  public boolean isAnyOfActors() {
    return !all.isEmpty() || !ofActors.isEmpty();
  }

  /** Whether anybody wants to hear of frames. */
  public boolean isAnyOfFrames() {
    return !ofFrames.isEmpty();
  }

  /** Tells everybody. To be asked first: {@link #isAny}. */
  public <T> void tell(BiConsumer<DormouseObserver, T> method, T what) {
    tell(all, method, what);
  }

  /**
   * Tells everybody that an actor came, went, or was reset. To be asked: {@link #isAnyOfActors}.
   */
  public <T> void tellOfActor(BiConsumer<DormouseObserver, T> method, T what) {
    tell(all, method, what);
    tell(ofActors, method, what);
  }

  /** Tells those who want to hear of frames. To be asked first: {@link #isAnyOfFrames}. */
  public void tellOfFrame(
      BiConsumer<DormouseObserver, DormouseObserver.Frame> method, DormouseObserver.Frame frame) {
    tell(ofFrames, method, frame);
  }

  /** Logs that a limit was hit, if that turned a client away, and tells everybody. */
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
        "observer {} failed; it is told of what comes all the same ({} failures so far)",
        observer,
        failures,
        failure);
  }

  /** How often an observer threw. */
  public long failures() {
    return failures.get();
  }
}
