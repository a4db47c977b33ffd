package dev.dormouse.server.protocol;

import dev.dormouse.sdk.AutoReply;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.Header;
import dev.dormouse.sdk.HttpResponse;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a host tells a gateway, always inside a {@link Release}. */
public sealed interface ToGateway {

  /**
   * How much memory what it says takes, in bytes, about: texts and bytes, not the record itself.
   */
  long bytes();

  private static long bytesOf(List<String> texts) {
    return texts.stream().mapToLong(String::length).sum();
  }

  private static long bytesOf(HttpResponse response) {
    return response.bodyView().remaining() + bytesOfHeaders(response.headers());
  }

  private static long bytesOfHeaders(List<Header> headers) {
    return headers.stream().mapToLong(h -> h.name().length() + h.value().length()).sum();
  }

  /**
   * The upgrade is accepted and the connection is on disk: answer 101. If the client is gone by
   * now, the gateway answers {@link ToHost.Closed}.
   *
   * @param connection the connection
   * @param tags its tags
   * @param headers headers for the 101
   */
  record Accepted(ConnectionId connection, List<String> tags, List<Header> headers)
      implements ToGateway {
    @Override
    public long bytes() {
      return bytesOf(tags) + bytesOfHeaders(headers);
    }
  }

  /**
   * The upgrade is rejected: answer this.
   *
   * @param connection the connection that will not be
   * @param response the answer, status 300 to 599
   */
  record Rejected(ConnectionId connection, HttpResponse response) implements ToGateway {
    @Override
    public long bytes() {
      return bytesOf(response);
    }
  }

  /**
   * Send a message; dropped if the connection is gone.
   *
   * @param connection to whom
   * @param payload the message
   * @param key if a later message of the same key makes it worthless; else null
   * @param report the number under which {@link ToHost.Delivered} is to say what became of it; 0 if
   *     nobody asks
   */
  record Send(ConnectionId connection, Payload payload, @Nullable String key, long report)
      implements ToGateway {

    /** One without a key, that nobody asks about. */
    public Send(ConnectionId connection, Payload payload) {
      this(connection, payload, null, 0);
    }

    @Override
    public long bytes() {
      return payload.size();
    }
  }

  /**
   * Send a message to the actor's connections.
   *
   * @param tags the tags a connection must have, all of them; empty for every connection
   * @param except connections to leave out
   * @param payload the message
   * @param key if a later message of the same key makes it worthless; else null
   */
  record Broadcast(
      List<String> tags, Set<ConnectionId> except, Payload payload, @Nullable String key)
      implements ToGateway {

    /** One without a key. */
    public Broadcast(List<String> tags, Set<ConnectionId> except, Payload payload) {
      this(tags, except, payload, null);
    }

    @Override
    public long bytes() {
      return payload.size();
    }
  }

  /**
   * The connection's tags are these now.
   *
   * @param connection the connection
   * @param tags all of its tags
   */
  record Retagged(ConnectionId connection, List<String> tags) implements ToGateway {
    @Override
    public long bytes() {
      return bytesOf(tags);
    }
  }

  /**
   * Close the connection, after what was sent before. No message of it is passed on from here; its
   * {@link ToHost.Closed} is.
   *
   * @param connection the connection
   * @param code a code that may be sent
   * @param reason at most 123 bytes
   */
  record Close(ConnectionId connection, int code, String reason) implements ToGateway {
    @Override
    public long bytes() {
      return reason.length();
    }
  }

  /**
   * The actor's automatic replies are these from here on: text messages of its connections that
   * equal a request are answered by the gateway, and not passed on. Nothing if the actor has no
   * connection. Comes when they change, and with each {@link Accepted} if there are any; so a
   * gateway may forget them with the actor's last connection.
   *
   * @param replies all of them
   */
  record AutoReplies(List<AutoReply> replies) implements ToGateway {
    @Override
    public long bytes() {
      return replies.stream().mapToLong(r -> r.request().length() + r.reply().length()).sum();
    }
  }

  /**
   * Tell when something was last heard of the client: {@link ToHost.Seen} does, in any case. It
   * belongs to no turn.
   *
   * @param connection the connection
   * @param report the number to tell it under
   */
  record AskSeen(ConnectionId connection, long report) implements ToGateway {
    @Override
    public long bytes() {
      return 0;
    }
  }

  /**
   * The answer to a plain HTTP request.
   *
   * @param request its number
   * @param response the answer
   */
  record Responded(long request, HttpResponse response) implements ToGateway {
    @Override
    public long bytes() {
      return bytesOf(response);
    }
  }

  /**
   * The message was handled, and those before it: the gateway may forget them, and gets its credit
   * back.
   *
   * @param connection the connection
   * @param sequence the message's number
   */
  record Handled(ConnectionId connection, long sequence) implements ToGateway {
    @Override
    public long bytes() {
      return 0;
    }
  }

  /**
   * There was no room for the message: keep it, and those after it, until {@link Resumed}.
   *
   * @param connection the connection
   * @param sequence the first message that was not taken
   */
  record Withheld(ConnectionId connection, long sequence) implements ToGateway {
    @Override
    public long bytes() {
      return 0;
    }
  }

  /**
   * There is room again: send again, from this message on.
   *
   * @param connection the connection
   * @param sequence the first message to send again
   */
  record Resumed(ConnectionId connection, long sequence) implements ToGateway {
    @Override
    public long bytes() {
      return 0;
    }
  }
}
