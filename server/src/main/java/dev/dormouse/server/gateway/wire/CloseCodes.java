package dev.dormouse.server.gateway.wire;

/** The close codes that the gateway itself sends or reports (RFC 6455, section 7.4.1, and IANA). */
public final class CloseCodes {
  /** The client sent a frame that is wrong, or in the wrong order. */
  public static final int PROTOCOL_ERROR = 1002;

  /** The close frame had no code. This code is never sent. */
  public static final int NO_CODE = 1005;

  /** The client sent text that is not UTF-8, or compressed data that cannot be inflated. */
  static final int BAD_PAYLOAD = 1007;

  /** The client broke a rule of this server. */
  public static final int POLICY = 1008;

  /** The client sent a message that is longer than the limit. */
  public static final int TOO_BIG = 1009;

  /** The server failed. */
  public static final int INTERNAL_ERROR = 1011;

  /** The client reads too slowly, or clients hold too much memory. */
  public static final int TRY_AGAIN_LATER = 1013;

  private CloseCodes() {}
}
