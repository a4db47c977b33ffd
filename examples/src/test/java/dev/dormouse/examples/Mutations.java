package dev.dormouse.examples;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * Makes frames that a client may send and some that it may not: valid frames with changed bytes.
 */
final class Mutations {
  private static final int FRAMES_MAX = 200;
  private static final int PAYLOAD_MAX = 300;
  private static final int KEYS = 16;

  /** The fewest bytes that a client's frame has besides its payload. */
  private static final int HEAD = 6;

  private static final List<String> PATHS =
      List.of(
          "/bench/echo/%d", "/bench/echo/%d", "/deflate/%d", "/goodbyes/%d", "/chat/%d?name=Fuzz");
  private static final String DEFLATE = "Sec-WebSocket-Extensions: permessage-deflate";

  private final Random random;

  /** Everything that a client sends over one connection. */
  record Talk(byte[] upgrade, byte[] bytes, int frames, boolean isEarly) {}

  Mutations(Random random) {
    this.random = random;
  }

  Talk talk() {
    String path = PATHS.get(random.nextInt(PATHS.size())).formatted(random.nextInt(KEYS));
    boolean isCompressed = path.startsWith("/deflate");
    String upgrade = isCompressed ? RawClient.upgrade(path, DEFLATE) : RawClient.upgrade(path);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    int frames = 1 + random.nextInt(FRAMES_MAX);
    for (int i = 0; i < frames; i++) {
      bytes.writeBytes(mutated(frame(isCompressed)));
    }
    return new Talk(
        upgrade.getBytes(StandardCharsets.US_ASCII),
        bytes.toByteArray(),
        frames,
        random.nextBoolean());
  }

  private byte[] frame(boolean isCompressed) {
    int rsv = isCompressed && random.nextInt(8) == 0 ? Frames.RSV1 : 0;
    return switch (random.nextInt(10)) {
      case 0 -> Frames.of(Frames.FINAL | Frames.PING, bytes(125));
      case 1 -> Frames.of(Frames.FINAL | Frames.PONG, bytes(125));
      case 2 -> random.nextInt(50) == 0 ? Frames.close(1000) : Frames.text("not yet");
      case 3 -> join(Frames.of(Frames.TEXT, text()), Frames.of(Frames.FINAL, text()));
      case 4 -> join(Frames.of(rsv | Frames.BINARY, bytes(99)), Frames.of(Frames.FINAL, bytes(9)));
      case 5 -> Frames.text("{\"type\":\"say\",\"text\":\"" + random.nextInt() + "\"}");
      case 6, 7 -> Frames.of(Frames.FINAL | rsv | Frames.TEXT, text());
      default -> Frames.of(Frames.FINAL | rsv | Frames.BINARY, bytes(PAYLOAD_MAX));
    };
  }

  private byte[] bytes(int max) {
    byte[] bytes = new byte[random.nextInt(max + 1)];
    random.nextBytes(bytes);
    return bytes;
  }

  private byte[] text() {
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(PAYLOAD_MAX); i > 0; i--) {
      text.append((char) (random.nextInt(10) == 0 ? 0x400 + random.nextInt(0x100) : 'a'));
    }
    return text.toString().getBytes(StandardCharsets.UTF_8);
  }

  /**
   * Returns the frame with one to three changes; most changes are behind its head, so that many
   * frames are read.
   */
  private byte[] mutated(byte[] frame) {
    byte[] mutated = frame;
    for (int i = random.nextInt(3); i >= 0; i--) {
      mutated = random.nextInt(100) == 0 ? anywhere(mutated) : inPayload(mutated);
    }
    return mutated;
  }

  private byte[] inPayload(byte[] frame) {
    if (frame.length > HEAD) {
      boolean isBinary = (frame[0] & 0xF) == Frames.BINARY;
      // The lower bits of a text leave it UTF-8.
      int bit = isBinary || random.nextInt(100) == 0 ? random.nextInt(8) : random.nextInt(5);
      frame[HEAD + random.nextInt(frame.length - HEAD)] ^= (byte) (1 << bit);
    }
    return frame;
  }

  private byte[] anywhere(byte[] frame) {
    if (frame.length == 0) {
      return bytes(8);
    }
    int from = random.nextInt(frame.length);
    int to = from + random.nextInt(frame.length - from + 1);
    return switch (random.nextInt(7)) {
      case 0 -> Arrays.copyOf(frame, from); // the frame is cut off
      case 1 -> join(Arrays.copyOf(frame, from), Arrays.copyOfRange(frame, to, frame.length));
      case 2 ->
          join(Arrays.copyOf(frame, from), bytes(8), Arrays.copyOfRange(frame, from, frame.length));
      case 3 -> join(frame, Arrays.copyOfRange(frame, from, to)); // the frame is sent twice
      case 4 -> { // one byte of the head changes
        frame[Math.min(frame.length - 1, random.nextInt(6))] = (byte) random.nextInt(256);
        yield frame;
      }
      case 5 -> { // the next bytes are the length
        frame[Math.min(frame.length - 1, 1)] = (byte) (0xFE + random.nextInt(2));
        yield frame;
      }
      default -> {
        frame[from] ^= (byte) (1 << random.nextInt(8));
        yield frame;
      }
    };
  }

  static byte[] join(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    List.of(parts).forEach(all::writeBytes);
    return all.toByteArray();
  }
}
