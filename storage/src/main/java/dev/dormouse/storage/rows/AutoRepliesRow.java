package dev.dormouse.storage.rows;

import dev.dormouse.sdk.AutoReply;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The row of an actor's automatic replies. An actor without automatic replies has no such row.
 *
 * <p>Bytes: version 1 (1), number of replies (1), for each the length (2) and UTF-8 of its request,
 * then of its reply; big-endian.
 *
 * @param replies the replies, in the order in which they were set
 */
public record AutoRepliesRow(List<AutoReply> replies) {
  private static final byte VERSION = 1;

  /** Copies the list. */
  public AutoRepliesRow {
    replies = List.copyOf(replies);
  }

  /** Returns the row's key in {@link Table#ACTOR}. */
  public static byte[] key() {
    return new byte[] {'R'};
  }

  /** Returns the bytes to store. */
  public byte[] encode() {
    List<byte[]> texts = new ArrayList<>(2 * replies.size());
    for (AutoReply reply : replies) {
      texts.add(reply.request().getBytes(StandardCharsets.UTF_8));
      texts.add(reply.reply().getBytes(StandardCharsets.UTF_8));
    }
    ByteBuffer out = ByteBuffer.allocate(2 + texts.stream().mapToInt(b -> 2 + b.length).sum());
    out.put(VERSION).put((byte) replies.size());
    texts.forEach(text -> out.putShort((short) text.length).put(text));
    return out.array();
  }

  /**
   * Reads the bytes that {@link #encode} wrote.
   *
   * @param bytes the bytes; null gives a row without replies
   * @throws CorruptRowException if the bytes are not of that form
   */
  public static AutoRepliesRow decodeOrNone(byte @Nullable [] bytes) {
    if (bytes == null) {
      return new AutoRepliesRow(List.of());
    }
    try {
      ByteBuffer in = ByteBuffer.wrap(bytes);
      byte version = in.get();
      if (version != VERSION) {
        throw new IllegalArgumentException("version " + version);
      }
      int number = in.get() & 0xff;
      List<AutoReply> replies = new ArrayList<>(number);
      for (int i = 0; i < number; i++) {
        replies.add(new AutoReply(text(in), text(in)));
      }
      return new AutoRepliesRow(replies);
    } catch (RuntimeException e) {
      throw new CorruptRowException(
          "a row of automatic replies of " + bytes.length + " bytes cannot be read", e);
    }
  }

  private static String text(ByteBuffer in) {
    return RowKeys.text(in, in.getShort() & 0xffff);
  }
}
