package dev.dormouse.server.protocol.wire;

import org.jspecify.annotations.Nullable;

/**
 * The kinds of records, with the numbers that stand for them on the wire. A number is never given
 * to another kind, and the number of a kind that is given up stays reserved.
 */
enum Kind {
  // From a gateway to a host.
  OPEN(1),
  MESSAGE(2),
  FAILED(3),
  CLOSED(4),
  DELIVERED(5),
  SEEN(6),
  REQUEST(7),
  ANNOUNCE(8),

  // From a host to a gateway, inside a release.
  ACCEPTED(32),
  REJECTED(33),
  SEND(34),
  BROADCAST(35),
  RETAGGED(36),
  CLOSE(37),
  AUTO_REPLIES(38),
  ASK_SEEN(39),
  RESPONDED(40),
  HANDLED(41),
  WITHHELD(42),
  RESUMED(43),
  ENDED(44),

  // From a host to a gateway.
  RELEASE(64),
  ATTACHED(65),
  NOT_OWNER(66),
  UNKNOWN(67);

  private static final @Nullable Kind[] BY_CODE = new @Nullable Kind[256];

  static {
    for (Kind kind : values()) {
      if (BY_CODE[kind.code] != null) {
        throw new IllegalStateException(kind + " has the number of " + BY_CODE[kind.code]);
      }
      BY_CODE[kind.code] = kind;
    }
  }

  private final int code;

  Kind(int code) {
    this.code = code;
  }

  /** Returns the number of the kind, 1 to 255. */
  int code() {
    return code;
  }

  /** Returns the kind with a number; null if no kind has it. */
  static @Nullable Kind of(int code) {
    return BY_CODE[code];
  }
}
