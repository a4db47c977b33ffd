package dev.dormouse.server.node;

import dev.dormouse.log.Log;
import dev.dormouse.server.protocol.Time;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Runs one thread of the server that repeats the same task. The task may wait for the disk, which
 * event loops must not. An exception ends only the current round: it is logged, at most once a
 * minute, and the next round begins. The watchdog detects a round that does not end.
 */
final class RepeatingThread implements Watchdog.Part, AutoCloseable {
  private static final Logger log = Log.of(RepeatingThread.class);
  private static final long COMPLAINT_PAUSE_NS = Duration.ofMinutes(1).toNanos();

  /** The rest after a round that failed, in milliseconds. */
  private static final long REST_MS = 20;

  private final String kind;
  private final LongSupplier round;
  private final Time time;
  private final Thread thread;
  private volatile boolean isClosed;

  /** The number of rounds that have ended. */
  private final AtomicLong rounds = new AtomicLong();

  private volatile boolean isWorking;

  // The following fields are for this thread only.
  private long failures;
  private long quietUntilNs;

  /**
   * Creates a thread that is not started yet.
   *
   * @param kind the task in one word, which follows {@code dormouse-} in the thread's name
   * @param round runs the task once, and returns the rest after it in milliseconds, at least 1
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
        // An interrupt is a mistake of other code; only close() ends this thread.
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
      log.error(
          "a round of {} failed; the next round follows ({} failures so far)",
          name(),
          failures,
          failure);
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

  /** Begins no more rounds; a round that is under way is not waited for. */
  @Override
  public void close() {
    isClosed = true;
    synchronized (thread) {
      thread.notifyAll();
    }
  }
}
