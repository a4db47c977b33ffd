package dev.dormouse.server.gateway.wire;

/**
 * An exception because a client broke the protocol or a limit. It carries the close code and the
 * reason with which the connection is to be closed.
 */
public final class ViolationException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** The reason for a message in too many fragments that are too short. */
  public static final String SHORT_FRAGMENTS = "too many short fragments";

  private final int code;

  /**
   * Creates a violation.
   *
   * @param code a close code that may be sent
   * @param reason the reason that the client is told, in at most 123 bytes
   */
  public ViolationException(int code, String reason) {
    super(reason, null, false, false);
    this.code = code;
  }

  /** Creates the violation of a client that sent too long a message. */
  public static ViolationException tooLong(int bytesMax) {
    return new ViolationException(
        CloseCodes.TOO_BIG, "a message has at most " + bytesMax + " bytes");
  }

  /** Creates the violation of a client that sent text that is not UTF-8. */
  public static ViolationException notUtf8() {
    return new ViolationException(CloseCodes.BAD_PAYLOAD, "text is not UTF-8");
  }

  /** Returns the close code for the client. */
  public int code() {
    return code;
  }
}
