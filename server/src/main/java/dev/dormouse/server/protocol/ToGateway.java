package dev.dormouse.server.protocol;

import dev.dormouse.sdk.AutoReply;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.Header;
import dev.dormouse.sdk.HttpResponse;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A record that a host sends to a gateway, always inside a {@link Release}.
 *
 * <p>Each record hands itself to its own method of a {@link Receiver}, so that a new kind of record
 * does not compile until every receiver handles it.
 */
public sealed interface ToGateway {

  /**
   * Handles each kind of record in a method of its own.
   *
   * @param <C> a value that the caller hands to the receiver, so that one receiver serves all calls
   */
  interface Receiver<C> {
    void accepted(Accepted accepted, C context);

    void rejected(Rejected rejected, C context);

    void send(Send send, C context);

    void broadcast(Broadcast broadcast, C context);

    void retagged(Retagged retagged, C context);

    void close(Close close, C context);

    void autoReplies(AutoReplies replies, C context);

    void askSeen(AskSeen question, C context);

    void responded(Responded responded, C context);

    void handled(Handled handled, C context);

    void withheld(Withheld withheld, C context);

    void resumed(Resumed resumed, C context);

    void ended(Ended ended, C context);
  }

  /** Calls the receiver's method for this kind of record. */
  <C> void dispatch(Receiver<C> receiver, C context);

  /** The bytes that an element of a list takes besides its texts, at least. */
  int ELEMENT_BYTES = 8;

  /**
   * Estimates the memory that the texts, bytes and lists in this record take, in bytes, without the
   * record itself.
   */
  long bytes();

  private static long bytesOf(@Nullable String text) {
    return text == null ? 0 : text.length();
  }

  private static long bytesOf(List<String> texts) {
    return texts.stream().mapToLong(text -> ELEMENT_BYTES + text.length()).sum();
  }

  private static long bytesOf(HttpResponse response) {
    return response.bodyView().remaining() + bytesOfHeaders(response.headers());
  }

  private static long bytesOfHeaders(List<Header> headers) {
    return headers.stream()
        .mapToLong(h -> ELEMENT_BYTES + h.name().length() + h.value().length())
        .sum();
  }

  /**
   * Accepts an upgrade whose connection the store has kept: the gateway answers the client with
   * 101, or the host with {@link ToHost.Closed} if the client is gone by now.
   *
   * @param connection the connection
   * @param tags its tags
   * @param headers headers for the 101
   */
  record Accepted(ConnectionId connection, List<String> tags, List<Header> headers)
      implements ToGateway {
    @Override
    public <C> void dispatch(Receiver<C> receiver, C context) {
      receiver.accepted(this, context);
    }

    @Override
    public long bytes() {
      return bytesOf(tags) + bytesOfHeaders(headers);
    }
  }

  /**
   * Rejects an upgrade with an HTTP answer.
   *
   * @param connection the connection that the client asked for
   * @param response the answer, status 300 to 599
   */
  record Rejected(ConnectionId connection, HttpResponse response) implements ToGateway {
    @Override
    public <C> void dispatch(Receiver<C> receiver, C context) {
      receiver.rejected(this, context);
    }

    @Override
    public long bytes() {
      return bytesOf(response);
    }
  }

  /**
   * Sends a message to one connection; the message is dropped if the connection has ended.
   *
   * @param connection the connection to send to
   * @param payload the message
   * @param key the message's key, if a later message with that key replaces it; else null
   * @param report the number under which {@link ToHost.Delivered} is to say what became of it; 0 if
   *     the actor does not ask
   */
  record Send(ConnectionId connection, Payload payload, @Nullable String key, long report)
      implements ToGateway {

    /** Makes a message without a key, whose outcome the actor does not ask for. */
    public Send(ConnectionId connection, Payload payload) {
      this(connection, payload, null, 0);
    }

    @Override
    public <C> void dispatch(Receiver<C> receiver, C context) {
      receiver.send(this, context);
    }

    @Override
    public long bytes() {
      return payload.size() + bytesOf(key);
    }
  }

  /**
   * Sends a message to those of the actor's connections that have all the given tags.
   *
   * @param tags the tags a connection must have, all of them; empty for every connection
   * @param except connections to leave out
   * @param payload the message
   * @param key the message's key, if a later message with that key replaces it; else null
   */
  record Broadcast(
      List<String> tags, Set<ConnectionId> except, Payload payload, @Nullable String key)
      implements ToGateway {

    /** Makes a message without a key. */
    public Broadcast(List<String> tags, Set<ConnectionId> except, Payload payload) {
      this(tags, except, payload, null);
    }

    @Override
    public <C> void dispatch(Receiver<C> receiver, C context) {
      receiver.broadcast(this, context);
    }

    @Override
    public long bytes() {
      return payload.size() + bytesOf(key) + bytesOf(tags) + (long) ELEMENT_BYTES * except.size();
    }
  }

