package dev.dormouse.server.host;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.server.host.rows.RowKey;
import dev.dormouse.storage.ActorStore;
import dev.dormouse.storage.rows.ActorRow;
import dev.dormouse.storage.rows.CorruptRowException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A description of an actor at one moment, as it is seen from outside.
 *
 * @param id the actor
 * @param state where its life stands
 * @param connections its open connections; 0 if it is unreadable
 * @param activation how often it was activated so far; 0 if it is unreadable
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
    INACTIVE,
    /** Not in memory, and what is stored of it cannot be read: its events are refused. */
    UNREADABLE;

    private static State asleep(int connections) {
      return connections > 0 ? HIBERNATED : INACTIVE;
    }
  }

  /** Describes an actor that is not in memory, as far as it is stored. */
  static ActorStatus asleep(ActorId id, ActorStore store) {
    try {
      return asleep(id, store.get(id, RowKey.ACTOR.table(), RowKey.ACTOR.bytes()));
    } catch (CorruptRowException e) {
      return new ActorStatus(id, State.UNREADABLE, 0, 0, List.of());
    }
  }

  /**
   * Describes an actor that is not in memory by the row that was read.
   *
   * @throws CorruptRowException if it cannot be understood
   */
  static ActorStatus asleep(ActorId id, byte @Nullable [] stored) {
    ActorRow row = ActorRow.decodeOrNone(stored);
    State state = State.asleep(row.connections());
    return new ActorStatus(id, state, row.connections(), row.activations(), List.of());
  }

  /** Returns this status without connections that have ended, and with more pins. */
  ActorStatus with(int ended, List<String> morePins) {
    int open = Math.max(0, connections - ended);
    List<String> all = new ArrayList<>(pins);
    all.addAll(morePins);
    State now = state == State.ACTIVE ? state : State.asleep(open);
    return new ActorStatus(id, now, open, activation, all);
  }

  /** Copies the list. */
  public ActorStatus {
    pins = List.copyOf(pins);
  }
}
