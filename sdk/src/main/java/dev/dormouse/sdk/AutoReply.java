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
  /** How many automatic replies an actor may have. */
  public static final int REPLIES_MAX = 16;

  /** How long a request, and a reply, may be, in bytes of UTF-8. */
  public static final int BYTES_MAX = 2 << 10;

  /**
   * Checks the lengths.
   *
   * @throws LimitExceededException if one is too long
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
