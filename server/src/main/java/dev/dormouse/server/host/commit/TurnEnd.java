package dev.dormouse.server.host.commit;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.CallFailedException.Reason;
import dev.dormouse.server.host.call.TellDelivery;
import dev.dormouse.server.host.call.Told;
import dev.dormouse.server.host.turn.BackgroundWork;
import dev.dormouse.server.host.turn.Event;
import dev.dormouse.server.host.turn.Turn;
import java.util.List;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Does what follows the commit of a turn: answers its call, has what it told delivered, and runs
 * the actions that wait.
 */
final class TurnEnd implements OutputGate.Listener {
  static final String NOT_STORED =
      "its turn could not be stored, or this node has lost the actor meanwhile";

  private static final byte[] NO_ANSWER = {};

  private final ActorId actor;
  private final Event.@Nullable Call call;
  private final byte[] answer;
  private final List<Runnable> actions;
  private final List<Told> told;
  private final TellDelivery tells;
  private final Executor executor;
  private final BackgroundWork background;
  private final OutputGate.@Nullable Listener next;

  private TurnEnd(
      ActorId actor,
      Turn turn,
      TellDelivery tells,
      Executor executor,
      BackgroundWork background,
      OutputGate.@Nullable Listener next) {
    byte[] given = turn.callAnswer();
    this.actor = actor;
    this.call = turn.work() instanceof Event.Call asked ? asked : null;
    this.answer = given == null ? NO_ANSWER : given;
    this.actions = turn.afterCommit();
    this.told = turn.told();
    this.tells = tells;
    this.executor = executor;
    this.background = background;
    this.next = next;
  }

  /**
   * Returns the listener to hand to the gate with a turn.
   *
   * @param next told as well; null if there is no observer
   * @return {@code next} if nothing follows the commit of the turn
   */
  static OutputGate.@Nullable Listener of(
      ActorId actor,
      Turn turn,
      TellDelivery tells,
      Executor executor,
      BackgroundWork background,
      OutputGate.@Nullable Listener next) {
    boolean isAny =
        turn.work() instanceof Event.Call
            || !turn.afterCommit().isEmpty()
            || !turn.told().isEmpty();
    return isAny ? new TurnEnd(actor, turn, tells, executor, background, next) : next;
  }

  @Override
  public void kept() {
    if (call != null) {
      call.reply().answered(answer);
    }
    if (!told.isEmpty()) {
      tells.kept(told);
    }
    if (!actions.isEmpty()) {
      background.run(actor, executor, actions);
    }
    if (next != null) {
      next.kept();
    }
  }

  @Override
  public void lost() {
    if (call != null) {
      call.refuse(Reason.NOT_STORED, NOT_STORED);
    }
    if (!told.isEmpty()) {
      tells.lost(actor);
    }
    if (next != null) {
      next.lost();
    }
  }
}
