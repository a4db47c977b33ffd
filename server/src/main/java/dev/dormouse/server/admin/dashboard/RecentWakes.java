package dev.dormouse.server.admin.dashboard;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.server.observe.DormouseObserver;
import dev.dormouse.server.protocol.Time;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Remembers the last wake and the last reset of actors, for about the {@value #ACTORS_MAX} actors
 * that had one last. This observer always listens. Any thread.
 */
final class RecentWakes implements DormouseObserver {
  static final int ACTORS_MAX = 8_192;
  static final int CAUSE_LENGTH_MAX = 500;

  /**
   * Holds the time and reason of an actor's wake.
   *
   * @param atMs milliseconds since 1970
   * @param reason the reason as in {@link DormouseObserver.ActorActivated}
   */
  record Wake(long atMs, String reason, long tookNs) {}

  /**
   * Holds the time and cause of an actor's reset.
   *
   * @param atMs milliseconds since 1970
   * @param cause the first {@value #CAUSE_LENGTH_MAX} characters of the cause
   */
  record Reset(long atMs, String cause) {}

  /** Holds the last wake and the last reset; null if there was none, or it is forgotten. */
  record Past(@Nullable Wake wake, @Nullable Reset reset) {}

  private static final class Memory {
    @Nullable Reset reset;
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
    String cause = reset.cause();
    Reset was =
        new Reset(time.wallMs(), cause.substring(0, Math.min(CAUSE_LENGTH_MAX, cause.length())));
    resets.happened(reset.actor(), memory -> memory.reset = was);
  }

  /** Returns the last wake and reset of an actor. */
  Past of(ActorId actor) {
    return new Past(lastWakes.of(actor), resets.of(actor, memory -> memory.reset));
  }

  /** Returns the number of activations since the start. */
  long wakes() {
    return wakes.sum();
  }
}
