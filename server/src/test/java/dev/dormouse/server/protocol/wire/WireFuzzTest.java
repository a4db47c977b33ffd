package dev.dormouse.server.protocol.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.sun.management.ThreadMXBean;
import dev.dormouse.server.protocol.FromHost;
import dev.dormouse.server.protocol.Link;
import dev.dormouse.server.protocol.ToHost;
import java.io.ByteArrayOutputStream;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.time.DateTimeException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.Tag;

/**
 * Reads bytes that are no records, and checks that only {@link WireException} is thrown and that
 * memory is taken only as the bytes give reason to.
 */
@Tag("once") // bytes are read or refused the same on every JVM
class WireFuzzTest {
  private static final long SEED = Long.getLong("dormouse.wire.seed", 20_260_301);
  private static final int TRIES = 200_000;

  /** The memory that reading may take for each byte: a map entry of six bytes is the worst. */
  private static final int BYTES_PER_BYTE = 40;

  /** The memory that an exception with its stack trace and its message may take. */
  private static final int BYTES_OF_EXCEPTION = 16 << 10;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private final Random random = new Random(SEED);
  private int read;
  private int refused;

  @Example
  void mutatedRecordsAreReadOrRefusedInWords() {
    List<byte[]> forHosts = new ArrayList<>();
    samples(Records.anyOf(Records.toHost()))
        .forEach(record -> forHosts.add(bytesOf(RecordCodec.encode(5, (ToHost) record))));
    List<byte[]> forGateways = new ArrayList<>();
    samples(Records.anyOf(Records.fromHost()))
        .forEach(record -> forGateways.add(bytesOf(RecordCodec.encode((FromHost) record))));
    for (int i = 0; i < TRIES / 2; i++) {
      check(
          mutated(forHosts),
          RecordCodec::decodeForHost,
          record -> RecordCodec.encode(record.epoch(), record.record()));
      check(mutated(forGateways), RecordCodec::decodeForGateway, RecordCodec::encode);
    }
    assertThat(read).isGreaterThan(TRIES / 20);
    assertThat(refused).isGreaterThan(TRIES / 4);
  }

