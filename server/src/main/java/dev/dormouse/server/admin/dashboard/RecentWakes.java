package dev.dormouse.server.admin.dashboard;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.server.observe.DormouseObserver;
import dev.dormouse.server.protocol.Time;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Remembers the last wake of actors, their last reset and their failures, for about the {@value
 * #ACTORS_MAX} actors that had one last. This observer always listens. Any thread.
 */
final class RecentWakes implements DormouseObserver {
  static final int ACTORS_MAX = 8_192;
  static final int CAUSE_LENGTH_MAX = 500;

  /** An actor is failing for this long after its last failure. */
  static final Duration FAILING = Duration.ofMinutes(5);

  /**
   * Holds the time and reason of an actor's wake.
   *
   * @param atMs milliseconds since 1970
   * @param reason the reason as in {@link DormouseObserver.ActorActivated}
   */
  record Wake(long atMs, String reason, long tookNs) {}

  /**
   * Holds the time and cause of an actor's reset, or of its last failure.
   *
   * @param atMs milliseconds since 1970
   * @param cause the first {@value #CAUSE_LENGTH_MAX} characters of the cause
   */
  record Reset(long atMs, String cause) {}

  /**
   * Holds the failures of an actor: each has discarded a turn, or the actor object.
   *
   * @param number the number of failures that are remembered
   * @param last the last one
   */
  record Failures(long number, Reset last) {}

  /**
   * Holds what is remembered of an actor; null for each that never happened, or is forgotten.
   *
   * @param reset the last reset that was no failure
   */
  record Past(@Nullable Wake wake, @Nullable Reset reset, @Nullable Failures failures) {}

  private static final class Memory {
    private @Nullable Reset reset;
    private @Nullable Failures failures;

    void failed(Reset last) {
      failures = new Failures(failures == null ? 1 : failures.number + 1, last);
    }
  }

  private final Time time;
  private final WakeTable lastWakes = new WakeTable(ACTORS_MAX);
  private final LatestActors<Memory> resets = new LatestActors<>(ACTORS_MAX, Memory::new);
  private final LongAdder wakes = new LongAdder();

  RecentWakes(Time time) {
    this.time = time;
  }

  @Override
  public void actorActivated(ActorActivated activated) {
    wakes.increment();
    lastWakes.woke(
        activated.actor(), new Wake(time.wallMs(), activated.reason(), activated.tookNs()));
  }

  @Override
  public void actorReset(ActorReset reset) {
    Reset was = new Reset(time.wallMs(), cut(reset.cause()));
    resets.happened(
        reset.actor(),
        memory -> {
          if (reset.isFailure()) {
            memory.failed(was);
          } else {
            memory.reset = was;
          }
        });
  }

  static String cut(String cause) {
    return cause.substring(0, Math.min(CAUSE_LENGTH_MAX, cause.length()));
  }

  /** Returns what is remembered of an actor. */
  Past of(ActorId actor) {
    return new Past(
        lastWakes.of(actor),
        resets.of(actor, memory -> memory.reset),
        resets.of(actor, memory -> memory.failures));
  }

  /** Returns the actors that failed during the last {@link #FAILING}, in no order. */
  List<ActorId> failing() {
    long sinceMs = time.wallMs() - FAILING.toMillis();
    return resets.where(
        memory -> memory.failures != null && memory.failures.last().atMs() >= sinceMs);
  }

  /** Returns the number of activations since the start. */
  long wakes() {
    return wakes.sum();
  }
}
