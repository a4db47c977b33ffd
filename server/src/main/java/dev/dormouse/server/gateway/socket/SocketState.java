package dev.dormouse.server.gateway.socket;

import java.util.EnumSet;
import java.util.Set;

/**
 * Names the steps in the life of a socket, and which may follow which (RFC 6455, section 7.1).
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
  /** The actor accepted; the 101 is on its way. Nothing may be written yet. */
  UPGRADING,
  /** Messages go both ways. */
  OPEN,
  /**
   * The client's close frame came, or the end of its half of the TCP connection. What answers the
   * messages before that still leaves, then the server's own close frame or end.
   */
  ANSWERING,
  /** The server's close frame is sent, the client's is awaited. Nothing more is sent. */
  CLOSING,
  /** Nothing more is said by either side; what still arrives is discarded. */
  DRAINING,
  /** There is no TCP connection. */
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
