package dev.dormouse.server.protocol.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ActorOptions;
import dev.dormouse.sdk.AutoReply;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.Header;
import dev.dormouse.sdk.HttpRequest;
import dev.dormouse.sdk.RequestHead;
import dev.dormouse.sdk.User;
import dev.dormouse.server.protocol.FromHost;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.protocol.Release;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.server.protocol.wire.RecordCodec.ForHost;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tag;

@Tag("once") // the bytes of a record are the same on every JVM
class RecordCodecTest {
  private static final ActorId ACTOR = new ActorId("chat", "lobby");
  private static final ConnectionId CONNECTION = ConnectionId.of(3, 17);

  @Example
  void everyPermittedRecordHasAKindAndAGenerator() {
    Set<Class<?>> kinds = Records.allKinds();
    assertThat(Kind.values()).hasSameSizeAs(kinds);
    Set<String> named = new HashSet<>();
    for (Class<?> kind : kinds) {
      named.add(kind.getSimpleName().replaceAll("(?<=.)([A-Z])", "_$1").toUpperCase(Locale.ROOT));
    }
    for (Kind kind : Kind.values()) {
      assertThat(named).contains(kind.name());
      assertThat(Kind.of(kind.code())).isEqualTo(kind);
    }
    assertThat(Records.toHost().keySet()).isEqualTo(Records.kindsOf(ToHost.class));
    assertThat(Records.toGateway().keySet()).isEqualTo(Records.kindsOf(ToGateway.class));
    assertThat(Records.fromHost().keySet()).isEqualTo(Records.kindsOf(FromHost.class));
  }

  @Property(tries = 2_000)
  void aRecordForAHostIsReadAsItWasWritten(
      @ForAll long epoch, @ForAll("recordsForHosts") ToHost record) {
    ByteBuffer bytes = RecordCodec.encode(epoch, record);
    for (ByteBuffer form : forms(bytes)) {
      ForHost read = RecordCodec.decodeForHost(form);
      assertThat(read.epoch()).isEqualTo(epoch);
      assertThat(Records.plain(read.record())).isEqualTo(Records.plain(record));
      assertThat(form.remaining()).isEqualTo(bytes.remaining());
    }
  }

  @Property(tries = 2_000)
  void aRecordForAGatewayIsReadAsItWasWritten(@ForAll("recordsForGateways") FromHost record) {
    for (ByteBuffer form : forms(RecordCodec.encode(record))) {
      assertThat(Records.plain(RecordCodec.decodeForGateway(form)))
          .isEqualTo(Records.plain(record));
    }
  }

  /** Returns the bytes as the different kinds of buffers that a transport may have. */
  private static List<ByteBuffer> forms(ByteBuffer bytes) {
    ByteBuffer direct = ByteBuffer.allocateDirect(bytes.remaining()).put(bytes.duplicate()).flip();
    ByteBuffer within = ByteBuffer.allocate(bytes.remaining() + 5).order(ByteOrder.LITTLE_ENDIAN);
    within.position(3).put(bytes.duplicate()).flip().position(3);
    return List.of(bytes, bytes.asReadOnlyBuffer(), direct, within);
  }

  @Property(tries = 1_000)
  void aRecordThatATurnMayHoldFitsIntoAFrame(@ForAll("recordsInReleases") ToGateway record) {
    long empty = RecordCodec.encode(new Release(ACTOR, 1, List.of())).remaining();
    long bytes = RecordCodec.encode(new Release(ACTOR, 1, List.of(record))).remaining() - empty;
    assertThat(bytes).isLessThanOrEqualTo(3 * (record.bytes() + 64));
  }

