package dev.dormouse.server.cluster.link;

import org.jspecify.annotations.Nullable;

/**
 * One of the two connections between two nodes. They are apart so that a long copy of stored rows
 * holds up no client's message.
 */
public enum Lane {
  /** The connection of the replicated log. */
  RAFT,
  /** The connection of the records that gateways and hosts send to each other. */
  FRAMES;

  /** Returns the lane with a number on the wire; null if there is none. */
  static @Nullable Lane of(int code) {
    return code == 0 ? RAFT : code == 1 ? FRAMES : null;
  }

  /** Returns the lane's number on the wire, which never changes. */
  int code() {
    return switch (this) {
      case RAFT -> 0;
      case FRAMES -> 1;
    };
  }
}
