package dev.dormouse.server.protocol.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.AutoReply;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.CloseReason.Cause;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.Delivery.Outcome;
import dev.dormouse.sdk.Header;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.sdk.RequestHead;
import dev.dormouse.sdk.User;
import dev.dormouse.server.protocol.FromHost;
import dev.dormouse.server.protocol.Owner;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.protocol.Release;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Compares the bytes of records with a file, so that a review sees each change of the wire form.
 * Each line of the file is the name of a record, and its bytes in hexadecimal digits.
 */
// The bytes are the same on each JVM.
@Tag("once")
class GoldenBytesTest {
  private static final String RENEW = "dormouse.wire.renew";
  private static final Path FILE = Path.of("src/test/resources/wire.txt");
  private static final HexFormat HEX = HexFormat.of();

  private static final ActorId ACTOR = new ActorId("chat", "lobby");
  private static final ConnectionId ADA = ConnectionId.of(3, 17);
  private static final ConnectionId BOB = ConnectionId.of(3, 18);
  private static final long EPOCH = 0x0102030405060708L;

  /** The records by name; those of releases are sent in a release of their own. */
  private static final Map<String, Object> RECORDS = new LinkedHashMap<>();

  static {
    put(
        "Open",
        new ToHost.Open(
            ACTOR,
            ADA,
            new RequestHead(
                "GET", "/chat/lobby", Map.of(), List.of(new Header("Host", "a.test")), "10.0.0.9"),
            null));
    Map<String, List<String>> query = new LinkedHashMap<>();
    query.put("name", List.of("ada", "Ädä"));
    query.put("quiet", List.of(""));
    Map<String, Object> claims = new LinkedHashMap<>();
    claims.put("text", "€");
    claims.put("false", false);
    claims.put("true", true);
    claims.put("byte", (byte) -1);
    claims.put("short", (short) 0x0203);
    claims.put("int", 0x01020304);
    claims.put("long", EPOCH);
    claims.put("float", 1.5f);
    claims.put("double", -1.5);
    claims.put("big integer", BigInteger.ONE.shiftLeft(64));
    claims.put("big decimal", new BigDecimal("-12.345"));
    claims.put("list", List.of(1, "two", List.of()));
    claims.put("map", Map.of("inner", true));
    put(
        "Open with a user",
        new ToHost.Open(
            ACTOR,
            ADA,
            new RequestHead(
                "GET",
                "/chat/lobby",
                query,
                List.of(),
                "2001:db8::9",
                Optional.of(new User("ada", claims))),
            "chat.v1"));
    put("Message of text", new ToHost.Message(ACTOR, ADA, 1, Payload.text("hellö")));
    put("Message of bytes", new ToHost.Message(ACTOR, ADA, 2, binary(1, 2, 255), true));
    put(
        "Failed",
        new ToHost.Failed(
            ACTOR, ADA, "a frame was masked twice", new CloseReason(1002, "", Cause.VIOLATION)));
    for (Cause cause : Cause.values()) {
      put("Closed by " + cause, new ToHost.Closed(ACTOR, ADA, new CloseReason(1001, "bye", cause)));
    }
    for (Outcome outcome : Outcome.values()) {
      put("Delivered as " + outcome, new ToHost.Delivered(ACTOR, ADA, 5, outcome));
    }
    put("Seen", new ToHost.Seen(ACTOR, ADA, 6, Instant.ofEpochSecond(0x01020304, 999_999_999)));
    put("Seen at no known time", new ToHost.Seen(ACTOR, ADA, 6, null));
    put(
        "Request",
        new ToHost.Request(
            ACTOR,
            BOB.value(),
            new RequestHead("POST", "/chat/lobby", Map.of(), List.of(), ""),
            new byte[] {1, 2, 3},
            ADA.value(),
            true));
    put(
        "Announce",
        new ToHost.Announce(
            2,
            BOB.number(),
            new long[] {ADA.value(), BOB.value()},
            new long[] {ToHost.Announce.stateOf(List.of("blue"), 1), ToHost.Announce.NO_STATE},
            true,
            false));
    put("Announce nothing", new ToHost.Announce(2, 0, new long[0], false, true));
    put(
        "Accepted",
        new ToGateway.Accepted(ADA, List.of("red", "tall"), List.of(new Header("A", "\u00ff"))));
    put(
        "Rejected",
        new ToGateway.Rejected(ADA, HttpResponse.text(403, "no").with("Retry-After", "1")));
    put("Send", new ToGateway.Send(ADA, Payload.text("hello")));
    put("Send with a key", new ToGateway.Send(ADA, binary(7), "position", 9));
    put("Broadcast", new ToGateway.Broadcast(List.of(), Set.of(), Payload.text("")));
    put(
        "Broadcast to some",
        new ToGateway.Broadcast(List.of("red"), Set.of(BOB, ADA), binary(), "position"));
    put("Retagged", new ToGateway.Retagged(ADA, List.of("blue")));
    put("Close", new ToGateway.Close(ADA, 4000, "enough"));
    put(
        "AutoReplies",
        new ToGateway.AutoReplies(List.of(new AutoReply("ping", "pong"), new AutoReply("Ä", ""))));
    put("AskSeen", new ToGateway.AskSeen(ADA, 6));
    put("Responded", new ToGateway.Responded(7, HttpResponse.of(204, List.of(), new byte[0])));
    put("Handled", new ToGateway.Handled(ADA, 1));
    put("Withheld", new ToGateway.Withheld(ADA, 2));
    put("Resumed", new ToGateway.Resumed(ADA, 2));
    put("Ended", new ToGateway.Ended(ADA));
    put("Release of nothing", new Release(ACTOR, EPOCH, List.of()));
    put("Attached", new FromHost.Attached(2, EPOCH));
    put("NotOwner", new FromHost.NotOwner(2, EPOCH, new Owner("node-b", EPOCH + 1)));
    put("NotOwner without an owner", new FromHost.NotOwner(2, EPOCH, null));
    put("Unknown", new FromHost.Unknown(2, EPOCH, new long[] {ADA.value()}));
  }

