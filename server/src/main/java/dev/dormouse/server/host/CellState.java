package dev.dormouse.server.host;

import java.util.EnumSet;
import java.util.Set;

/**
 * The life of a cell.
 *
 * <pre>
 *            ┌────────────── an event came ──────────────┐
 *            ▼                                           │
 *   COLD ► ACTIVATING ► IDLE ⇄ BUSY                      │
 *    ▲ │        │         │      │                       │
 *    │ │        └─────────┼──────┴─► COLD  (turn failed) │
 *    │ │                  ▼                              │
 *    │ │             HIBERNATING ─────────► SETTLING ────┤
 *    │ └─────────────── idle ─────────────►    │         │
 *    │                                         ▼         │
 *    └── commit lost (from any but RETIRED)  RETIRED   COLD
 * </pre>
 */
enum CellState {
  /** There is no actor object. */
  COLD,
  /** The activation is being made, or the turn of {@code onActivate} is open. */
  ACTIVATING,
  /** The object is in memory and no turn is open. */
  IDLE,
  /** A turn is open. */
  BUSY,
  /** The turn of {@code onHibernate} is open. */
  HIBERNATING,
  /** The object is dropped; commits are on their way. */
  SETTLING,
  /** The actor does not use this cell any more. */
  RETIRED;

  private Set<CellState> next() {
    return switch (this) {
      case COLD -> EnumSet.of(ACTIVATING, SETTLING);
      case ACTIVATING -> EnumSet.of(IDLE, COLD);
      case IDLE -> EnumSet.of(BUSY, HIBERNATING, COLD);
      case BUSY -> EnumSet.of(IDLE, COLD);
      case HIBERNATING -> EnumSet.of(SETTLING, COLD);
      case SETTLING -> EnumSet.of(RETIRED, COLD);
      case RETIRED -> EnumSet.noneOf(CellState.class);
    };
  }

  /**
   * Returns the next state.
   *
   * @throws IllegalStateException if the next state may not follow this one
   */
  CellState to(CellState next) {
    if (!next().contains(next)) {
      throw new IllegalStateException("a cell cannot go from " + this + " to " + next);
    }
    return next;
  }

  /** Returns whether there is an actor object in this state. */
  boolean isActive() {
    return this == ACTIVATING || this == IDLE || this == BUSY || this == HIBERNATING;
  }
}