  /**
   * Replaces the tags of a connection.
   *
   * @param connection the connection
   * @param tags all of its tags
   */
  record Retagged(ConnectionId connection, List<String> tags) implements ToGateway {
    @Override
    public <C> void dispatch(Receiver<C> receiver, C context) {
      receiver.retagged(this, context);
    }

    @Override
    public long bytes() {
      return bytesOf(tags);
    }
  }

  /**
   * Closes a connection after all that was sent to it before. From here on the gateway passes no
   * message of the connection to the host, only its {@link ToHost.Closed}.
   *
   * @param connection the connection
   * @param code a close code that may be sent
   * @param reason the close reason, at most 123 bytes
   */
  record Close(ConnectionId connection, int code, String reason) implements ToGateway {
    @Override
    public <C> void dispatch(Receiver<C> receiver, C context) {
      receiver.close(this, context);
    }

    @Override
    public long bytes() {
      return reason.length();
    }
  }

  /**
   * Replaces the actor's automatic replies: the gateway answers text messages of the actor's
   * connections that equal a request, and does not pass them on. The record has no effect if the
   * actor has no connection. A host sends this record when the replies change, and with each {@link
   * Accepted} if there are any; so a gateway may forget the replies with the actor's last
   * connection.
   *
   * @param replies all of them
   */
  record AutoReplies(List<AutoReply> replies) implements ToGateway {
    @Override
    public <C> void dispatch(Receiver<C> receiver, C context) {
      receiver.autoReplies(this, context);
    }

    @Override
    public long bytes() {
      return replies.stream()
          .mapToLong(r -> ELEMENT_BYTES + r.request().length() + r.reply().length())
          .sum();
    }
  }

  /**
   * Asks when the gateway last heard anything of a client; {@link ToHost.Seen} answers in every
   * case. The question belongs to no turn.
   *
   * @param connection the connection
   * @param report the number under which {@link ToHost.Seen} is to answer
   */
  record AskSeen(ConnectionId connection, long report) implements ToGateway {
    @Override
    public <C> void dispatch(Receiver<C> receiver, C context) {
      receiver.askSeen(this, context);
    }

    @Override
    public long bytes() {
      return 0;
    }
  }

  /**
   * Answers a plain HTTP request.
   *
   * @param request the number of the request
   * @param response the answer
   */
  record Responded(long request, HttpResponse response) implements ToGateway {
    @Override
    public <C> void dispatch(Receiver<C> receiver, C context) {
      receiver.responded(this, context);
    }

    @Override
    public long bytes() {
      return bytesOf(response);
    }
  }

  /**
   * Says that a message and all messages before it were handled, so that the gateway may forget
   * them and gets its credit back.
   *
   * @param connection the connection
   * @param sequence the message's number
   */
  record Handled(ConnectionId connection, long sequence) implements ToGateway {
    @Override
    public <C> void dispatch(Receiver<C> receiver, C context) {
      receiver.handled(this, context);
    }

    @Override
    public long bytes() {
      return 0;
    }
  }

  /**
   * Says that the mailbox had no room for a message: the gateway keeps that message, and all later
   * ones, until {@link Resumed}.
   *
   * @param connection the connection
   * @param sequence the first message that was not taken
   */
  record Withheld(ConnectionId connection, long sequence) implements ToGateway {
    @Override
    public <C> void dispatch(Receiver<C> receiver, C context) {
      receiver.withheld(this, context);
    }

    @Override
    public long bytes() {
      return 0;
    }
  }

  /**
   * Says that the mailbox has room again: the gateway sends this message and all later ones again.
   *
   * @param connection the connection
   * @param sequence the first message to send again
   */
  record Resumed(ConnectionId connection, long sequence) implements ToGateway {
    @Override
    public <C> void dispatch(Receiver<C> receiver, C context) {
      receiver.resumed(this, context);
    }

    @Override
    public long bytes() {
      return 0;
    }
  }

  /**
   * Says that the host keeps nothing of a connection: its {@link ToHost.Closed} has taken effect,
   * or the connection was not stored. The gateway forgets the close, which it sends again until
   * this record comes.
   *
   * @param connection the connection
   */
  record Ended(ConnectionId connection) implements ToGateway {
    @Override
    public <C> void dispatch(Receiver<C> receiver, C context) {
      receiver.ended(this, context);
    }

    @Override
    public long bytes() {
      return 0;
    }
  }
}
