package dev.dormouse.server.gateway;

/**
 * The close codes that the gateway itself uses (RFC 6455, section 7.4.1, and the IANA registry).
 */
final class CloseCodes {
  /** A frame or its order is wrong. */
  static final int PROTOCOL_ERROR = 1002;

  /** Never sent: a close frame came without a code. */
  static final int NO_CODE = 1005;

  /** Text that is not UTF-8, or compressed data that is none. */
  static final int BAD_PAYLOAD = 1007;

  /** A rule of this server was broken. */
  static final int POLICY = 1008;

  /** A message is longer than the limit. */
  static final int TOO_BIG = 1009;

  /** The client reads too slowly. */
  static final int TRY_AGAIN_LATER = 1013;

  private CloseCodes() {}
}
