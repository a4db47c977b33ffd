package dev.dormouse.server.host;

import dev.dormouse.sdk.ActorId;
import org.jspecify.annotations.Nullable;

/**
 * Which actors are looked for, a page at a time.
 *
 * @param type their type; null for all
 * @param prefix what their keys begin with; empty for all
 * @param isInMemory whether only actors in memory are; else those that have something stored
 * @param after {@link ActorPage#next} of the page before; null for the first page
 * @param limit how many at most, at least 1
 */
public record ActorQuery(
    @Nullable String type, String prefix, boolean isInMemory, @Nullable ActorId after, int limit) {

  boolean matches(ActorId id) {
    return (type == null || id.type().equals(type)) && id.key().startsWith(prefix);
  }
}
