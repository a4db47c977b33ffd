package dev.dormouse.server.host;

import dev.dormouse.sdk.ActorId;
import java.util.List;

/**
 * What can be seen of an actor from outside, at one moment.
 *
 * @param id the actor
 * @param state where its life stands
 * @param connections its open connections
 * @param activation how often it was activated so far
 * @param pins what keeps it in memory, in words; empty if it is not
 */
public record ActorStatus(
    ActorId id, State state, int connections, long activation, List<String> pins) {

  /** Where an actor's life stands. */
  public enum State {
    /** In memory. */
    ACTIVE,
    /** Not in memory, connections open. */
    HIBERNATED,
    /** Not in memory, no connections. */
    INACTIVE
  }

  /** Copies the list. */
  public ActorStatus {
    pins = List.copyOf(pins);
  }
}
