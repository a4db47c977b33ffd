package dev.dormouse.server.protocol;

import dev.dormouse.sdk.ActorId;

/**
 * The identity of a call that an actor has told another one as a part of a turn. The calls of one
 * sender are in the order of epoch and number, and no two of them ever have the same id.
 *
 * @param sender the actor that told
 * @param epoch the ownership of the sender under which the turn ran
 * @param number the number of the call, which grows within the ownership
 */
public record TellId(ActorId sender, long epoch, long number) {

  /** Returns whether this call was told later than the one with this epoch and number. */
  public boolean isAfter(long otherEpoch, long otherNumber) {
    return epoch == otherEpoch ? number > otherNumber : epoch > otherEpoch;
  }
}
