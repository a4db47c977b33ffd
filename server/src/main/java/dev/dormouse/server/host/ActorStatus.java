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
 * @param state whether it is in memory, and whether it has connections
 * @param connections its open connections; 0 if it is unreadable
 * @param wakes how often it came into memory so far; 0 if it is unreadable
 * @param keptAwakeBy the reasons that keep it in memory, in words; empty if it is not in memory
 */
public record ActorStatus(
    ActorId id, State state, int connections, long wakes, List<String> keptAwakeBy) {

  /** The state of an actor as it is seen from outside. */
  public enum State {
    /** The actor is in memory. */
    AWAKE,
    /** The actor is not in memory and has open connections. */
    ASLEEP,
    /** The actor is not in memory and has no connections. */
    INACTIVE,
    /** The actor is not in memory and its row cannot be read, so that its events are refused. */
    UNREADABLE;

    private static State asleep(int connections) {
      return connections > 0 ? ASLEEP : INACTIVE;
    }
  }

  /** Describes an actor that is not in memory by what the store has of it. */
  static ActorStatus asleep(ActorId id, ActorStore store) {
    try {
      return asleep(id, store.get(id, RowKey.ACTOR.table(), RowKey.ACTOR.bytes()));
    } catch (CorruptRowException e) {
      return new ActorStatus(id, State.UNREADABLE, 0, 0, List.of());
    }
  }

  /**
   * Describes an actor that is not in memory by its own row.
   *
   * @param stored the row; null if there is none
   * @throws CorruptRowException if the row cannot be understood
   */
  static ActorStatus asleep(ActorId id, byte @Nullable [] stored) {
    ActorRow row = ActorRow.decodeOrNone(stored);
    State state = State.asleep(row.connections());
    return new ActorStatus(id, state, row.connections(), row.activations(), List.of());
  }

  /** Returns this status with so many connections less, and with more that keeps it awake. */
  ActorStatus with(int ended, List<String> more) {
    int open = Math.max(0, connections - ended);
    List<String> all = new ArrayList<>(keptAwakeBy);
    all.addAll(more);
    State now = state == State.AWAKE ? state : State.asleep(open);
    return new ActorStatus(id, now, open, wakes, all);
  }

  /** Copies the list. */
  public ActorStatus {
    keptAwakeBy = List.copyOf(keptAwakeBy);
  }
}
