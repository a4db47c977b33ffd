package dev.dormouse.server.admin.inspector;

import dev.dormouse.server.observe.DormouseObserver.Frame;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/**
 * Holds the part of a frame's payload that is shown: its first {@value #BYTES_MAX} bytes.
 *
 * @param data the value of {@code payloadData}. For a text frame it is text that ends with its last
 *     whole character and, if it was cut, with the total number of bytes; for other frames it is
 *     base64
 * @param shownBytes the number of payload bytes in {@code data}
 */
record PayloadExcerpt(String data, int shownBytes) {
  static final int BYTES_MAX = 4096;
  private static final int TEXT = 1;

  /** Returns the excerpt of a frame; to be called during the observer's call. */
  static PayloadExcerpt of(Frame frame) {
    byte[] bytes = frame.payload().first(BYTES_MAX);
    if (frame.opcode() != TEXT) {
      return new PayloadExcerpt(base64(bytes), bytes.length);
    }
    ByteBuffer in = ByteBuffer.wrap(bytes);
    CharBuffer out = CharBuffer.allocate(bytes.length);
    CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
    // A character that is split by the cut, or by the end of a fragment, is no error; its bytes
    // stay in the input.
    CoderResult result = decoder.decode(in, out, false);
    if (result.isError()) {
      String note = "(not UTF-8, perhaps compressed; %s bytes in all; in base64) ";
      return new PayloadExcerpt(note.formatted(frame.bytes()) + base64(bytes), bytes.length);
    }
    int shown = in.position();
    String text = out.flip().toString();
    return new PayloadExcerpt(
        shown < frame.bytes() ? text + "… (%s bytes in all)".formatted(frame.bytes()) : text,
        shown);
  }

  private static String base64(byte[] bytes) {
    return Base64.getEncoder().encodeToString(bytes);
  }
}
