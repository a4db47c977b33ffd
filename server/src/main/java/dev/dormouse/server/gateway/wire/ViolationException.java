package dev.dormouse.server.gateway.wire;

/**
 * Says that a client broke the protocol or a limit, and with which close code its connection is to
 * be closed.
 */
public final class ViolationException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** The reason of a message in too many pieces that are too short. */
  public static final String SHORT_FRAGMENTS = "too many short fragments";

  private final int code;

  /**
   * Creates a violation.
   *
   * @param code a close code that may be sent
   * @param reason what the client is told, in at most 123 bytes
   */
  public ViolationException(int code, String reason) {
    super(reason, null, false, false);
    this.code = code;
  }

  /** Creates the violation of a client that sent a message of more bytes than it may have. */
  public static ViolationException tooLong(int bytesMax) {
    return new ViolationException(
        CloseCodes.TOO_BIG, "a message has at most " + bytesMax + " bytes");
  }

  /** Creates the violation of a client that sent text that is not UTF-8. */
  public static ViolationException notUtf8() {
    return new ViolationException(CloseCodes.BAD_PAYLOAD, "text is not UTF-8");
  }

  /** Returns the close code that the client is to be told. */
  public int code() {
    return code;
  }
}
