package dev.dormouse.sdk;

import java.nio.ByteBuffer;
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
 * for (Connection<Member> c : connections()) names.add(c.attachment().name());
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
   * Returns the number of connections in this view. It costs nothing for all connections, and a
   * pass over their rows for a narrowed view.
   */
  int count();

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

  /** Returns a stream of the connections, which reads them as it goes. */
  default Stream<Connection<A>> stream() {
    return StreamSupport.stream(spliterator(), false);
  }
}