  @Property(tries = 500)
  void fieldsThatALaterNodeAppendsToARecordArePassedOver(
      @ForAll("recordsForHosts") ToHost record, @ForAll byte[] appended) {
    byte[] bytes = bytesOf(RecordCodec.encode(7, record));
    byte[] longer = Arrays.copyOf(bytes, bytes.length + appended.length);
    System.arraycopy(appended, 0, longer, bytes.length, appended.length);
    int lengthAt = 1 + 8 + 1;
    ByteBuffer.wrap(longer)
        .putInt(lengthAt, ByteBuffer.wrap(bytes).getInt(lengthAt) + appended.length);
    assertThat(Records.plain(RecordCodec.decodeForHost(ByteBuffer.wrap(longer)).record()))
        .isEqualTo(Records.plain(record));
  }

  @Property(tries = 300)
  void bytesAfterARecordAndBytesThatAreCutOffAreRefused(
      @ForAll("recordsForHosts") ToHost toHost, @ForAll("recordsForGateways") FromHost fromHost) {
    byte[] forHost = bytesOf(RecordCodec.encode(7, toHost));
    byte[] forGateway = bytesOf(RecordCodec.encode(fromHost));
    assertThatExceptionOfType(WireException.class)
        .isThrownBy(() -> decodeForHost(Arrays.copyOf(forHost, forHost.length + 1)))
        .withMessageContaining("1 bytes follow the record");
    assertThatExceptionOfType(WireException.class)
        .isThrownBy(() -> decodeForGateway(Arrays.copyOf(forGateway, forGateway.length + 1)))
        .withMessageContaining("1 bytes follow the record");
    for (int length = 0; length < forHost.length; length += 1 + forHost.length / 100) {
      byte[] cut = Arrays.copyOf(forHost, length);
      assertThatExceptionOfType(WireException.class).isThrownBy(() -> decodeForHost(cut));
    }
    for (int length = 0; length < forGateway.length; length += 1 + forGateway.length / 100) {
      byte[] cut = Arrays.copyOf(forGateway, length);
      assertThatExceptionOfType(WireException.class).isThrownBy(() -> decodeForGateway(cut));
    }
  }

  @Example
  void theLargestRecordsAreReadBack() {
    byte[] large = new byte[ActorOptions.MESSAGE_BYTES_CEILING];
    Arrays.fill(large, (byte) 'x');
    Payload.Text payload = new Payload.Text(large);
    Release whole =
        (Release)
            RecordCodec.decodeForGateway(
                RecordCodec.encode(
                    new Release(
                        ACTOR,
                        Long.MAX_VALUE,
                        List.of(
                            new ToGateway.Send(CONNECTION, payload),
                            new ToGateway.Broadcast(List.of(), Set.of(), payload)))));
    assertThat(((ToGateway.Send) whole.records().get(0)).payload()).isEqualTo(payload);
    assertThat(((ToGateway.Broadcast) whole.records().get(1)).payload()).isEqualTo(payload);

    List<String> tags = new ArrayList<>();
    for (int i = 0; i < ActorOptions.TAGS_CEILING; i++) {
      tags.add("€".repeat(Connection.TAG_BYTES_MAX / 3 - 1) + (char) (' ' + i % 90) + i / 90);
    }
    Set<ConnectionId> everybody = new HashSet<>();
    for (int i = 0; i < ActorOptions.CONNECTIONS_CEILING; i++) {
      everybody.add(ConnectionId.of((1 << 24) - 1, (1L << 40) - 1 - i));
    }
    String longest = "€".repeat(ActorOptions.AUTO_REPLY_BYTES_CEILING / 3);
    checkReadBack(
        new Release(
            new ActorId("a".repeat(64), "k".repeat(ActorId.KEY_BYTES_MAX)),
            1,
            List.of(
                new ToGateway.Accepted(
                    CONNECTION,
                    tags,
                    Collections.nCopies(1_000, new Header("X-Header", "\u00ff".repeat(1_000)))),
                new ToGateway.Broadcast(
                    tags, everybody, Payload.text(""), "k".repeat(Connection.KEY_BYTES_MAX)),
                new ToGateway.AutoReplies(
                    Collections.nCopies(
                        ActorOptions.AUTO_REPLIES_CEILING, new AutoReply(longest, longest))),
                new ToGateway.Close(CONNECTION, 4_999, "r".repeat(CloseReason.REASON_BYTES_MAX)))));
    checkReadBack(
        new Release(
            ACTOR,
            1,
            Collections.nCopies(
                ActorOptions.CONNECTIONS_CEILING, new ToGateway.Ended(CONNECTION))));
    checkReadBack(new FromHost.Unknown(0, 1, LongStream.range(0, 1_000_000).toArray()));
    checkReadBack(
        new ToHost.Announce(
            0, 1, LongStream.range(0, ToHost.Announce.PART_MAX).toArray(), true, false));
    checkReadBack(
        new ToHost.Request(
            ACTOR,
            1,
            new RequestHead(
                "POST",
                "/" + "p".repeat(1 << 20),
                Map.of("q".repeat(1 << 20), Collections.nCopies(1_000, "ä".repeat(1_000))),
                Collections.nCopies(8_192, new Header("x".repeat(64), "y".repeat(60))),
                "2001:db8::1",
                Optional.of(new User("ada", claimsInside(Values.CLAIM_DEPTH_MAX)))),
            new byte[HttpRequest.BODY_BYTES_MAX]));
  }

