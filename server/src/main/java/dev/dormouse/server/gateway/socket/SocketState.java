package dev.dormouse.server.gateway.socket;

import java.util.EnumSet;
import java.util.Set;

/**
 * The steps in the life of a socket, and their possible order (RFC 6455, section 7.1).
 *
 * <pre>
 *   UPGRADING ──► OPEN ──── the server closes ───► CLOSING
 *       │         │  │                              │   │
 *       │         │  │ the client                   │   │ the client's close frame came,
 *       │         │  │ broke the protocol           │   │ or can not be read any more
 *       │         │  └─────────────────► DRAINING ◄─┘   │
 *       │         │ the client closes    ▲   │          │
 *       │         └──────► ANSWERING ────┘   │          │
 *       ▼                      ▼             ▼          ▼
 *       └──────────────────► GONE ◄──────────┴──────────┘   the TCP connection ended
 * </pre>
 */
public enum SocketState {
  /** The actor has accepted, and the 101 is not written yet. No frame may be written. */
  UPGRADING,
  /** Client and server may send messages. */
  OPEN,
  /**
   * The client's close frame came, or the end of its half of the TCP connection. Answers to earlier
   * messages are still sent; then comes the server's own close frame, or its end.
   */
  ANSWERING,
  /** The server has sent its close frame, and waits for the client's. Nothing more is sent. */
  CLOSING,
  /** Both sides have ended; further input is discarded. */
  DRAINING,
  /** The TCP connection has ended. */
  GONE;

  private Set<SocketState> next() {
    return switch (this) {
      case UPGRADING -> EnumSet.of(OPEN, GONE);
      case OPEN -> EnumSet.of(ANSWERING, CLOSING, DRAINING, GONE);
      case ANSWERING -> EnumSet.of(DRAINING, GONE);
      case CLOSING -> EnumSet.of(DRAINING, GONE);
      case DRAINING -> EnumSet.of(GONE);
      case GONE -> EnumSet.noneOf(SocketState.class);
    };
  }

  /**
   * Returns the next state.
   *
   * @throws IllegalStateException if the next state may not follow this one
   */
  SocketState to(SocketState next) {
    if (!next().contains(next)) {
      throw new IllegalStateException("a socket cannot go from " + this + " to " + next);
    }
    return next;
  }
}