  private static void put(String name, Object record) {
    RECORDS.put(name, record);
  }

  private static Payload binary(int... values) {
    ByteBuffer bytes = ByteBuffer.allocate(values.length);
    for (int value : values) {
      bytes.put((byte) value);
    }
    return Payload.binary(bytes.flip());
  }

  @Test
  void theBytesOfEveryRecordAreThoseOfTheFile() throws Exception {
    List<String> now = new ArrayList<>();
    RECORDS.forEach((name, record) -> now.add(name + " = " + hex(record)));
    if (Boolean.getBoolean(RENEW)) {
      Files.write(FILE, now);
    }
    List<String> before = Files.exists(FILE) ? Files.readAllLines(FILE) : List.of();
    if (!now.equals(before)) {
      List<String> lines = new ArrayList<>();
      before.stream().filter(line -> !now.contains(line)).forEach(line -> lines.add("- " + line));
      now.stream().filter(line -> !before.contains(line)).forEach(line -> lines.add("+ " + line));
      fail(
          """
          the bytes of records are not those of %s; nodes of two versions cannot talk then. If the \
          change is meant, renew the file:
            mvn test -pl server -am -Dtest=GoldenBytesTest -Dsurefire.failIfNoSpecifiedTests=false \
          -D%s=true
          %s
          """,
          FILE, RENEW, String.join("\n", lines));
    }
  }

  @Test
  void theBytesOfTheFileAreReadAsTheRecords() throws Exception {
    List<String> lines = Files.readAllLines(FILE);
    assertThat(lines).hasSameSizeAs(RECORDS.keySet());
    for (String line : lines) {
      String[] parts = line.split(" = ");
      Object record = RECORDS.get(parts[0]);
      ByteBuffer bytes = ByteBuffer.wrap(HEX.parseHex(parts[1]));
      Object read =
          record instanceof ToHost
              ? RecordCodec.decodeForHost(bytes).record()
              : RecordCodec.decodeForGateway(bytes);
      Object expected = record instanceof ToGateway inside ? release(inside) : record;
      assertThat(Records.plain(read)).as(line).isEqualTo(Records.plain(expected));
    }
  }

  @Test
  void theFileHasEveryRecord() {
    Set<Class<?>> kinds = new LinkedHashSet<>();
    RECORDS.values().forEach(record -> kinds.add(record.getClass()));
    assertThat(kinds).containsExactlyInAnyOrderElementsOf(Records.allKinds());
  }

  private static String hex(Object record) {
    ByteBuffer bytes;
    if (record instanceof ToHost toHost) {
      bytes = RecordCodec.encode(EPOCH, toHost);
    } else if (record instanceof ToGateway inside) {
      bytes = RecordCodec.encode(release(inside));
    } else {
      bytes = RecordCodec.encode((FromHost) record);
    }
    return HEX.formatHex(bytes.array(), bytes.arrayOffset(), bytes.arrayOffset() + bytes.limit());
  }

  private static Release release(ToGateway record) {
    return new Release(ACTOR, EPOCH, List.of(record));
  }
}
