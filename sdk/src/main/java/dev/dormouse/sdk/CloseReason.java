package dev.dormouse.sdk;

import java.nio.charset.StandardCharsets;

/**
 * The end of a connection: its close code, its reason, and its cause.
 *
 * <pre>{@code
 * protected void onClose(Connection<Member> gone, CloseReason reason) {
 *   if (!reason.wasClean()) storage().put("lost/" + gone.id(), reason.cause().name());
 * }
 * }</pre>
 *
 * @param code the status code of RFC 6455, section 7.4, that the client sent, be it first or in
 *     answer to the server's close; 1005 if its close frame had none, 1006 if there was no close
 *     frame. Of a {@link Cause#VIOLATION}, and of a {@link Cause#SHUTDOWN} or {@link
 *     Cause#HOST_LOST} that was not answered, it is the one that the server sent
 * @param reason the text of that close frame, at most {@value #REASON_BYTES_MAX} bytes in UTF-8;
 *     may be empty. Where the client only repeats the actor's code, it is the actor's text
 * @param cause who or what ended the connection
 */
public record CloseReason(int code, String reason, Cause cause) {

  /** The longest reason, in bytes of UTF-8 (RFC 6455, section 5.5). */
  public static final int REASON_BYTES_MAX = 123;

  /** The code 1006 of RFC 6455, section 7.1.5, for an end without a close frame. */
  public static final int ABNORMAL = 1006;

  /** The cause of a connection's end. */
  public enum Cause {
    /** The client sent a close frame. */
    CLIENT,
    /** The actor called {@link Connection#close}; the code is that of the client's answer. */
    ACTOR,
    /** The client broke the protocol or a limit, and the server closed the connection. */
    VIOLATION,
    /** The client vanished: reset, network gone, no close frame. */
    CONNECTION_LOST,
    /** The client was silent: nothing came from it, not even the answer to a ping. */
    CLIENT_SILENT,
    /** The server was stopped in good order. */
    SHUTDOWN,
    /**
     * The node that ran the actor was lost, and the client was closed with 1012: no other node took
     * over in time, or it does not have the connection. In a cluster only.
     */
    HOST_LOST,
    /**
     * In a cluster, the node that held the socket could not be reached for ten seconds by the node
     * that runs the actor: its process died, or the network between the two failed. The code is
     * 1006.
     */
    GATEWAY_LOST,
    /**
     * The server was stopped in good order, but its time was over before the actor had handled the
     * close; this and those below are learnt when the server starts again, and have code 1006.
     */
    SHUTDOWN_UNFINISHED,
    /**
     * The process that held the socket died. Also after the data folder was copied or restored from
     * a backup, and wherever it is not known that the machine restarted.
     */
    PROCESS_DIED,
    /**
     * The process died with its machine, which was restarted or lost power, or whose disk was taken
     * to another one. Known on Linux only.
     */
    MACHINE_RESTARTED
  }

  /** Returns the end of a connection without a close frame. */
  public static CloseReason abnormal(Cause cause) {
    return new CloseReason(ABNORMAL, "", cause);
  }

  /** Returns whether there was a close handshake, which only the code 1006 denies. */
  public boolean wasClean() {
    return code != ABNORMAL;
  }

  /** Returns whether the server began: it sent the first close frame. */
  public boolean wasBegunByServer() {
    return cause == Cause.ACTOR
        || cause == Cause.VIOLATION
        || cause == Cause.SHUTDOWN
        || cause == Cause.HOST_LOST;
  }

  /**
   * Returns whether an endpoint may put this code into a close frame: 1000 to 1003, 1007 to 1014,
   * 3000 to 4999 (RFC 6455, section 7.4, and the IANA registry). 1005, 1006 and 1015 never go on
   * the wire.
   */
  public static boolean mayBeSent(int code) {
    return (code >= 1000 && code <= 1003)
        || (code >= 1007 && code <= 1014)
        || (code >= 3000 && code <= 4999);
  }

  /**
   * Checks a close before it is sent.
   *
   * @throws IllegalArgumentException if the code may not be sent or the reason is over {@value
   *     #REASON_BYTES_MAX} bytes; the message names the value and the limit
   */
  public static void checkSendable(int code, String reason) {
    if (!mayBeSent(code)) {
      throw new IllegalArgumentException(
          "close code " + code + " may not be sent; use 1000-1003, 1007-1014 or 3000-4999");
    }
    int bytes = reason.getBytes(StandardCharsets.UTF_8).length;
    if (bytes > REASON_BYTES_MAX) {
      throw new IllegalArgumentException(
          "close reason has " + bytes + " bytes; the limit is " + REASON_BYTES_MAX);
    }
  }
}
