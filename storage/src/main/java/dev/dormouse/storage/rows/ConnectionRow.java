package dev.dormouse.storage.rows;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The row of a connection, under the connection's id, which names the incarnation that holds the
 * socket.
 *
 * <p>Bytes: acceptance in milliseconds since 1970 (8), number of tags (1), for each tag its length
 * (2) and UTF-8, then 0, or 1 and the attachment; big-endian.
 *
 * @param acceptedAtMs when the connection was accepted, in milliseconds since 1970
 * @param tags the connection's tags, in order
 * @param attachment the attachment as its codec wrote it; null if there is none
 */
@SuppressWarnings("ArrayRecordComponent") // nobody compares them
public record ConnectionRow(long acceptedAtMs, List<String> tags, byte @Nullable [] attachment) {

  /** Returns the bytes to store. */
  public byte[] encode() {
    List<byte[]> encodedTags = new ArrayList<>(tags.size());
    int tagBytes = 0;
    for (String tag : tags) {
      byte[] encoded = tag.getBytes(StandardCharsets.UTF_8);
      encodedTags.add(encoded);
      tagBytes += 2 + encoded.length;
    }
    int attachmentBytes = attachment == null ? 0 : attachment.length;
    ByteBuffer out = ByteBuffer.allocate(8 + 1 + tagBytes + 1 + attachmentBytes);
    out.putLong(acceptedAtMs).put((byte) encodedTags.size());
    for (byte[] tag : encodedTags) {
      out.putShort((short) tag.length).put(tag);
    }
    if (attachment == null) {
      out.put((byte) 0);
    } else {
      out.put((byte) 1).put(attachment);
    }
    return out.array();
  }

  /**
   * Reads the bytes that {@link #encode} wrote.
   *
   * @throws CorruptRowException if the bytes are not of that form
   */
  public static ConnectionRow decode(byte[] bytes) {
    try {
      ByteBuffer in = ByteBuffer.wrap(bytes);
      long acceptedAtMs = in.getLong();
      int tagCount = in.get() & 0xff;
      List<String> tags = new ArrayList<>(tagCount);
      for (int i = 0; i < tagCount; i++) {
        tags.add(RowKeys.text(in, in.getShort() & 0xffff));
      }
      byte[] attachment = null;
      if (in.get() == 1) {
        attachment = new byte[in.remaining()];
        in.get(attachment);
      }
      return new ConnectionRow(acceptedAtMs, List.copyOf(tags), attachment);
    } catch (RuntimeException e) {
      throw new CorruptRowException(
          "a connection's row of " + bytes.length + " bytes is cut short", e);
    }
  }
}
