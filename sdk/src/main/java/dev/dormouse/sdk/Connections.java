package dev.dormouse.sdk;

import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/**
 * The open connections of an actor, or a part of them, in the order of their ids: that in which
 * they asked to connect.
 *
 * <p>It is a view: {@link #tagged} and {@link #except} narrow it, nothing is read before it is
 * asked for. Iterating reads connections page by page and decodes an attachment when it is touched;
 * a broadcast reads nothing at all, since the gateway knows who has which tag. A connection is
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

  /** The most connections an actor may have; an upgrade over it is answered 503. */
  int CONNECTIONS_MAX = 32_768;

  /** Those that have the tag, too. */
  Connections<A> tagged(String tag);

  /** Those that are none of these. */
  Connections<A> except(Connection<?>... connections);

  /**
   * How many there are. Costs nothing for all connections, and a pass over their rows for a
   * narrowed view.
   */
  int count();

  /** The connection of that id, if it is in this view. */
  Optional<Connection<A>> find(ConnectionId id);

  /**
   * Sends a text message to each of them, once the turn is committed: to those that are connected
   * at that point of the actor's history.
   *
   * @throws LimitExceededException if the message is over 32 MiB
   */
  void broadcast(String text);

  /**
   * Sends a binary message to each of them, once the turn is committed. The bytes are copied at
   * once.
   *
   * @throws LimitExceededException if the message is over 32 MiB
   */
  void broadcast(ByteBuffer bytes);

  /**
   * Sends to each of them what {@link Connection#sendLatest} would, with the same keys.
   *
   * @throws LimitExceededException if the message is over 32 MiB, or the key too long
   */
  void broadcastLatest(String key, String text);

  /**
   * The same with a binary message, whose bytes are copied at once.
   *
   * @throws LimitExceededException if the message is over 32 MiB, or the key too long
   */
  void broadcastLatest(String key, ByteBuffer bytes);

  /** As a stream; it reads as it goes. */
  default Stream<Connection<A>> stream() {
    return StreamSupport.stream(spliterator(), false);
  }
}