  private static void checkReadBack(ToHost record) {
    assertThat(Records.plain(RecordCodec.decodeForHost(RecordCodec.encode(1, record)).record()))
        .isEqualTo(Records.plain(record));
  }

  private static void checkReadBack(FromHost record) {
    assertThat(Records.plain(RecordCodec.decodeForGateway(RecordCodec.encode(record))))
        .isEqualTo(Records.plain(record));
  }

  private static Map<String, Object> claimsInside(int depth) {
    Map<String, Object> claims = Map.of("innermost", 1);
    for (int i = 0; i < depth; i++) {
      claims = Map.of("claims", claims);
    }
    return claims;
  }

  @Example
  void aRecordThatNoFrameMayHaveIsNotWritten() {
    Payload large = Payload.binary(ByteBuffer.allocate(ActorOptions.MESSAGE_BYTES_CEILING));
    List<ToGateway> nine = Collections.nCopies(9, new ToGateway.Send(CONNECTION, large));
    assertThatExceptionOfType(WireException.class)
        .isThrownBy(() -> RecordCodec.encode(new Release(ACTOR, 1, nine)))
        .withMessage("Release cannot be sent to another node: it takes more than 268435456 bytes");
    User deep = new User("ada", claimsInside(Values.CLAIM_DEPTH_MAX + 1));
    assertThatExceptionOfType(WireException.class)
        .isThrownBy(() -> RecordCodec.encode(1, open(deep)))
        .withMessage(
            "Open cannot be sent to another node: claims of the user lie deeper than 100 inside"
                + " others");
  }

  private static ToHost.Open open(User user) {
    return new ToHost.Open(
        ACTOR,
        CONNECTION,
        new RequestHead("GET", "/", Map.of(), List.of(), "", Optional.of(user)),
        null);
  }

  @Example
  void aNumberOfAnotherClassIsReadAsADouble() {
    ForHost read =
        RecordCodec.decodeForHost(
            RecordCodec.encode(1, open(new User("ada", Map.of("level", new AtomicLong(7))))));
    User user = ((ToHost.Open) read.record()).head().user().orElseThrow();
    assertThat(user.claims()).isEqualTo(Map.of("level", 7.0));
  }

  @Example
  void halfOfASurrogatePairIsReadAsAQuestionMark() {
    FromHost read =
        RecordCodec.decodeForGateway(
            RecordCodec.encode(
                new Release(
                    ACTOR, 1, List.of(new ToGateway.Retagged(CONNECTION, List.of("a\ud800b"))))));
    assertThat(((Release) read).records())
        .containsExactly(new ToGateway.Retagged(CONNECTION, List.of("a?b")));
  }

