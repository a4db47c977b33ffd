package dev.dormouse.server.admin.dashboard;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.server.observe.DormouseObserver;
import dev.dormouse.server.protocol.Time;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * When and why actors woke last, and were reset last; of about {@value #ACTORS_MAX} to which that
 * happened last. It listens all the time. Any thread.
 */
final class RecentWakes implements DormouseObserver {
  static final int ACTORS_MAX = 8_192;
  static final int CAUSE_LENGTH_MAX = 500;

  /**
   * When and why an actor came into memory.
   *
   * @param atMs milliseconds since 1970
   * @param reason as {@link DormouseObserver.ActorActivated} has it
   */
  record Wake(long atMs, String reason, long tookNs) {}

  /**
   * When and why an actor was reset.
   *
   * @param atMs milliseconds since 1970
   * @param cause its first {@value #CAUSE_LENGTH_MAX} characters
   */
  record Reset(long atMs, String cause) {}

  /** The last of each; null if there was none, or it is forgotten. */
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

  /** What is remembered of an actor. */
  Past of(ActorId actor) {
    return new Past(lastWakes.of(actor), resets.of(actor, memory -> memory.reset));
  }

  /** How many activations there were. */
  long wakes() {
    return wakes.sum();
  }
}
