package dev.dormouse.server.protocol;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.AutoReply;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.Delivery.Outcome;
import dev.dormouse.sdk.RequestHead;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A record that a gateway sends to the host of an actor, or of a group of shards. Records of one
 * connection come in this order: {@link Open}, any number of {@link Message}, at most one {@link
 * Failed}, exactly one {@link Closed} if it was accepted; {@link Delivered} and {@link Seen} at any
 * time, after the close too.
 *
 * <p>A gateway keeps events until the host has answered them. If the link to the host breaks, or
 * the actor gets another host, the gateway announces its sockets and sends the events again, marked
 * as repeats; an event takes effect once.
 *
 * <p>Each record hands itself to its own method of a {@link Receiver} or a {@link
 * ClientEvent.Visitor}, so that a new kind of record does not compile until every dispatch handles
 * it.
 */
public sealed interface ToHost {

  /** Calls the receiver's method for this kind of record. */
  void dispatch(Receiver receiver);

  /** Handles events, which wake an actor, and reports, which wake no actor. */
  interface Receiver {
    void event(ClientEvent event);

    void delivered(Delivered delivered);

    void seen(Seen seen);

    void announce(Announce announce);
  }

  /** A record for one actor. */
  sealed interface ForActor extends ToHost {
    /** Returns the actor that the record is for. */
    ActorId actor();
  }

  /** An event of a client, which wakes the actor if it sleeps. */
  sealed interface ClientEvent extends ForActor {

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
   * @param isRepeat whether the message was sent before, perhaps to another host, and no answer has
   *     come
   */
  record Message(
      ActorId actor, ConnectionId connection, long sequence, Payload payload, boolean isRepeat)
      implements ClientEvent {

    /** Creates a message that was not sent before. */
    public Message(ActorId actor, ConnectionId connection, long sequence, Payload payload) {
      this(actor, connection, sequence, payload, false);
    }

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
      implements ForActor {

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
      implements ForActor {

    @Override
    public void dispatch(Receiver receiver) {
      receiver.seen(this);
    }
  }

  /**
   * Brings a plain HTTP request. The host answers with {@link ToGateway.Responded}.
   *
   * @param actor the actor
   * @param request the number of the request, chosen by the gateway; like the value of a
   *     connection's id it begins with the run of the gateway's node
   * @param head the request's head
   * @param body the request's body; must not change after the record is made
   * @param settled the gateway waits for no answer to a request with a smaller number
   * @param isRepeat whether the request was sent before, perhaps to another host, and no answer has
   *     come
   */
  record Request(
      ActorId actor, long request, RequestHead head, byte[] body, long settled, boolean isRepeat)
      implements ClientEvent {

    /** Creates a request that was not sent before. */
    public Request(ActorId actor, long request, RequestHead head, byte[] body) {
      this(actor, request, head, body, 0, false);
    }

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

  /**
   * Announces sockets of a group to its owner: those that were accepted and whose {@link
   * ToGateway.Ended} has not come. An announcement has one or more parts, in order. A gateway sends
   * one before anything else that it sends to an owner in an epoch, and again when the link to the
   * owner was broken.
   *
   * <p>With each socket comes a short form of what the gateway knows of its connection: the tags,
   * and the automatic replies of the actor. A {@link ToGateway.Retagged} or {@link
   * ToGateway.AutoReplies} may have been lost with a link or with an owner, and nothing else would
   * ever tell it again. The owner compares the short form with what is stored, and tells the
   * gateway what differs. Credit and withheld messages need no comparison: a gateway that announces
   * its sockets begins with full credit, takes no message for withheld, and sends all unhandled
   * messages again.
   *
   * @param group the group
   * @param firstNew the number of the next connection that the gateway will ask for; connections
   *     with smaller numbers that are not announced have no socket
   * @param connections the ids of this part, as {@link ConnectionId#value}, at most {@value
   *     #PART_MAX}
   * @param states what the gateway knows of each of these connections, as {@link #stateOf} says it,
   *     or {@link #NO_STATE}
   * @param isFirst whether this is the first part
   * @param isLast whether this is the last part
   */
  @SuppressWarnings("ArrayRecordComponent") // nobody compares them
  record Announce(
      int group, long firstNew, long[] connections, long[] states, boolean isFirst, boolean isLast)
      implements ToHost {
    /** The most ids of one part. */
    public static final int PART_MAX = 8_192;

    /**
     * Says that the gateway keeps neither tags nor automatic replies for a connection, because its
     * socket is closing or has ended. Nothing is compared then.
     */
    public static final long NO_STATE = 0;

    private static final long FNV_PRIME = 0x100000001b3L;

    /**
     * Checks that there is a state for each connection.
     *
     * @throws IllegalArgumentException if there is not
     */
    public Announce {
      if (states.length != connections.length) {
        throw new IllegalArgumentException(
            "an announcement of %s connections has %s states"
                .formatted(connections.length, states.length));
      }
    }

    /** Creates a part whose connections have {@link #NO_STATE}. */
    public Announce(int group, long firstNew, long[] connections, boolean isFirst, boolean isLast) {
      this(group, firstNew, connections, new long[connections.length], isFirst, isLast);
    }

    /**
     * Returns the short form of what is known of a connection. It is the same on every node. Two
     * different lists of tags have the same short form once in four thousand million cases.
     *
     * @param tags the connection's tags, in order
     * @param repliesHash the {@link #repliesHash} of its actor's automatic replies
     */
    public static long stateOf(List<String> tags, int repliesHash) {
      return ((long) hashOf(tags) << Integer.SIZE) | Integer.toUnsignedLong(repliesHash);
    }

    /** Returns the hash of an actor's automatic replies, in order. */
    public static int repliesHash(List<AutoReply> replies) {
      List<String> texts = new ArrayList<>(2 * replies.size());
      for (AutoReply reply : replies) {
        texts.add(reply.request());
        texts.add(reply.reply());
      }
      return hashOf(texts);
    }

    /** Returns the hash FNV-1a of texts and their lengths, with its two halves joined. */
    private static int hashOf(List<String> texts) {
      long hash = 0xcbf29ce484222325L;
      for (String text : texts) {
        hash = (hash ^ text.length()) * FNV_PRIME;
        for (int i = 0; i < text.length(); i++) {
          hash = (hash ^ text.charAt(i)) * FNV_PRIME;
        }
      }
      return Long.hashCode(hash);
    }

    /** Returns whether two states have the same tags. */
    public static boolean isTaggedAlike(long state, long other) {
      return (state ^ other) >>> Integer.SIZE == 0;
    }

    /** Returns whether two states have the same automatic replies. */
    public static boolean isAnsweredAlike(long state, long other) {
      return (int) state == (int) other;
    }

    @Override
    public void dispatch(Receiver receiver) {
      receiver.announce(this);
    }
  }
}
