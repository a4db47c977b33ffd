package dev.dormouse.server.host.turn;

import dev.dormouse.server.host.call.CallTypes;
import dev.dormouse.server.host.call.OpenCalls;
import dev.dormouse.server.host.call.TellDelivery;

/**
 * The means by which the actors of one cell call other actors.
 *
 * @param types the actor types that can be called
 * @param open the calls that wait for answers
 * @param tells delivers the calls that were told
 * @param earlier runs an action once the turns before an open one are committed
 */
public record ActorCalls(
    CallTypes types, OpenCalls open, TellDelivery tells, EarlierTurns earlier) {

  /** Waits for the turns before an open one. */
  @FunctionalInterface
  public interface EarlierTurns {

    /**
     * Runs one of two actions, neither of which holds a monitor of the actor.
     *
     * @param committed run once all turns before the open one are committed
     * @param lost run if one of them is lost
     */
    void await(Turn open, Runnable committed, Runnable lost);
  }
}
