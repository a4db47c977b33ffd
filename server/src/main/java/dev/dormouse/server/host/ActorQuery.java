package dev.dormouse.server.host;

import dev.dormouse.sdk.ActorId;
import org.jspecify.annotations.Nullable;

/**
 * A search for actors, a page at a time.
 *
 * @param type the type of the actors; null for all types
 * @param prefix the beginning of their keys; empty for all keys
 * @param isInMemory whether to search the actors in memory; if not, those that have something
 *     stored
 * @param after {@link ActorPage#next} of the page before; null for the first page
 * @param limit the most actors of a page, at least 1
 */
public record ActorQuery(
    @Nullable String type, String prefix, boolean isInMemory, @Nullable ActorId after, int limit) {

  /** Returns whether an actor has the type and the beginning of the key that are searched for. */
  public boolean matches(ActorId id) {
    return (type == null || id.type().equals(type)) && id.key().startsWith(prefix);
  }
}
