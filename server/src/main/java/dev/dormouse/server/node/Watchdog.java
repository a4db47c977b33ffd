package dev.dormouse.server.node;

import dev.dormouse.log.Log;
import dev.dormouse.server.options.ProcessEnd;
import dev.dormouse.server.protocol.Time;
import dev.dormouse.storage.CommitCounts;
import dev.dormouse.storage.StoreFolder;
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
 * Ends the process if a part that the server needs makes no progress. Its own thread looks at each
 * such part twice a second.
 *
 * <ul>
 *   <li>A part that has not moved for {@value #REPORTED_AFTER_S} s makes the server not ready and
 *       is logged with the stack of its thread: at once, and each time the duration has doubled.
 *   <li>A part that has not moved for the limit ends the process, so that a supervisor restarts it.
 *   <li>A part that has ended, such as an event loop after an Error, ends the process; so does a
 *       jar that was overwritten while the process runs from it.
 *   <li>A stop of the process that takes too long ends the process too.
 * </ul>
 *
 * <p><b>Time in which the watchdog itself did not run does not count:</b> a process that was
 * suspended, or a machine that slept, is not stuck. Only the time of a stop is measured by the
 * clock.
 *
 * <p>The watchdog's thread never waits for a log, or for anything else.
 */
final class Watchdog implements AutoCloseable {
  static final long REPORTED_AFTER_S = 5;

  private static final Logger log = Log.of(Watchdog.class);
  private static final Duration PERIOD = Duration.ofMillis(500);

  /**
   * The longest step in nanoseconds that counts fully; after a longer one the watchdog itself was
   * held up.
   */
  private static final long STEP_NS_MAX = 2 * PERIOD.toNanos();

  private static final long REPORTED_AFTER_NS = TimeUnit.SECONDS.toNanos(REPORTED_AFTER_S);

  /**
   * The number of looks between two checks of the jars; the pause leaves time to a person who
   * copies a new jar and is about to stop the process.
   */
  private static final int LOOKS_PER_JARS = 10;

  private static final int FRAMES_MAX = 40;

  /**
   * Holds the state of a part at one look.
   *
   * @param isWaiting whether the part has something to do
   * @param moves a number that grows with each thing that the part does
   * @param isOver whether the part has ended, and will do nothing more
   */
  record Look(boolean isWaiting, long moves, boolean isOver) {}

  /**
   * Describes a part that must make progress. The watchdog's thread calls its methods, which do not
   * wait.
   */
  interface Part {
    /** Returns the kind of part, as metrics name it. */
    String kind();

    /** Returns the part's name for log lines. */
    String name();

    Look look();

    /** Returns the thread whose stack shows what blocks the part; null if it is not known. */
    @Nullable Thread thread();
  }

  /** Watches an event loop, which moves if it runs the tasks that it is given. */
  static final class LoopPart implements Part, Runnable {
    private final EventExecutor loop;
    private final String kind;

    /** The number of tasks that the loop was given; for the watchdog's thread only. */
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

  /** Watches the store, which moves if it reports commits while some wait. */
  record StorePart(StoreFolder store) implements Part {
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
   * Watches the heap, which moves if the garbage collector leaves time to the process. A heap that
   * is almost full is collected again and again before the JVM reports that it is exhausted, and
   * some collectors never report it.
   */
  static final class HeapPart implements Part {
    /** The share of time in collections from which on the process counts as not moving. */
    private static final double TOO_MUCH = 0.9;

    private final Time time;
    private final LongSupplier collectionMs;
    private long lastNs;
    private long lastMs;
    private long moves;

    /**
     * Creates a part that begins to measure now.
     *
     * @param collectionMs the total time that the process has stood still for collections, in
     *     milliseconds
     */
    HeapPart(Time time, LongSupplier collectionMs) {
      this.time = time;
      this.collectionMs = collectionMs;
      this.lastNs = time.nowNs();
      this.lastMs = collectionMs.getAsLong();
    }

    /** Returns the total time that this JVM has stood still for collections, in milliseconds. */
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

  /** Measures how long a part has not moved. The caller hands in the time that has passed. */
  static final class Stillness {
    private long moves;
    private long stillNs;

    /** Takes a look, a given time after the last one. */
    void take(Look look, long sinceLastNs) {
      boolean isStill = look.isWaiting() && look.moves() == moves;
      stillNs = isStill ? stillNs + Math.min(sinceLastNs, STEP_NS_MAX) : 0;
      moves = look.moves();
    }

    /** Returns how long the part has had something to do and not done it, in nanoseconds. */
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

  // The following fields are for the watchdog's thread only.
  private long lastNs;
  private long looks;

  /** The parts that do not move, in words; null if all do. */
  private volatile @Nullable String stalled;

  private volatile Map<String, Long> stillNsByKind = Map.of();

  /** Set once the parts are being stopped, and no longer watched. */
  private volatile boolean areStopping;

  private volatile @Nullable Long stopByNs;
  private volatile boolean isClosed;

  /**
   * Creates a watchdog that is not started yet.
   *
   * @param limit the time without progress after which a part ends the process; zero for never
   * @param onEnd called when the process is to end; must not wait
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

  /**
   * Looks once, then starts the thread for the later looks. The first look gets to know the threads
   * of the event loops, and loads the classes that later looks need. So it must come before a
   * client can hold up a loop, and before somebody can overwrite the jar.
   */
  void start() {
    look(time.nowNs());
    lookAtJars();
    thread.start();
  }

  /** Returns the parts that do not move, in words; null if all do. Any thread. */
  @Nullable String stalled() {
    return stalled;
  }

  /**
   * Returns for each kind of part how long the part that has stood still longest has not moved, in
   * nanoseconds. Any thread.
   */
  Map<String, Long> stillNsByKind() {
    return stillNsByKind;
  }

  /** Ends the watch over the parts, which are being stopped. Any thread. */
  void partsAreStopping() {
    areStopping = true;
  }

  /**
   * Ends the process after this time, since it is being stopped, whether the stop succeeds or not.
   * Any thread.
   */
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
        log.error("a look of the watchdog failed; the next look follows", e);
      }
    }
  }

  /** Looks at all parts once. */
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

  /** Ends the watch; only a limit on a stop that is under way stays in force. */
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
