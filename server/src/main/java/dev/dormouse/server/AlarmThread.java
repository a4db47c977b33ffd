package dev.dormouse.server;

import dev.dormouse.log.Log;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * The thread that looks for alarms that are due, every {@value #REST_MS} ms, and sooner while more
 * are due than may be under way. It may wait for the disk, which event loops must not.
 */
final class AlarmThread implements Watchdog.Part, AutoCloseable {
  private static final Logger log = Log.of(AlarmThread.class);
  private static final long REST_MS = 20;
  private static final long BEHIND_MS = 1;

  private final BooleanSupplier ring;

  /** How often it has looked; the thread writes it. */
  private volatile long rounds;

  private volatile @Nullable Thread running;
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread made = new Thread(task, "dormouse-alarms");
            made.setDaemon(true);
            return made;
          });

  /**
   * Not started yet.
   *
   * @param ring rings what is due; returns whether more is
   */
  AlarmThread(BooleanSupplier ring) {
    this.ring = ring;
  }

  void start() {
    schedule(0);
  }

  private void schedule(long delayMs) {
    try {
      var unused = thread.schedule(this::run, delayMs, TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException e) {
      log.debug("closed");
    }
  }

  private void run() {
    boolean isBehind = false;
    try {
      running = Thread.currentThread();
      isBehind = ring.getAsBoolean();
    } catch (RuntimeException | Error e) {
      log.error("alarms could not be rung; trying again", e);
    } finally {
      running = null;
      rounds++; // by this thread only
      schedule(isBehind ? BEHIND_MS : REST_MS);
    }
  }

  @Override
  public Watchdog.Look look() {
    return new Watchdog.Look(running != null, rounds, false);
  }

  @Override
  public String kind() {
    return "alarms";
  }

  @Override
  public String name() {
    return "the thread that rings alarms";
  }

  @Override
  public @Nullable Thread thread() {
    return running;
  }

  /** Rings no more; a call that is under way is not waited for. */
  @Override
  public void close() {
    thread.shutdownNow();
  }
}
