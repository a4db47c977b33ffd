package dev.dormouse.server.dashboard;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.server.observe.DormouseObserver;
import dev.dormouse.server.protocol.Time;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * When and why actors woke last, and were reset last; of the {@value #ACTORS_MAX} to which that
 * happened last. Both are rare, so that it listens all the time. Any thread.
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
  record Past(@Nullable Wake wake, @Nullable Reset reset) {
    static final Past NONE = new Past(null, null);
  }

  private static final class Memory {
    @Nullable Wake wake;
    @Nullable Reset reset;
  }

  private final Time time;
  private final LatestActors<Memory> memories = new LatestActors<>(ACTORS_MAX, Memory::new);
  private final LongAdder wakes = new LongAdder();

  RecentWakes(Time time) {
    this.time = time;
  }

  @Override
  public void actorActivated(ActorActivated activated) {
    wakes.increment();
    Wake wake = new Wake(time.wallMs(), activated.reason(), activated.tookNs());
    memories.happened(activated.actor(), memory -> memory.wake = wake);
  }

  @Override
  public void actorReset(ActorReset reset) {
    String cause = reset.cause();
    Reset was =
        new Reset(time.wallMs(), cause.substring(0, Math.min(CAUSE_LENGTH_MAX, cause.length())));
    memories.happened(reset.actor(), memory -> memory.reset = was);
  }

  /** What is remembered of an actor. */
  Past of(ActorId actor) {
    Past past = memories.of(actor, memory -> new Past(memory.wake, memory.reset));
    return past == null ? Past.NONE : past;
  }

  /** How many activations there were. */
  long wakes() {
    return wakes.sum();
  }

  /** Of how many actors something is remembered. */
  int actors() {
    return memories.size();
  }
}
