package dev.dormouse.storage.rows;

import dev.dormouse.sdk.Header;
import dev.dormouse.sdk.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The row of an answered plain request, under the request's number. A gateway that has not heard
 * the answer asks again under the same number, and gets this answer without a second turn.
 *
 * <p>Bytes: version 1 (1), flags (1: the answer is kept), status (2), and if the answer is kept the
 * number of its headers (2), for each header its name and its value, and to the end the body;
 * big-endian. A text is its length (2) and UTF-8.
 *
 * @param status the status of the answer
 * @param answer the answer; null if it was too large to be kept
 */
public record RequestRow(int status, @Nullable HttpResponse answer) {
  /** The greatest length of a body that is kept, in bytes. */
  public static final int BODY_BYTES_MAX = 16 << 10;

  /** The greatest length of all headers that are kept, in bytes of the row. */
  public static final int HEADER_BYTES_MAX = 16 << 10;

  private static final byte VERSION = 1;
  private static final byte IS_KEPT = 1;
  private static final int HEAD_BYTES = 1 + 1 + Short.BYTES;

  /** Returns what is kept of an answer. */
  public static RequestRow of(HttpResponse answer) {
    boolean isKept =
        answer.bodyView().remaining() <= BODY_BYTES_MAX
            && bytesOf(encoded(answer.headers())) <= HEADER_BYTES_MAX;
    return new RequestRow(answer.status(), isKept ? answer : null);
  }

  /** Returns the key of a request's row in {@link Table#REQUEST}. */
  public static byte[] key(long request) {
    return ByteBuffer.allocate(Long.BYTES).putLong(request).array();
  }

  /**
   * Reads a key that {@link #key} returned.
   *
   * @throws CorruptRowException if the key does not have eight bytes
   */
  public static long requestOf(byte[] key) {
    if (key.length != Long.BYTES) {
      throw new CorruptRowException(
          "the key " + RowKeys.hex(key) + " is not the number of a request", null);
    }
    return ByteBuffer.wrap(key).getLong();
  }

  /** Returns the bytes to store. */
  public byte[] encode() {
    if (answer == null) {
      return ByteBuffer.allocate(HEAD_BYTES)
          .put(VERSION)
          .put((byte) 0)
          .putShort(statusBytes())
          .array();
    }
    List<byte[]> texts = encoded(answer.headers());
    ByteBuffer body = answer.bodyView();
    ByteBuffer out =
        ByteBuffer.allocate(HEAD_BYTES + Short.BYTES + bytesOf(texts) + body.remaining());
    out.put(VERSION).put(IS_KEPT).putShort(statusBytes()).putShort((short) (texts.size() / 2));
    for (byte[] text : texts) {
      out.putShort((short) text.length).put(text);
    }
    return out.put(body).array();
  }

  private short statusBytes() {
    return (short) status;
  }

  private static List<byte[]> encoded(List<Header> headers) {
    List<byte[]> texts = new ArrayList<>(2 * headers.size());
    for (Header header : headers) {
      texts.add(header.name().getBytes(StandardCharsets.UTF_8));
      texts.add(header.value().getBytes(StandardCharsets.UTF_8));
    }
    return texts;
  }

  private static int bytesOf(List<byte[]> texts) {
    return texts.stream().mapToInt(text -> Short.BYTES + text.length).sum();
  }

  /**
   * Reads the bytes that {@link #encode} wrote.
   *
   * @throws CorruptRowException if the bytes are not of that form
   */
  public static RequestRow decode(byte[] bytes) {
    try {
      ByteBuffer in = ByteBuffer.wrap(bytes);
      byte version = in.get();
      if (version != VERSION) {
        throw new IllegalArgumentException("version " + version);
      }
      boolean isKept = (in.get() & IS_KEPT) != 0;
      int status = in.getShort() & 0xffff;
      if (!isKept) {
        if (in.hasRemaining()) {
          throw new IllegalArgumentException("bytes of an answer that is not kept");
        }
        return new RequestRow(status, null);
      }
      List<Header> headers = new ArrayList<>();
      for (int left = in.getShort() & 0xffff; left > 0; left--) {
        headers.add(new Header(text(in), text(in)));
      }
      byte[] body = new byte[in.remaining()];
      in.get(body);
      return new RequestRow(status, HttpResponse.of(status, headers, body));
    } catch (RuntimeException e) {
      throw new CorruptRowException(
          "a request's row of " + bytes.length + " bytes cannot be read", e);
    }
  }

  private static String text(ByteBuffer in) {
    return RowKeys.text(in, in.getShort() & 0xffff);
  }
}
