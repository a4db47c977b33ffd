package dev.dormouse.sdk;

import java.nio.charset.StandardCharsets;

/**
 * A text message that is answered for the actor, without waking it.
 *
 * <pre>{@code
 * autoReply("ping", "pong");   // in a handler
 * }</pre>
 *
 * @param request the whole message that is answered, as long as {@link
 *     ActorOptions#autoReplyBytesMax()} allows
 * @param reply the answer, as long as {@link ActorOptions#autoReplyBytesMax()} allows
 */
public record AutoReply(String request, String reply) {
  /**
   * The heartbeat that the server answers by default; see {@link ActorOptions#heartbeat(String,
   * String)}. Names of fields that begin with <code>$</code> are reserved for such messages.
   */
  public static final AutoReply HEARTBEAT_DEFAULT = new AutoReply("{\"$ping\":1}", "{\"$pong\":1}");

  /**
   * The number of automatic replies that an actor may have by default; see {@link
   * ActorOptions#autoRepliesMax}.
   */
  public static final int REPLIES_DEFAULT = 16;

  /**
   * The length that a request and a reply may have by default, in bytes of UTF-8; see {@link
   * ActorOptions#autoReplyBytesMax}.
   */
  public static final int BYTES_DEFAULT = 2 << 10;

  /**
   * Checks that the request and the reply are no longer than a limit.
   *
   * @param bytesMax the most bytes of UTF-8
   * @throws LimitExceededException if one of them is longer
   */
  public void checkLengths(int bytesMax) {
    check("the request of an automatic reply", request, bytesMax);
    check("an automatic reply", reply, bytesMax);
  }

  private static void check(String what, String text, int bytesMax) {
    int bytes = text.getBytes(StandardCharsets.UTF_8).length;
    if (bytes > bytesMax) {
      throw new LimitExceededException(what, bytes, bytesMax, "bytes");
    }
  }
}
