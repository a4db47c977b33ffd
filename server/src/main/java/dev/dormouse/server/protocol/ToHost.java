package dev.dormouse.server.protocol;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.Delivery.Outcome;
import dev.dormouse.sdk.RequestHead;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A record that a gateway sends to the host of an actor. Records of one connection come in this
 * order: {@link Open}, any number of {@link Message}, at most one {@link Failed}, exactly one
 * {@link Closed} if it was accepted; {@link Delivered} and {@link Seen} at any time, after the
 * close too.
 *
 * <p>Each record hands itself to its own method of a {@link Receiver} or a {@link
 * ClientEvent.Visitor}, so that a new kind of record does not compile until every dispatch handles
 * it.
 */
public sealed interface ToHost {

  /** Returns the actor that the record is for. */
  ActorId actor();

  /** Calls the receiver's method for this kind of record. */
  void dispatch(Receiver receiver);

  /** Handles events, which wake an actor, and reports, which wake no actor. */
  interface Receiver {
    void event(ClientEvent event);

    void delivered(Delivered delivered);

    void seen(Seen seen);
  }

  /** An event of a client, which wakes the actor if it sleeps. */
  sealed interface ClientEvent extends ToHost {

    /**
     * Computes something for each kind of event.
     *
     * @param <R> the result
     * @param <X> what the computation may throw
     */
    interface Visitor<R extends @Nullable Object, X extends Exception> {
      R open(Open open) throws X;

      R message(Message message) throws X;

      R failed(Failed failed) throws X;

      R closed(Closed closed) throws X;

      R request(Request request) throws X;
    }

    /** Calls the visitor's method for this kind of event. */
    <R extends @Nullable Object, X extends Exception> R accept(Visitor<R, X> visitor) throws X;

    /** Returns the kind of event as one word, for logs and observers. */
    String label();

    /** Returns the connection that the event is about; null for a plain request. */
    @Nullable ConnectionId connection();

    @Override
    default void dispatch(Receiver receiver) {
      receiver.event(this);
    }
  }

  /**
   * Asks to connect, for a client. The host answers with {@link ToGateway.Accepted} or {@link
   * ToGateway.Rejected}.
   *
   * @param actor the actor
   * @param connection the id that the connection will have
   * @param head the upgrade request
   * @param subprotocol the subprotocol that the client gets if it is accepted; null if none
   */
  record Open(
      ActorId actor, ConnectionId connection, RequestHead head, @Nullable String subprotocol)
      implements ClientEvent {

    @Override
    public <R extends @Nullable Object, X extends Exception> R accept(Visitor<R, X> visitor)
        throws X {
      return visitor.open(this);
    }

    @Override
    public String label() {
      return "upgrade";
    }
  }

  /**
   * Brings a message of a client. The host answers with {@link ToGateway.Handled} or {@link
   * ToGateway.Withheld}.
   *
   * @param actor the actor
   * @param connection the connection that the message came from
   * @param sequence its number in the connection, from 1
   * @param payload the message
   */
  record Message(ActorId actor, ConnectionId connection, long sequence, Payload payload)
      implements ClientEvent {

    @Override
    public <R extends @Nullable Object, X extends Exception> R accept(Visitor<R, X> visitor)
        throws X {
      return visitor.message(this);
    }

    @Override
    public String label() {
      return "message";
    }
  }

  /**
   * Reports that the socket failed or that the client broke the protocol; {@link Closed} follows.
   *
   * @param actor the actor
   * @param connection the connection
   * @param error what happened, in words
   * @param reason how the connection ends
   */
  record Failed(ActorId actor, ConnectionId connection, String error, CloseReason reason)
      implements ClientEvent {

    @Override
    public <R extends @Nullable Object, X extends Exception> R accept(Visitor<R, X> visitor)
        throws X {
      return visitor.failed(this);
    }

    @Override
    public String label() {
      return "error";
    }
  }

  /**
   * Reports that a connection ended. It is the last event of the connection.
   *
   * @param actor the actor
   * @param connection the connection
   * @param reason how it ended
   */
  record Closed(ActorId actor, ConnectionId connection, CloseReason reason) implements ClientEvent {

    @Override
    public <R extends @Nullable Object, X extends Exception> R accept(Visitor<R, X> visitor)
        throws X {
      return visitor.closed(this);
    }

    @Override
    public String label() {
      return "close";
    }
  }

  /**
   * Reports what became of a message that was sent with a number to report under, exactly once for
   * each such message. The record is no event and wakes no actor.
   *
   * @param actor the actor
   * @param connection the connection that the message was sent to
   * @param report the number in {@link ToGateway.Send}
   * @param outcome what became of it
   */
  record Delivered(ActorId actor, ConnectionId connection, long report, Outcome outcome)
      implements ToHost {

    @Override
    public void dispatch(Receiver receiver) {
      receiver.delivered(this);
    }
  }

  /**
   * Reports when the gateway last heard anything of a client. The record is no event and wakes no
   * actor.
   *
   * @param actor the actor
   * @param connection the connection
   * @param report the number in {@link ToGateway.AskSeen}
   * @param at the time; null if that is not known
   */
  record Seen(ActorId actor, ConnectionId connection, long report, @Nullable Instant at)
      implements ToHost {

    @Override
    public void dispatch(Receiver receiver) {
      receiver.seen(this);
    }
  }

  /**
   * Brings a plain HTTP request. The host answers with {@link ToGateway.Responded}.
   *
   * @param actor the actor
   * @param request the number of the request, chosen by the gateway, for the answer
   * @param head the request's head
   * @param body the request's body; must not change after the record is made
   */
  record Request(ActorId actor, long request, RequestHead head, byte[] body)
      implements ClientEvent {

    @Override
    public <R extends @Nullable Object, X extends Exception> R accept(Visitor<R, X> visitor)
        throws X {
      return visitor.request(this);
    }

    @Override
    public String label() {
      return "request";
    }

    @Override
    public @Nullable ConnectionId connection() {
      return null;
    }
  }
}
