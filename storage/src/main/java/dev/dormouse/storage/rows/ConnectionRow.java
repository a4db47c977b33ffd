package dev.dormouse.storage.rows;

import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.RequestHead;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The row of a connection, under the connection's id, which names the run of the node that holds
 * the socket.
 *
 * <p>Bytes: version 1 (1), acceptance in milliseconds since 1970 (8), sequence (8), number of tags
 * (1), for each tag its length (2) and UTF-8, flags (1: there is an attachment, 2: there is a
 * request, 4: the actor has closed the connection), the request if there is one, the close if there
 * is one, the attachment if there is one; big-endian. A request is its address and its path, the
 * number of its parameters (2), and for each parameter its name and its value. A close is its code
 * (2) and its reason. Each text is its length (2) and UTF-8.
 *
 * @param acceptedAtMs when the connection was accepted, in milliseconds since 1970
 * @param sequence the number of the connection's last message that took effect; 0 if it is not
 *     kept, or if there was no message; {@link #FAILED} once the error behind the last message took
 *     effect
 * @param tags the connection's tags, in order
 * @param request the request for the upgrade; null if the row was damaged and began anew
 * @param closing the close that the actor has sent; null if the actor has not closed the
 *     connection, or if closes are not kept because host and sockets end together
 * @param attachment the attachment as its codec wrote it; null if there is none
 */
@SuppressWarnings("ArrayRecordComponent") // nobody compares them
public record ConnectionRow(
    long acceptedAtMs,
    long sequence,
    List<String> tags,
    @Nullable Request request,
    @Nullable Closing closing,
    byte @Nullable [] attachment) {

  /**
   * The sequence of a connection whose error has taken effect: no message comes behind an error, so
   * all messages and the error itself have taken effect.
   */
  public static final long FAILED = Long.MAX_VALUE;

  private static final byte VERSION = 1;
  private static final byte[] NOTHING = {};
  private static final int HAS_ATTACHMENT = 1;
  private static final int HAS_REQUEST = 2;
  private static final int IS_CLOSING = 4;

  /**
   * The close of a connection that its actor has closed and whose end has not taken effect.
   *
   * @param code the close code that the client is to get
   * @param reason the close reason; may be empty
   */
  public record Closing(int code, String reason) {
    private byte[] encode() {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      out.write(code >> 8);
      out.write(code);
      put(out, reason);
      return out.toByteArray();
    }

    private static Closing decode(ByteBuffer in) {
      return new Closing(in.getShort() & 0xffff, text(in));
    }
  }

  /**
   * The part of the request for an upgrade that is kept.
   *
   * @param path the path as the client wrote it; empty if path and query were too long to be kept
   * @param query the decoded parameters of the query
   * @param remoteAddress the client's address; may be empty
   */
  public record Request(String path, Map<String, List<String>> query, String remoteAddress) {
    /** Returns what is kept of a request with that head. */
    public static Request of(RequestHead head) {
      Request whole = new Request(head.path(), head.query(), head.remoteAddress());
      return whole.encode().length <= Connection.REQUEST_BYTES_MAX
          ? whole
          : new Request("", Map.of(), head.remoteAddress());
    }

    private byte[] encode() {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      put(out, remoteAddress);
      put(out, path);
      int parameters = query.values().stream().mapToInt(List::size).sum();
      out.write(parameters >> 8);
      out.write(parameters);
      query.forEach(
          (name, values) ->
              values.forEach(
                  value -> {
                    put(out, name);
                    put(out, value);
                  }));
      return out.toByteArray();
    }

    private static Request decode(ByteBuffer in) {
      String address = text(in);
      String path = text(in);
      Map<String, List<String>> query = new LinkedHashMap<>();
      for (int left = in.getShort() & 0xffff; left > 0; left--) {
        query.computeIfAbsent(text(in), name -> new ArrayList<>(1)).add(text(in));
      }
      return new Request(path, query, address);
    }
  }

  /** Creates the row of a connection whose request is not known and whose sequence is not kept. */
  public ConnectionRow(long acceptedAtMs, List<String> tags, byte @Nullable [] attachment) {
    this(acceptedAtMs, 0, tags, null, null, attachment);
  }

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
    byte[] asked = request == null ? NOTHING : request.encode();
    byte[] closed = closing == null ? NOTHING : closing.encode();
    ByteBuffer out =
        ByteBuffer.allocate(
            1 + 8 + 8 + 1 + tagBytes + 1 + asked.length + closed.length + attachmentBytes);
    out.put(VERSION).putLong(acceptedAtMs).putLong(sequence).put((byte) encodedTags.size());
    for (byte[] tag : encodedTags) {
      out.putShort((short) tag.length).put(tag);
    }
    int flags =
        (attachment == null ? 0 : HAS_ATTACHMENT)
            | (request == null ? 0 : HAS_REQUEST)
            | (closing == null ? 0 : IS_CLOSING);
    out.put((byte) flags).put(asked).put(closed);
    if (attachment != null) {
      out.put(attachment);
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
      byte version = in.get();
      if (version != VERSION) {
        throw new IllegalArgumentException("version " + version);
      }
      long acceptedAtMs = in.getLong();
      long sequence = in.getLong();
      int tagCount = in.get() & 0xff;
      List<String> tags = new ArrayList<>(tagCount);
      for (int i = 0; i < tagCount; i++) {
        tags.add(text(in));
      }
      int flags = in.get();
      Request request = (flags & HAS_REQUEST) == 0 ? null : Request.decode(in);
      Closing closing = (flags & IS_CLOSING) == 0 ? null : Closing.decode(in);
      byte[] attachment = null;
      if ((flags & HAS_ATTACHMENT) != 0) {
        attachment = new byte[in.remaining()];
        in.get(attachment);
      } else if (in.hasRemaining()) {
        throw new IllegalArgumentException("there are bytes after the end");
      }
      return new ConnectionRow(
          acceptedAtMs, sequence, List.copyOf(tags), request, closing, attachment);
    } catch (RuntimeException e) {
      throw new CorruptRowException(
          "a connection's row of " + bytes.length + " bytes cannot be read", e);
    }
  }

  private static void put(ByteArrayOutputStream out, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    out.write(bytes.length >> 8);
    out.write(bytes.length);
    out.writeBytes(bytes);
  }

  private static String text(ByteBuffer in) {
    return RowKeys.text(in, in.getShort() & 0xffff);
  }
}
