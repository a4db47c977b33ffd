package dev.dormouse.server.gateway.wire;

/** The close codes that the gateway itself sends or reports (RFC 6455, section 7.4.1, and IANA). */
public final class CloseCodes {
  /** The code for a client that sent a malformed frame, or a frame in the wrong order. */
  public static final int PROTOCOL_ERROR = 1002;

  /** The code for a message of a kind that its actor does not handle. */
  public static final int UNSUPPORTED_DATA = 1003;

  /** The code that stands for a close frame without a code. It is never sent. */
  public static final int NO_CODE = 1005;

  /** The code for text that is not UTF-8, and for data that cannot be inflated. */
  public static final int BAD_PAYLOAD = 1007;

  /** The code for a client that broke a rule of this server. */
  public static final int POLICY = 1008;

  /** The code for a message that is longer than the limit. */
  public static final int TOO_BIG = 1009;

  /** The code for a failure of the server. */
  public static final int INTERNAL_ERROR = 1011;

  /** The code for a client that should connect again, because its connection cannot go on. */
  public static final int RESTART = 1012;

  /** The code for a client that reads too slowly, or for which too much memory is held. */
  public static final int TRY_AGAIN_LATER = 1013;

  private CloseCodes() {}
}
