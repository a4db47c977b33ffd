package dev.dormouse.sdk;

import java.nio.charset.StandardCharsets;

/**
 * A text message that is answered for the actor, without waking it.
 *
 * <pre>{@code
 * autoReply("ping", "pong");   // in a handler
 * }</pre>
 *
 * @param request the whole message that is answered, at most 2 KiB of UTF-8
 * @param reply the answer, at most 2 KiB of UTF-8
 */
public record AutoReply(String request, String reply) {
  /** The greatest number of automatic replies of an actor. */
  public static final int REPLIES_MAX = 16;

  /** The greatest length of a request and of a reply, in bytes of UTF-8. */
  public static final int BYTES_MAX = 2 << 10;

  /**
   * Checks the lengths.
   *
   * @throws LimitExceededException if the request or the reply is too long
   */
  public AutoReply {
    check("the request of an automatic reply", request);
    check("an automatic reply", reply);
  }

  private static void check(String what, String text) {
    int bytes = text.getBytes(StandardCharsets.UTF_8).length;
    if (bytes > BYTES_MAX) {
      throw new LimitExceededException(what, bytes, BYTES_MAX, "bytes");
    }
  }
}
