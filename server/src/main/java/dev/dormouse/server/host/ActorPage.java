package dev.dormouse.server.host;

import dev.dormouse.sdk.ActorId;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A page of the actors that a search has found.
 *
 * @param actors the actors; perhaps fewer than asked for, or none, although there are more
 * @param next {@link ActorQuery#after} for the following page; null if this is the last page
 * @param looked how many actors the search has looked at
 */
public record ActorPage(List<ActorStatus> actors, @Nullable ActorId next, int looked) {

  /** Copies the list. */
  public ActorPage {
    actors = List.copyOf(actors);
  }
}
