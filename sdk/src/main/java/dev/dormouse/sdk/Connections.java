package dev.dormouse.sdk;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/**
 * The open connections of an actor, or a part of them, in the order of their ids, which is the
 * order in which they asked to connect.
 *
 * <p>This is a view: {@link #tagged} and {@link #except} narrow it, and nothing is read before it
 * is needed. Iterating reads connections page by page and decodes an attachment when it is touched.
 * A broadcast reads nothing, because the gateway knows the tags of all connections. A connection is
 * still in the list inside its own {@code onClose}.
 *
 * <pre>{@code
 * connections().broadcast("hello");
 * connections().tagged("member").except(me).broadcast(me.id() + " moved");
 * List<Member> here = connections().attachments();
 * }</pre>
 *
 * @param <A> the type of the attachment
 */
public interface Connections<A extends @Nullable Object> extends Iterable<Connection<A>> {

  /**
   * The number of connections that an actor may have by default; further upgrades are answered 503.
   * See {@link ActorOptions#connectionsMax}.
   */
  int CONNECTIONS_DEFAULT = 32_768;

  /** Narrows the view to connections that also have a tag. */
  Connections<A> tagged(String tag);

  /** Narrows the view to connections other than these. */
  Connections<A> except(Connection<?>... connections);

  /**
   * Returns the number of connections in this view. All connections are counted without a read, and
   * each connection that {@link #except} leaves out costs at most two reads of a row. The first
   * count by a tag, or by several together, is a pass over the rows of all connections; further
   * counts by the same tags read nothing until the actor sleeps or is reset. An actor remembers the
   * counts of the last 64 such views.
   */
  int count();

  /**
   * Returns whether no connection is in this view. A view that is narrowed reads rows up to the
   * first connection in it.
   */
  boolean isEmpty();

  /** Returns the connection with an id, if it is in this view. */
  Optional<Connection<A>> find(ConnectionId id);

  /**
   * Sends a text message to each connection in this view that is connected at this point of the
   * actor's history. The message leaves when the turn is committed.
   *
   * @throws LimitExceededException if the message is over 32 MiB
   */
  void broadcast(String text);

  /**
   * Sends a binary message to each connection in this view, once the turn is committed. The bytes
   * are copied at once.
   *
   * @throws LimitExceededException if the message is over 32 MiB
   */
  void broadcast(ByteBuffer bytes);

  /**
   * Sends a text message to each connection in this view, as {@link Connection#sendLatest} does.
   *
   * @throws LimitExceededException if the message is over 32 MiB, or the key too long
   */
  void broadcastLatest(String key, String text);

  /**
   * Sends a binary message to each connection in this view, as {@link Connection#sendLatest} does.
   * The bytes are copied at once.
   *
   * @throws LimitExceededException if the message is over 32 MiB, or the key too long
   */
  void broadcastLatest(String key, ByteBuffer bytes);

  /** Closes each connection in this view with 1000 and no reason, once the turn is committed. */
  default void close() {
    close(1000, "");
  }

  /**
   * Closes each connection in this view, as {@link Connection#close(int, String)} does. Connections
   * that are closed already stay as they are. All connections are closed by their ids, without
   * their rows; a view by tag is a pass over the rows of all connections. Each close counts with
   * its reason and about 64 bytes towards the 64 MiB that a turn may send and store.
   *
   * @param code 1000–1003, 1007–1014 or 3000–4999
   * @param reason at most {@value CloseReason#REASON_BYTES_MAX} bytes in UTF-8
   * @throws IllegalArgumentException if the code may not be sent or the reason is too long
   */
  void close(int code, String reason);

  /**
   * Returns the attachments of the open connections in this view, so that an actor can tell in a
   * line who is here: {@code connections().tagged("member").attachments()}. They are in the order
   * in which the clients asked to connect, and a client with several connections is there several
   * times. The rows of all connections are read, unless this activation has read them before.
   *
   * <p>The list needs no care of the actor's own, because connections are stored in the commit that
   * accepts them, and leave in that of their {@code onClose}. After a crash, the connections of the
   * process that died leave the list one by one, each with its {@code onClose}, before the server
   * accepts clients; if that takes longer than 10 s, it goes on while clients connect.
   *
   * @throws StoredValueException as {@link Connection#attachment} says
   */
  default List<A> attachments() {
    List<A> attachments = new ArrayList<>();
    for (Connection<A> connection : this) {
      if (connection.isOpen()) {
        attachments.add(connection.attachment());
      }
    }
    return Collections.unmodifiableList(attachments);
  }

  /** Returns a stream of the connections, which reads them as it goes. */
  default Stream<Connection<A>> stream() {
    return StreamSupport.stream(spliterator(), false);
  }
}
