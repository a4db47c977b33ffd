package dev.dormouse.server.admin.dashboard;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.server.observe.DormouseObserver;
import dev.dormouse.server.protocol.Time;
import java.util.ArrayDeque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Remembers the last {@value #TURNS_MAX} turns of each of the {@value #ACTORS_MAX} actors that had
 * one last. This observer listens only while there is an {@link Audience}, since every message has
 * a turn. Any thread.
 */
final class RecentTurns implements DormouseObserver {
  static final int TURNS_MAX = 16;
  static final int ACTORS_MAX = 2_048;

  /**
   * Holds a turn that has ended.
   *
   * @param atMs the time of its end, in milliseconds since 1970
   * @param cause why the turn was discarded, in words; null if it was not, or the reason is not
   *     known yet
   */
  record Turn(long atMs, TurnEnded ended, @Nullable String cause) {}

  private final Time time;
  private final LatestActors<ArrayDeque<Turn>> memories =
      new LatestActors<>(ACTORS_MAX, () -> new ArrayDeque<>(2));

  RecentTurns(Time time) {
    this.time = time;
  }

  @Override
  public void turnEnded(TurnEnded ended) {
    Turn turn = new Turn(time.wallMs(), ended, null);
    memories.happened(
        ended.actor(),
        turns -> {
          if (turns.size() == TURNS_MAX) {
            turns.removeLast();
          }
          turns.addFirst(turn);
        });
  }

  /** Adds the reason to the turn that was discarded; the reason is reported right after its end. */
  @Override
  public void actorReset(ActorReset reset) {
    memories.happened(
        reset.actor(),
        turns -> {
          Turn last = turns.peekFirst();
          if (last != null
              && last.cause == null
              && last.ended.outcome() != DormouseObserver.TurnOutcome.COMMITTED) {
            turns.removeFirst();
            turns.addFirst(new Turn(last.atMs, last.ended, RecentWakes.cut(reset.cause())));
          }
        });
  }

  /** Returns the remembered turns of an actor, the last one first. */
  List<Turn> of(ActorId actor) {
    List<Turn> turns = memories.of(actor, List::copyOf);
    return turns == null ? List.of() : turns;
  }

  /** Returns the number of actors with remembered turns. */
  int actors() {
    return memories.size();
  }

  /** Forgets all turns, which frees their memory. */
  void forgetAll() {
    memories.forgetAll();
  }
}
