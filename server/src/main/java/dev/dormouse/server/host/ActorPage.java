package dev.dormouse.server.host;

import dev.dormouse.sdk.ActorId;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A page of actors.
 *
 * @param actors what was found; perhaps fewer than asked for, or none, though there are more
 * @param next {@link ActorQuery#after} of the page that follows; null if this is the last
 * @param looked how many actors were looked at
 */
public record ActorPage(List<ActorStatus> actors, @Nullable ActorId next, int looked) {

  /** Copies the list. */
  public ActorPage {
    actors = List.copyOf(actors);
  }
}