  @Example
  void theOrderOfAQueryStaysAndNamesOfOneHashAreReadQuickly() {
    Map<String, List<String>> query = new LinkedHashMap<>();
    for (int i = 0; i < 1 << 14; i++) {
      StringBuilder name = new StringBuilder();
      for (int bit = 0; bit < 14; bit++) {
        name.append(((i >> bit) & 1) == 0 ? "Aa" : "BB");
      }
      query.put(name.toString(), List.of(""));
    }
    ToHost.Open open =
        new ToHost.Open(
            ACTOR, CONNECTION, new RequestHead("GET", "/", query, List.of(), ""), "chat.v1");
    ToHost.Open read =
        (ToHost.Open) RecordCodec.decodeForHost(RecordCodec.encode(1, open)).record();
    assertThat(List.copyOf(read.head().query().keySet())).isEqualTo(List.copyOf(query.keySet()));
  }

  @Example
  void messagesOfExceptionsSayWhatAndWhere() {
    checkFault("02", "version before byte 1 of 1: it is 2, but this node reads version 1 only");
    checkFault("", "version before byte 0 of 0: 1 bytes are needed, but 0 are left");
    checkFault(
        "01 09 00000000",
        "kind of a record before byte 2 of 6: no record of the number 9 is known to this node");
    checkFault(
        "01 01 00000000",
        "kind of a record of OPEN before byte 6 of 6: a record OPEN does not belong here");
    checkFault(
        "01 41 0000000d 00000001 0000000000000002",
        "record of ATTACHED before byte 6 of 18: the length is 13, but 12 bytes are left");
    checkFault(
        "01 41 0000000c ffffffff 0000000000000002",
        "group of ATTACHED before byte 10 of 18: -1 is negative");
    checkFault(
        "01 42 0000000d 00000001 0000000000000002 02",
        "presence of the owner of NOT_OWNER before byte 19 of 19: 2 is neither 0 nor 1");
    checkFault(
        "01 43 00000010 00000001 0000000000000002 20000001",
        "connections of UNKNOWN before byte 22 of 22: 536870913 elements are announced, of 8 bytes"
            + " or more each, but 0 bytes are left");
    checkFault(
        "01 40 00000009 00000001 61 00000000",
        "values of RELEASE before byte 15 of 15: actor key is empty");
    checkFault(
        "01 40 0000000b 00000001 61 00000002 c328",
        "key of the actor of RELEASE before byte 17 of 17: byte 0 of the text is not UTF-8");
    checkFault(
        "01 40 0000001b 00000001 61 00000001 62 0000000000000001 00000001 63 00000000 ff",
        "kind of a record of RELEASE before byte 29 of 34: no record of the number 99 is known to"
            + " this node");
    checkFault(
        "01 40 0000002a 00000001 61 00000001 62 0000000000000001 00000001"
            + " 22 0000000f 0000000000000001 03 00000000 00 00",
        "kind of the message of SEND before byte 42 of 48: 3 is neither text (1) nor binary (2)");
  }

  private static void checkFault(String hex, String message) {
    byte[] bytes = HexFormat.of().parseHex(hex.replace(" ", ""));
    assertThatExceptionOfType(WireException.class)
        .as(hex)
        .isThrownBy(() -> decodeForGateway(bytes))
        .withMessage("bytes of another node cannot be read; " + message);
  }

  private static ForHost decodeForHost(byte[] bytes) {
    return RecordCodec.decodeForHost(ByteBuffer.wrap(bytes));
  }

  private static FromHost decodeForGateway(byte[] bytes) {
    return RecordCodec.decodeForGateway(ByteBuffer.wrap(bytes));
  }

  private static byte[] bytesOf(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.duplicate().get(bytes);
    return bytes;
  }

  @Provide
  Arbitrary<ToHost> recordsForHosts() {
    return Records.anyOf(Records.toHost());
  }

  @Provide
  Arbitrary<FromHost> recordsForGateways() {
    return Records.anyOf(Records.fromHost());
  }

  @Provide
  Arbitrary<ToGateway> recordsInReleases() {
    return Records.anyOf(Records.toGateway());
  }
}