  private List<Object> samples(Arbitrary<?> records) {
    var generator = records.generator(1_000);
    List<Object> samples = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      samples.add(generator.next(random).value());
    }
    return samples;
  }

  private <T> void check(
      byte[] bytes, Function<ByteBuffer, T> decode, Function<T, ByteBuffer> encode) {
    long allowed = (long) BYTES_PER_BYTE * bytes.length + BYTES_OF_EXCEPTION;
    long allocated = allocatedBy(bytes, decode);
    // The first use of a line of code loads classes. The second does not.
    if (allocated > allowed && (allocated = allocatedBy(bytes, decode)) > allowed) {
      throw new AssertionError(allocated + " bytes were allocated; " + about(bytes));
    }
    T record;
    try {
      record = decode.apply(ByteBuffer.wrap(bytes));
    } catch (Throwable e) {
      checkRefusal(e, bytes);
      return;
    }
    read++;
    assertThat(Records.plain(decode.apply(encode.apply(record))))
        .as(about(bytes))
        .isEqualTo(Records.plain(record));
  }

  private static long allocatedBy(byte[] bytes, Function<ByteBuffer, ?> decode) {
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    long before = allocated();
    try {
      var unused = decode.apply(buffer);
    } catch (Throwable e) {
      return allocated() - before; // the caller looks at what is thrown
    }
    return allocated() - before;
  }

  private void checkRefusal(Throwable thrown, byte[] bytes) {
    refused++;
    if (!(thrown instanceof WireException)) {
      throw new AssertionError(about(bytes), thrown);
    }
    assertThat(thrown.getMessage())
        .startsWith("bytes of another node cannot be read; ")
        .contains(" before byte ");
    if (thrown.getCause() != null
        && !(thrown.getCause() instanceof IllegalArgumentException)
        && !(thrown.getCause() instanceof DateTimeException)) {
      throw new AssertionError("a fault of the reader; " + about(bytes), thrown);
    }
  }

  private static long allocated() {
    return THREADS.getCurrentThreadAllocatedBytes();
  }

  private static String about(byte[] bytes) {
    return "-Ddormouse.wire.seed=" + SEED + ", " + HexFormat.of().formatHex(bytes);
  }

  // -- mutations

  private byte[] mutated(List<byte[]> samples) {
    byte[] bytes = samples.get(random.nextInt(samples.size())).clone();
    for (int left = 1 + random.nextInt(3); left > 0; left--) {
      bytes = mutated(bytes, samples);
    }
    return bytes;
  }

  private byte[] mutated(byte[] bytes, List<byte[]> samples) {
    int at = random.nextInt(bytes.length + 1);
    return switch (random.nextInt(7)) {
      case 0 -> flipped(bytes);
      case 1 -> Arrays.copyOf(bytes, at); // cut
      case 2 -> { // join the beginning of one record and the end of another
        byte[] other = samples.get(random.nextInt(samples.size()));
        int from = random.nextInt(other.length);
        yield joined(bytes, at, Arrays.copyOfRange(other, from, other.length));
      }
      case 3 -> bytes.length < 4 ? bytes : withOtherLength(bytes);
      case 4 -> bytes.length < 4 ? bytes : withLengthChangedALittle(bytes);
      case 5 -> { // remove some bytes
        int end = Math.min(bytes.length, at + 1 + random.nextInt(8));
        yield joined(bytes, at, Arrays.copyOfRange(bytes, end, bytes.length));
      }
      default -> // repeat some bytes
          joined(bytes, at, Arrays.copyOfRange(bytes, random.nextInt(at + 1), bytes.length));
    };
  }

  private byte[] flipped(byte[] bytes) {
    for (int left = random.nextInt(4); left >= 0 && bytes.length > 0; left--) {
      bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
    }
    return bytes;
  }

  /** Changes four bytes that are a length, or are read as one. */
  private byte[] withOtherLength(byte[] bytes) {
    int place = random.nextInt(bytes.length - 3);
    int left = bytes.length - place - 4;
    int[] lengths = {0, -1, Integer.MAX_VALUE, left, left + 1, left / 4, left / 8, 1 << 20};
    ByteBuffer.wrap(bytes).putInt(place, lengths[random.nextInt(lengths.length)]);
    return bytes;
  }

  private byte[] withLengthChangedALittle(byte[] bytes) {
    bytes[random.nextInt(bytes.length)] += (byte) (random.nextInt(9) - 4);
    return bytes;
  }

  private static byte[] joined(byte[] first, int length, byte[] second) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(first, 0, length);
    out.writeBytes(second);
    return out.toByteArray();
  }

  private static byte[] bytesOf(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return bytes;
  }

  // -- streams

  @Example
  void mutatedStreamsAreReadOrRefusedInWords() {
    List<byte[]> streams = new ArrayList<>();
    List<Object> records = samples(Records.anyOf(Records.toHost()));
    for (int i = 0; i + 4 < records.size(); i += 4) {
      ByteArrayOutputStream stream = new ByteArrayOutputStream();
      for (int sequence = 1; sequence <= 4; sequence++) {
        ByteBuffer record = RecordCodec.encode(5, (ToHost) records.get(i + sequence));
        Link.Frame<ByteBuffer> frame = new Link.Frame<>(7, 8, sequence, 9, record);
        stream.writeBytes(bytesOf(LinkFrameCodec.head(frame)));
        stream.writeBytes(bytesOf(record));
      }
      streams.add(stream.toByteArray());
    }
    for (int i = 0; i < TRIES / 10; i++) {
      checkStream(mutated(streams));
    }
    assertThat(read).isGreaterThan(TRIES / 20);
    assertThat(refused).isGreaterThan(TRIES / 20);
  }

  private void checkStream(byte[] stream) {
    FrameReader reader = new FrameReader(FrameReader.FRAME_BYTES_MAX);
    try {
      for (int from = 0; from < stream.length; ) {
        int length = Math.min(stream.length - from, 1 + random.nextInt(1_000));
        ByteBuffer chunk = ByteBuffer.wrap(stream, from, length);
        ByteBuffer frame;
        while ((frame = reader.next(chunk)) != null) {
          var unused = LinkFrameCodec.decode(frame, RecordCodec::decodeForHost);
          read++;
        }
        assertThat(reader.heldBytes()).isLessThanOrEqualTo(Math.max(4 << 10, 2 * stream.length));
        from += length;
      }
    } catch (WireException e) {
      refused++;
    } catch (RuntimeException e) {
      throw new AssertionError(about(stream), e);
    }
  }

  // -- lengths that lie

  @Example
  void noLengthOfALargeFrameMakesTheReaderTakeMemory() {
    int size = 8 << 20;
    for (int length : List.of(Integer.MAX_VALUE, -1, size, size / 4, size / 8)) {
      for (String head : HEADS_OF_LENGTHS) {
        byte[] begin = HexFormat.of().parseHex(head.replace(" ", ""));
        byte[] bytes = Arrays.copyOf(begin, size);
        ByteBuffer.wrap(bytes)
            .putInt(2, size - 6) // of the record
            .putInt(begin.length, length);
        Arrays.fill(bytes, begin.length + 4, size, (byte) 0xff);
        assertThatExceptionOfType(WireException.class)
            .as(head)
            .isThrownBy(() -> RecordCodec.decodeForGateway(ByteBuffer.wrap(bytes)));
        // An honest list of ids and honest bytes may take as much as the frame.
        assertThat(allocatedBy(bytes, RecordCodec::decodeForGateway))
            .as(head)
            .isLessThan(size + (1L << 20));
      }
    }
  }

  /** The beginnings of records up to a length; the length of the record itself is put in. */
  private static final List<String> HEADS_OF_LENGTHS =
      List.of(
          "01 40 00000000", // the type of the actor
          "01 40 00000000 00000001 61 00000001 62 0000000000000001", // the records
          "01 43 00000000 00000001 0000000000000001", // the ids
          // the length of a record inside a release, its tags, its ids, its text
          "01 40 00000000 00000001 61 00000001 62 0000000000000001 00000001 23",
          "01 40 00000000 00000001 61 00000001 62 0000000000000001 00000001 23 007fff00",
          "01 40 00000000 00000001 61 00000001 62 0000000000000001 00000001 23 007fff00 00000000",
          "01 40 00000000 00000001 61 00000001 62 0000000000000001 00000001 23 007fff00 00000000"
              + " 00000000 01");

  @Example
  void claimsThatLieTooDeepAreRefused() {
    // A message for a host up to the claims of its user: 64 KiB of lists, each of which announces
    // as many elements as bytes are left.
    int size = 64 << 10;
    ByteBuffer out = ByteBuffer.allocate(size);
    out.put((byte) 1).putLong(1).put((byte) Kind.OPEN.code()).putInt(size - 14);
    out.putInt(1).put((byte) 'a').putInt(1).put((byte) 'b').putLong(1);
    out.putInt(size - out.position() - 4); // the head
    out.putInt(0).putInt(0).putInt(0).putInt(0).putInt(0).put((byte) 1);
    out.putInt(size - out.position() - 4); // the user
    out.putInt(0).putInt(1).putInt(0);
    while (out.remaining() > 5) {
      out.put((byte) 12).putInt(out.remaining() - 4);
    }
    assertThatExceptionOfType(WireException.class)
        .isThrownBy(() -> RecordCodec.decodeForHost(out.rewind()))
        .withMessageContaining("claim of OPEN")
        .withMessageContaining("it lies deeper than 100 inside others");
    assertThat(allocatedBy(out.array(), RecordCodec::decodeForHost)).isLessThan(4L * size);
  }
}
