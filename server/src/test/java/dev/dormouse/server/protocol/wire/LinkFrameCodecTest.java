package dev.dormouse.server.protocol.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.protocol.Link;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.server.protocol.wire.RecordCodec.ForHost;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;

class LinkFrameCodecTest {
  private static final HexFormat HEX = HexFormat.of();

  @Property(tries = 1_000)
  void aFrameIsReadAsItWasWritten(
      @ForAll @LongRange(min = 0, max = Long.MAX_VALUE) long from,
      @ForAll @LongRange(min = 0, max = Long.MAX_VALUE) long to,
      @ForAll @LongRange(min = 1, max = Long.MAX_VALUE) long sequence,
      @ForAll @LongRange(min = 0, max = Long.MAX_VALUE) long acknowledged,
      @ForAll @Size(min = 1, max = 100) byte[] record) {
    Link.Frame<ByteBuffer> full =
        new Link.Frame<>(from, to, sequence, acknowledged, ByteBuffer.wrap(record));
    assertThat(LinkFrameCodec.decode(frame(full), bytes -> bytes)).isEqualTo(full);
    Link.Frame<ByteBuffer> empty = new Link.Frame<>(from, to, 0, acknowledged, null);
    assertThat(LinkFrameCodec.decode(frame(empty), bytes -> bytes)).isEqualTo(empty);
  }

  /** Returns a frame without its length, as a carrier and a reader of the stream make it. */
  private static ByteBuffer frame(Link.Frame<ByteBuffer> frame) {
    ByteBuffer stream = ByteBuffer.allocate(1_000).put(LinkFrameCodec.head(frame));
    if (frame.payload() != null) {
      stream.put(frame.payload().duplicate());
    }
    stream.flip();
    ByteBuffer read = new FrameReader(1_000).next(stream);
    assertThat(stream.hasRemaining()).isFalse();
    return read;
  }

  @Example
  void aRecordIsReadFromItsFrame() {
    ToHost record =
        new ToHost.Message(
            new ActorId("chat", "lobby"), ConnectionId.of(3, 17), 1, Payload.text("hello"));
    Link.Frame<ForHost> read =
        LinkFrameCodec.decode(
            frame(new Link.Frame<>(1, 2, 3, 4, RecordCodec.encode(9, record))),
            RecordCodec::decodeForHost);
    assertThat(read).isEqualTo(new Link.Frame<>(1, 2, 3, 4, new ForHost(9, record)));
  }

  @Example
  void theBytesOfAFrameNeverChange() {
    ByteBuffer head =
        LinkFrameCodec.head(new Link.Frame<>(1, 2, 3, 4, ByteBuffer.wrap(new byte[5])));
    byte[] bytes = new byte[head.remaining()];
    head.get(bytes);
    assertThat(HEX.formatHex(bytes))
        .isEqualTo(
            "0000002a"
                + "01"
                + "00000020"
                + "0000000000000001"
                + "0000000000000002"
                + "0000000000000003"
                + "0000000000000004");
  }

  @Example
  void numbersThatALaterNodeAppendsArePassedOver() {
    String bytes =
        "01 00000021 0000000000000001 0000000000000002 0000000000000003 0000000000000004 ff 05";
    assertThat(LinkFrameCodec.decode(parse(bytes), record -> record))
        .isEqualTo(new Link.Frame<>(1, 2, 3, 4, ByteBuffer.wrap(new byte[] {5})));
  }

  @Example
  void bytesThatAreNoFrameAreRefused() {
    String numbers = "0000000000000001 0000000000000002 ";
    checkFault("", "version before byte 0 of 0: 1 bytes are needed, but 0 are left");
    checkFault("02", "version before byte 1 of 1: it is 2, but this node reads version 1 only");
    checkFault(
        "01 00000020 " + numbers,
        "head of the frame before byte 5 of 21: the length is 32, but 16 bytes are left");
    checkFault(
        "01 00000010 " + numbers,
        "sequence before byte 21 of 21: 8 bytes are needed, but 0 are left");
    checkFault(
        "01 00000020 " + numbers + "ffffffffffffffff 0000000000000000 01",
        "sequence before byte 29 of 38: -1 is negative");
    checkFault(
        "01 00000020 " + numbers + "0000000000000001 0000000000000000",
        "record before byte 37 of 37: a frame with the sequence 1 has 0 bytes of a record");
    checkFault(
        "01 00000020 " + numbers + "0000000000000000 0000000000000000 01",
        "record before byte 37 of 38: a frame with the sequence 0 has 1 bytes of a record");
  }

  private static void checkFault(String hex, String message) {
    assertThatExceptionOfType(WireException.class)
        .as(hex)
        .isThrownBy(() -> LinkFrameCodec.decode(parse(hex), record -> record))
        .withMessage("bytes of another node cannot be read; " + message);
  }

  private static ByteBuffer parse(String hex) {
    return ByteBuffer.wrap(HEX.parseHex(hex.replace(" ", "")));
  }
}
