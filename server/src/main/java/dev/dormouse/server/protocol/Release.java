package dev.dormouse.server.protocol;

import dev.dormouse.sdk.ActorId;
import java.util.List;

/**
 * The records that a turn sends to gateways once it is committed, in order. The releases of an
 * actor are handed to the transport one after the other, in the order of its turns.
 *
 * @param actor the actor whose turn sends the records
 * @param epoch the number of the ownership under which the turn ran
 * @param records the records, in order
 */
public record Release(ActorId actor, long epoch, List<ToGateway> records) implements FromHost {
  @Override
  public void dispatch(Receiver receiver) {
    receiver.release(this);
  }
}
