package dev.dormouse.server.admin;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.observe.DormouseObserver;
import dev.dormouse.server.protocol.Time;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Remembers of the actors that did something last, {@value #ACTORS_MAX} of them, why they woke, why
 * they were reset, and their last {@value #TURNS_MAX} turns. Any thread.
 */
final class RecentTurns implements DormouseObserver {
  static final int TURNS_MAX = 16;
  static final int ACTORS_MAX = 2_048;

  private static final int PARTS = 16;

  /**
   * When and why an actor came into memory.
   *
   * @param atMs milliseconds since 1970
   */
  record Wake(long atMs, String reason, long tookNs) {}

  /**
   * When and why an actor was reset.
   *
   * @param atMs milliseconds since 1970
   */
  record Reset(long atMs, String cause) {}

  /**
   * A turn that has ended.
   *
   * @param atMs when it did, in milliseconds since 1970
   */
  record Turn(
      long atMs,
      String event,
      @Nullable ConnectionId connection,
      long queuedNs,
      long ranNs,
      long commitNs,
      long storedBytes,
      TurnOutcome outcome) {}

  /**
   * What is remembered of an actor.
   *
   * @param turns the last one first
   */
  record Past(@Nullable Wake wake, @Nullable Reset reset, List<Turn> turns) {
    static final Past NONE = new Past(null, null, List.of());
  }

  private static final class Memory {
    @Nullable Wake wake;
    @Nullable Reset reset;
    final ArrayDeque<Turn> turns = new ArrayDeque<>(2);
  }

  /** Its monitor guards it. */
  private static final class Part extends LinkedHashMap<ActorId, Memory> {
    private static final long serialVersionUID = 1L;

    Part() {
      super(16, 0.75f, true);
    }

    @Override
    protected boolean removeEldestEntry(Map.Entry<ActorId, Memory> eldest) {
      return size() > ACTORS_MAX / PARTS;
    }
  }

  private final Time time;
  private final List<Part> parts = new ArrayList<>();

  RecentTurns(Time time) {
    this.time = time;
    for (int i = 0; i < PARTS; i++) {
      parts.add(new Part());
    }
  }

  private Part partOf(ActorId actor) {
    int hash = actor.hashCode();
    return parts.get((hash ^ hash >>> 16) & (PARTS - 1));
  }

  @Override
  public void actorActivated(ActorActivated activated) {
    Wake wake = new Wake(time.wallMs(), activated.reason(), activated.tookNs());
    Part part = partOf(activated.actor());
    synchronized (part) {
      part.computeIfAbsent(activated.actor(), id -> new Memory()).wake = wake;
    }
  }

  @Override
  public void actorReset(ActorReset reset) {
    Reset was = new Reset(time.wallMs(), reset.cause());
    Part part = partOf(reset.actor());
    synchronized (part) {
      part.computeIfAbsent(reset.actor(), id -> new Memory()).reset = was;
    }
  }

  @Override
  public void turnEnded(TurnEnded ended) {
    Turn turn =
        new Turn(
            time.wallMs(),
            ended.event(),
            ended.connection(),
            ended.queuedNs(),
            ended.ranNs(),
            ended.commitNs(),
            ended.storedBytes(),
            ended.outcome());
    Part part = partOf(ended.actor());
    synchronized (part) {
      ArrayDeque<Turn> turns = part.computeIfAbsent(ended.actor(), id -> new Memory()).turns;
      if (turns.size() == TURNS_MAX) {
        turns.removeLast();
      }
      turns.addFirst(turn);
    }
  }

  /** What is remembered of an actor. */
  Past of(ActorId actor) {
    Part part = partOf(actor);
    synchronized (part) {
      Memory memory = part.get(actor);
      return memory == null
          ? Past.NONE
          : new Past(memory.wake, memory.reset, List.copyOf(memory.turns));
    }
  }
}
