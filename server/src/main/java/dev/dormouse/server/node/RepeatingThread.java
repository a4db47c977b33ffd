package dev.dormouse.server.node;

import dev.dormouse.log.Log;
import dev.dormouse.server.protocol.Time;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * A thread of the server's own that does the same thing again and again. It may wait for the disk,
 * which event loops must not. Whatever it throws costs one round: that is logged, once a minute
 * while it lasts, and the next round comes. The watchdog sees if a round does not end.
 */
final class RepeatingThread implements Watchdog.Part, AutoCloseable {
  private static final Logger log = Log.of(RepeatingThread.class);
  private static final long COMPLAINT_PAUSE_NS = Duration.ofMinutes(1).toNanos();

  /** How long it rests after a round that failed. */
  private static final long REST_MS = 20;

  private final String kind;
  private final LongSupplier round;
  private final Time time;
  private final Thread thread;
  private volatile boolean isClosed;

  /** How many rounds have ended. */
  private final AtomicLong rounds = new AtomicLong();

  private volatile boolean isWorking;

  // The thread only.
  private long failures;
  private long quietUntilNs;

  /**
   * Not started yet.
   *
   * @param kind what it does, in a word: its name is {@code dormouse-} and that
   * @param round does it once, and returns how long to rest, in milliseconds, at least 1
   */
  RepeatingThread(String kind, LongSupplier round, Time time) {
    this.kind = kind;
    this.round = round;
    this.time = time;
    this.quietUntilNs = time.nowNs();
    this.thread = new Thread(this::run, "dormouse-" + kind);
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  private void run() {
    while (!isClosed) {
      try {
        long restMs = oneRound();
        synchronized (thread) {
          if (!isClosed) {
            thread.wait(restMs);
          }
        }
      } catch (InterruptedException e) {
        // Somebody's mistake; only close() ends it.
      }
    }
  }

  private long oneRound() {
    isWorking = true;
    try {
      return round.getAsLong();
    } catch (RuntimeException | Error e) {
      complain(e);
      return REST_MS;
    } finally {
      isWorking = false;
      rounds.incrementAndGet();
    }
  }

  private void complain(Throwable failure) {
    Log.caught(failure);
    failures++;
    long nowNs = time.nowNs();
    if (nowNs - quietUntilNs >= 0) {
      quietUntilNs = nowNs + COMPLAINT_PAUSE_NS;
      log.error("{} failed; it goes on ({} failures so far)", name(), failures, failure);
    }
  }

  @Override
  public Watchdog.Look look() {
    return new Watchdog.Look(isWorking, rounds.get(), false);
  }

  @Override
  public String kind() {
    return kind;
  }

  @Override
  public String name() {
    return "the thread " + thread.getName();
  }

  @Override
  public @Nullable Thread thread() {
    return thread;
  }

  /** Begins no more rounds; one that is under way is not waited for. */
  @Override
  public void close() {
    isClosed = true;
    synchronized (thread) {
      thread.notifyAll();
    }
  }
}
