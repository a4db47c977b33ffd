package dev.dormouse.server.admin.dashboard;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.server.observe.DormouseObserver;
import dev.dormouse.server.protocol.Time;
import java.util.ArrayDeque;
import java.util.List;

/**
 * The last {@value #TURNS_MAX} turns of each of the {@value #ACTORS_MAX} actors that had one last.
 * Every message has a turn, so that it listens only while there is an {@link Audience}. Any thread.
 */
final class RecentTurns implements DormouseObserver {
  static final int TURNS_MAX = 16;
  static final int ACTORS_MAX = 2_048;

  /**
   * A turn that has ended.
   *
   * @param atMs when it did, in milliseconds since 1970
   */
  record Turn(long atMs, TurnEnded ended) {}

  private final Time time;
  private final LatestActors<ArrayDeque<Turn>> memories =
      new LatestActors<>(ACTORS_MAX, () -> new ArrayDeque<>(2));

  RecentTurns(Time time) {
    this.time = time;
  }

  @Override
  public void turnEnded(TurnEnded ended) {
    Turn turn = new Turn(time.wallMs(), ended);
    memories.happened(
        ended.actor(),
        turns -> {
          if (turns.size() == TURNS_MAX) {
            turns.removeLast();
          }
          turns.addFirst(turn);
        });
  }

  /** What is remembered of an actor, the last turn first. */
  List<Turn> of(ActorId actor) {
    List<Turn> turns = memories.of(actor, List::copyOf);
    return turns == null ? List.of() : turns;
  }

  /** Of how many actors something is remembered. */
  int actors() {
    return memories.size();
  }

  /** Gives back the memory. */
  void forgetAll() {
    memories.forgetAll();
  }
}
