package dev.dormouse.server.protocol;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.Delivery.Outcome;
import dev.dormouse.sdk.RequestHead;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What a gateway tells the host of an actor. For one connection in this order: {@link Open}, any
 * number of {@link Message}, at most one {@link Failed}, exactly one {@link Closed} if it was
 * accepted; {@link Delivered} and {@link Seen} at any time, after the close too.
 */
public sealed interface ToHost {

  /** Whom it is for. */
  ActorId actor();

  /**
   * A client asks to connect. Answered by {@link ToGateway.Accepted} or {@link ToGateway.Rejected}.
   *
   * @param actor the actor
   * @param connection the id that the connection will have
   * @param head the upgrade request
   * @param subprotocol the one that the client gets if it is accepted; null if none
   */
  record Open(
      ActorId actor, ConnectionId connection, RequestHead head, @Nullable String subprotocol)
      implements ToHost {}

  /**
   * A message came. Answered by {@link ToGateway.Handled}, or {@link ToGateway.Withheld}.
   *
   * @param actor the actor
   * @param connection where it came from
   * @param sequence its number in the connection, from 1
   * @param payload the message
   */
  record Message(ActorId actor, ConnectionId connection, long sequence, Payload payload)
      implements ToHost {}

  /**
   * The socket failed, or the client broke the protocol; {@link Closed} follows.
   *
   * @param actor the actor
   * @param connection the connection
   * @param error what happened, in words
   */
  record Failed(ActorId actor, ConnectionId connection, String error) implements ToHost {}

  /**
   * The connection ended. The last that is said of it.
   *
   * @param actor the actor
   * @param connection the connection
   * @param reason how it ended
   */
  record Closed(ActorId actor, ConnectionId connection, CloseReason reason) implements ToHost {}

  /**
   * What became of a message that was asked about; said exactly once of each. It is no event: it
   * wakes nobody.
   *
   * @param actor the actor
   * @param connection to whom the message was sent
   * @param report the number in {@link ToGateway.Send}
   * @param outcome what became of it
   */
  record Delivered(ActorId actor, ConnectionId connection, long report, Outcome outcome)
      implements ToHost {}

  /**
   * When something was last heard of a client, as was asked. No event either.
   *
   * @param actor the actor
   * @param connection the connection
   * @param report the number in {@link ToGateway.AskSeen}
   * @param at when; null if that is not known
   */
  record Seen(ActorId actor, ConnectionId connection, long report, @Nullable Instant at)
      implements ToHost {}

  /**
   * A plain HTTP request. Answered by {@link ToGateway.Responded}.
   *
   * @param actor the actor
   * @param request its number, chosen by the gateway, for the answer
   * @param head the head
   * @param body the body; not changed after the record is made
   */
  record Request(ActorId actor, long request, RequestHead head, byte[] body) implements ToHost {}
}
