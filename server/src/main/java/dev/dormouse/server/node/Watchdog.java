package dev.dormouse.server.node;

import dev.dormouse.log.Log;
import dev.dormouse.server.options.ProcessEnd;
import dev.dormouse.server.protocol.Time;
import dev.dormouse.storage.ActorStore;
import dev.dormouse.storage.CommitCounts;
import io.netty.util.concurrent.EventExecutor;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Sees to it that the process moves, or ends. A thread of its own looks at each part without which
 * the server does not serve, twice a second.
 *
 * <ul>
 *   <li>A part that has not moved for {@value #REPORTED_AFTER_S} s makes the server not ready, and
 *       is logged with the stack of its thread: at once, and whenever twice the time has passed.
 *   <li>One that has not moved for the limit ends the process: its supervisor starts it anew.
 *   <li>So does one that has ended, such as an event loop that met an Error; and a jar that was
 *       overwritten while the process runs from it.
 *   <li>So does a stop of the process that takes longer than it may.
 * </ul>
 *
 * <p><b>Time in which the watchdog itself did not run does not count:</b> a process that was
 * suspended, or a machine that slept, is not stuck. A stop is bounded by the clock.
 *
 * <p>Its thread never waits for a log, or for anything else.
 */
final class Watchdog implements AutoCloseable {
  static final long REPORTED_AFTER_S = 5;

  private static final Logger log = Log.of(Watchdog.class);
  private static final Duration PERIOD = Duration.ofMillis(500);

  /** A look that comes later than this was held up itself. */
  private static final long STEP_NS_MAX = 2 * PERIOD.toNanos();

  private static final long REPORTED_AFTER_NS = TimeUnit.SECONDS.toNanos(REPORTED_AFTER_S);

  /** After so many looks it asks for the jars: who copies a new one may be about to stop us. */
  private static final int LOOKS_PER_JARS = 10;

  private static final int FRAMES_MAX = 40;

  /**
   * What a look at a part has found.
   *
   * @param isWaiting whether there is something that the part has yet to do
   * @param moves grows with each thing that the part does
   * @param isOver whether it has ended, and will do nothing more
   */
  record Look(boolean isWaiting, long moves, boolean isOver) {}

  /** Something that must move. Its methods are called by the watchdog's thread and do not wait. */
  interface Part {
    /** What kind of part it is, as a metric names it. */
    String kind();

    /** What people call it. */
    String name();

    Look look();

    /** Where to see what holds it up; null if that is not known. */
    @Nullable Thread thread();
  }

  /** An event loop: it moves if it runs what it is given. */
  static final class LoopPart implements Part, Runnable {
    private final EventExecutor loop;
    private final String kind;

    /** How often it was given something; the watchdog's thread only. */
    private long given;

    private final AtomicLong run = new AtomicLong();
    private volatile @Nullable Thread thread;

    LoopPart(EventExecutor loop, String kind) {
      this.loop = loop;
      this.kind = kind;
    }

    @Override
    public void run() {
      thread = Thread.currentThread();
      run.incrementAndGet();
    }

    @Override
    public Look look() {
      if (loop.isShuttingDown()) {
        return new Look(false, run.get(), true);
      }
      long moves = run.get();
      boolean isWaiting = given != moves;
      if (!isWaiting) {
        given++;
        try {
          loop.execute(this);
        } catch (RejectedExecutionException e) {
          return new Look(false, moves, true);
        }
      }
      return new Look(isWaiting, moves, false);
    }

    @Override
    public String kind() {
      return kind;
    }

    @Override
    public String name() {
      Thread known = thread;
      return "the event loop " + (known == null ? kind : known.getName());
    }

    @Override
    public @Nullable Thread thread() {
      return thread;
    }
  }

  /** The store: it moves if it reports commits while some wait. */
  record StorePart(ActorStore store) implements Part {
    @Override
    public Look look() {
      CommitCounts counts = store.commitCounts();
      return new Look(counts.isWaiting(), counts.rounds(), false);
    }

    @Override
    public String kind() {
      return "store";
    }

    @Override
    public String name() {
      return "the store, with commits that wait,";
    }

    @Override
    public @Nullable Thread thread() {
      return store.committing();
    }
  }

  /**
   * The heap: it moves if the collector leaves the process time. A heap that is all but full is
   * collected again and again before the JVM says that it is exhausted, and some collectors never
   * say so.
   */
  static final class HeapPart implements Part {
    /** With this part of the time, or more, in collections, the rest is of no use. */
    private static final double TOO_MUCH = 0.9;

    private final Time time;
    private final LongSupplier collectionMs;
    private long lastNs;
    private long lastMs;
    private long moves;

    /**
     * Creates a part that looks from now on.
     *
     * @param collectionMs for how long the process has stood still for collections, ever, in
     *     milliseconds
     */
    HeapPart(Time time, LongSupplier collectionMs) {
      this.time = time;
      this.collectionMs = collectionMs;
      this.lastNs = time.nowNs();
      this.lastMs = collectionMs.getAsLong();
    }

    /** Returns for how long this JVM has stood still for collections, ever, in milliseconds. */
    static long collectionMsOfProcess() {
      long sum = 0;
      for (GarbageCollectorMXBean collector : ManagementFactory.getGarbageCollectorMXBeans()) {
        boolean isBesideThreads =
            collector.getName().contains("Cycles") || collector.getName().contains("Concurrent");
        sum += isBesideThreads ? 0 : Math.max(0, collector.getCollectionTime());
      }
      return sum;
    }

    @Override
    public Look look() {
      long nowNs = time.nowNs();
      long nowMs = collectionMs.getAsLong();
      boolean isTooMuch =
          nowNs > lastNs
              && TimeUnit.MILLISECONDS.toNanos(nowMs - lastMs) >= TOO_MUCH * (nowNs - lastNs);
      lastNs = nowNs;
      lastMs = nowMs;
      if (!isTooMuch) {
        moves++;
      }
      return new Look(isTooMuch, moves, false);
    }

    @Override
    public String kind() {
      return "heap";
    }

    @Override
    public String name() {
      return "the process, all but for collecting garbage in a heap that is full (-Xmx),";
    }

    @Override
    public @Nullable Thread thread() {
      return null;
    }
  }

  /** For how long a part has not moved. Pure: time is what the caller says has passed. */
  static final class Stillness {
    private long moves;
    private long stillNs;

    /** Takes a look, so long after the last one. */
    void take(Look look, long sinceLastNs) {
      boolean isStill = look.isWaiting() && look.moves() == moves;
      stillNs = isStill ? stillNs + Math.min(sinceLastNs, STEP_NS_MAX) : 0;
      moves = look.moves();
    }

    /** For how long it has had something to do and not done it. */
    long ns() {
      return stillNs;
    }
  }

  private static final class Watched {
    final Part part;
    final Stillness stillness = new Stillness();
    long reportAtNs = REPORTED_AFTER_NS;

    Watched(Part part) {
      this.part = part;
    }
  }

  private final List<Watched> parts;
  private final ClassPathWatch classPath;
  private final Duration limit;
  private final Time time;
  private final Consumer<ProcessEnd> onEnd;
  private final Thread thread;

  // The watchdog's thread only.
  private long lastNs;
  private long looks;

  /** What does not move; null if all does. */
  private volatile @Nullable String stalled;

  private volatile Map<String, Long> stillNsByKind = Map.of();

  /** Whether the parts are being stopped, and are no longer to be looked at. */
  private volatile boolean areStopping;

  private volatile @Nullable Long stopByNs;
  private volatile boolean isClosed;

  /**
   * Does not look yet.
   *
   * @param limit a part that has not moved for so long ends the process; zero for never
   * @param onEnd called when the process is to end; does not wait
   */
  Watchdog(
      List<? extends Part> parts,
      ClassPathWatch classPath,
      Duration limit,
      Time time,
      Consumer<ProcessEnd> onEnd) {
    this.parts = parts.stream().map(Watched::new).toList();
    this.classPath = classPath;
    this.limit = limit;
    this.time = time;
    this.onEnd = onEnd;
    this.lastNs = time.nowNs();
    this.thread = new Thread(this::run, "dormouse-watchdog");
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  /** Which parts do not move, in words; null if all do. Any thread. */
  @Nullable String stalled() {
    return stalled;
  }

  /** For each kind of part, for how long the stillest has not moved, in nanoseconds. Any thread. */
  Map<String, Long> stillNsByKind() {
    return stillNsByKind;
  }

  /** From now on the parts come to rest, as they should. Any thread. */
  void partsAreStopping() {
    areStopping = true;
  }

  /** The process is being stopped, and ends within this time, in good order or not. Any thread. */
  void endWithin(Duration time) {
    stopByNs = this.time.nowNs() + time.toNanos();
  }

  private void run() {
    while (!isClosed) {
      try {
        synchronized (thread) {
          thread.wait(PERIOD.toMillis());
        }
        look(time.nowNs());
      } catch (InterruptedException e) {
        return;
      } catch (RuntimeException | Error e) {
        ProcessEnd end = ProcessEnd.of(e);
        if (end != null) {
          onEnd.accept(end);
        }
        log.error("the watchdog failed; it goes on", e);
      }
    }
  }

  /** Looks at everything once. */
  void look(long nowNs) {
    long sinceLastNs = nowNs - lastNs;
    lastNs = nowNs;
    Long stopBy = stopByNs;
    if (stopBy != null && nowNs - stopBy >= 0) {
      onEnd.accept(
          new ProcessEnd(
              ProcessEnd.STALLED,
              "the stop took too long; the process ends, and the next start deals with what is"
                  + " left"));
    }
    if (!areStopping) {
      parts.forEach(watched -> look(watched, sinceLastNs));
      tell();
      if (++looks % LOOKS_PER_JARS == 0) {
        lookAtJars();
      }
    }
  }

  private void look(Watched watched, long sinceLastNs) {
    Look look = watched.part.look();
    if (look.isOver() && !areStopping) {
      end(ProcessEnd.FAILED, watched.part.name() + " has ended, which it should not");
      return;
    }
    long before = watched.stillness.ns();
    watched.stillness.take(look, sinceLastNs);
    long stillNs = watched.stillness.ns();
    if (stillNs == 0) {
      if (before >= REPORTED_AFTER_NS) {
        log.warn("{} moves again", watched.part.name());
      }
      watched.reportAtNs = REPORTED_AFTER_NS;
    } else if (stillNs >= watched.reportAtNs) {
      watched.reportAtNs *= 2;
      log.warn(
          "{} has not moved for {} s{}",
          watched.part.name(),
          seconds(stillNs),
          stackOf(watched.part.thread()));
    }
    if (!limit.isZero() && stillNs >= limit.toNanos()) {
      end(
          ProcessEnd.STALLED,
          "%s has not moved for %s s (--stall-exit)"
              .formatted(watched.part.name(), seconds(stillNs)));
    }
  }

  private void end(int exitCode, String why) {
    onEnd.accept(
        new ProcessEnd(exitCode, why + "; the process ends, so that it can be started again"));
  }

  private void lookAtJars() {
    Path jar = classPath.overwritten();
    if (jar != null) {
      end(
          ProcessEnd.FAILED,
          jar
              + " was overwritten while the process runs from it, and its classes cannot be read"
              + " any more (move a new file over the old one, or stop the process first)");
    }
  }

  private void tell() {
    Map<String, Long> longest = new LinkedHashMap<>();
    parts.forEach(watched -> longest.merge(watched.part.kind(), watched.stillness.ns(), Math::max));
    stillNsByKind = longest;
    String still =
        parts.stream()
            .filter(watched -> watched.stillness.ns() >= REPORTED_AFTER_NS)
            .map(
                watched ->
                    "%s has not moved for %s s"
                        .formatted(watched.part.name(), seconds(watched.stillness.ns())))
            .collect(Collectors.joining("; "));
    stalled = still.isEmpty() ? null : still;
  }

  private static String stackOf(@Nullable Thread thread) {
    StackTraceElement[] stack = thread == null ? new StackTraceElement[0] : thread.getStackTrace();
    return stack.length == 0
        ? ""
        : Arrays.stream(stack)
            .limit(FRAMES_MAX)
            .map(frame -> "\n\tat " + frame)
            .collect(Collectors.joining("", "; its thread is at", ""));
  }

  private static long seconds(long ns) {
    return TimeUnit.NANOSECONDS.toSeconds(ns);
  }

  /** Looks no more; but for the end of a stop of the process, if there is one under way. */
  @Override
  public void close() {
    areStopping = true;
    if (stopByNs == null) {
      isClosed = true;
      synchronized (thread) {
        thread.notifyAll();
      }
    }
  }
}
