package dev.dormouse.server.protocol.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tag;

@Tag("once") // frames are cut the same on every JVM
class FrameReaderTest {
  private static final int FRAME_BYTES = 100_000;

  @Property(tries = 1_000)
  void framesAreTheSameHoweverTheStreamIsCutIntoChunks(
      @ForAll("frames") List<byte[]> frames, @ForAll Random random) {
    ByteBuffer stream = stream(frames);
    List<ByteBuffer> whole = read(new FrameReader(FRAME_BYTES), List.of(stream.duplicate()));
    assertThat(whole).isEqualTo(frames.stream().map(ByteBuffer::wrap).toList());

    List<ByteBuffer> chunks = new ArrayList<>();
    int most = 1 + random.nextInt(random.nextBoolean() ? 8 : 20_000);
    while (stream.hasRemaining()) {
      int length = Math.min(random.nextInt(most + 1), stream.remaining());
      chunks.add(stream.slice(stream.position(), length));
      stream.position(stream.position() + length);
    }
    FrameReader reader = new FrameReader(FRAME_BYTES);
    assertThat(read(reader, chunks)).isEqualTo(whole);
    assertThat(reader.isBetweenFrames()).isTrue();
    assertThat(reader.heldBytes()).isZero();
  }

  @Example
  void aFrameThatOneChunkHasIsNotCopied() {
    ByteBuffer chunk = stream(List.of(new byte[10], new byte[20]));
    List<ByteBuffer> frames = read(new FrameReader(FRAME_BYTES), List.of(chunk));
    assertThat(frames).hasSize(2);
    assertThat(chunk.hasRemaining()).isFalse();
    chunk.put(chunk.limit() - 1, (byte) 7);
    assertThat(frames.get(1).get(19)).isEqualTo((byte) 7);
  }

  @Example
  void memoryIsTakenAsBytesComeAndNotByTheLengthThatIsAnnounced() {
    FrameReader reader = new FrameReader(FrameReader.FRAME_BYTES_MAX);
    assertThat(reader.next(FrameReader.head(FrameReader.FRAME_BYTES_MAX))).isNull();
    assertThat(reader.isBetweenFrames()).isFalse();
    assertThat(reader.heldBytes()).isZero();
    int come = 0;
    for (int i = 0; i < 2_000; i++) {
      come += 999;
      assertThat(reader.next(ByteBuffer.allocate(999))).isNull();
      assertThat(reader.heldBytes()).isLessThanOrEqualTo(Math.max(4 << 10, 2 * come));
    }
  }

  @Example
  void aLengthThatNoFrameHasEndsTheStreamForGood() {
    for (int length : List.of(0, -1, Integer.MIN_VALUE, FRAME_BYTES + 1)) {
      FrameReader reader = new FrameReader(FRAME_BYTES);
      ByteBuffer stream = ByteBuffer.allocate(100).putInt(length).rewind();
      String message =
          "bytes of another node cannot be read; a frame announces "
              + Integer.toUnsignedString(length)
              + " bytes, but must have 1 to 100000";
      for (int call = 0; call < 2; call++) {
        assertThatExceptionOfType(WireException.class)
            .isThrownBy(() -> reader.next(stream))
            .withMessage(message);
      }
    }
    assertThat(read(new FrameReader(3), List.of(stream(List.of(new byte[3]))))).hasSize(1);
  }

  @Example
  void aHeadIsMadeOnlyForLengthsThatAFrameMayHave() {
    assertThat(FrameReader.head(0x01020304)).isEqualTo(ByteBuffer.wrap(new byte[] {1, 2, 3, 4}));
    for (long length : List.of(-1L, 0L, FrameReader.FRAME_BYTES_MAX + 1L, 1L << 32)) {
      assertThatExceptionOfType(WireException.class)
          .isThrownBy(() -> FrameReader.head(length))
          .withMessage("a frame cannot have " + length + " bytes; it has 1 to 268436480");
    }
  }

  @Provide
  Arbitrary<List<byte[]>> frames() {
    return Arbitraries.oneOf(
            Arbitraries.bytes().array(byte[].class).ofMinSize(1).ofMaxSize(30),
            Arbitraries.of(1, 4_095, 4_096, 4_097, 9_000, FRAME_BYTES)
                .map(FrameReaderTest::distinctBytes))
        .list()
        .ofMaxSize(8);
  }

  private static byte[] distinctBytes(int length) {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return bytes;
  }

  private static ByteBuffer stream(List<byte[]> frames) {
    int bytes = frames.stream().mapToInt(frame -> FrameReader.HEAD_BYTES + frame.length).sum();
    ByteBuffer stream = ByteBuffer.allocate(bytes);
    frames.forEach(frame -> stream.put(FrameReader.head(frame.length)).put(frame));
    return stream.flip();
  }

  private static List<ByteBuffer> read(FrameReader reader, List<ByteBuffer> chunks) {
    List<ByteBuffer> frames = new ArrayList<>();
    for (ByteBuffer chunk : chunks) {
      ByteBuffer frame;
      while ((frame = reader.next(chunk)) != null) {
        frames.add(frame);
      }
      assertThat(chunk.hasRemaining()).isFalse();
    }
    return frames;
  }
}
