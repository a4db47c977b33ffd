package dev.dormouse.server.observe.accesslog;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.CloseReason.Cause;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.Header;
import dev.dormouse.sdk.RequestHead;
import dev.dormouse.server.observe.DormouseObserver.ConnectionClosed;
import dev.dormouse.server.observe.DormouseObserver.UpgradeAborted;
import dev.dormouse.server.observe.DormouseObserver.UpgradeAccepted;
import dev.dormouse.server.observe.DormouseObserver.UpgradeFailed;
import dev.dormouse.server.observe.DormouseObserver.UpgradeRejected;
import dev.dormouse.server.observe.DormouseObserver.UpgradeStarted;
import dev.dormouse.server.protocol.Time;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class AccessLogTest {
  private static final ConnectionId ID = ConnectionId.of(3, 17);
  private static final ActorId ROOM = new ActorId("room", "one");

  private static final Time TIME =
      new Time() {
        @Override
        public long nowNs() {
          return 0;
        }

        @Override
        public long wallMs() {
          return Instant.parse("2026-11-25T05:06:07Z").toEpochMilli();
        }
      };

  private final List<String> lines = new ArrayList<>();

  private AccessLog log(AccessLogFormat format) {
    return new AccessLog(format, TIME, lines::add);
  }

  private static UpgradeStarted started(String path, Header... headers) {
    return new UpgradeStarted(
        ID,
        new RequestHead(
            "GET", path, Map.of("token", List.of("s3cret")), List.of(headers), "192.0.2.7"));
  }

  private static ConnectionClosed closed(int code, Cause cause) {
    return new ConnectionClosed(
        ID, ROOM, new CloseReason(code, "a word", cause), 60_000_000_000L, 123, 4567);
  }

  @Test
  @DisplayName("C11 a connection has a line at the 101 and one at its close, as Apache writes them")
  void aConnectionHasALineAtThe101AndOneAtItsCloseAsApacheWritesThem() {
    AccessLog log = log(AccessLogFormat.COMBINED);
    log.upgradeStarted(
        started(
            "/room/one",
            new Header("User-Agent", "curl/8.5"),
            new Header("Referer", "https://example.org/page?token=s3cret"),
            new Header("Authorization", "Bearer s3cret"),
            new Header("Cookie", "id=s3cret")));
    assertThat(lines).isEmpty();
    log.upgradeAccepted(
        new UpgradeAccepted(
            ID, ROOM, "ada", List.of(new Header("Set-Cookie", "s3cret")), 1_234_567));
    log.connectionClosed(closed(1000, Cause.CLIENT));
    assertThat(lines)
        .containsExactly(
            "192.0.2.7 - ada [25/Nov/2026:05:06:07 +0000] \"GET /room/one HTTP/1.1\" 101 -"
                + " \"https://example.org/page\" \"curl/8.5\" took=1234us id=3.17",
            "192.0.2.7 - ada [25/Nov/2026:05:06:07 +0000] \"CLOSE /room/one HTTP/1.1\" 1000 4567"
                + " \"https://example.org/page\" \"curl/8.5\" took=60000000us in=123 cause=CLIENT"
                + " id=3.17");
    assertThat(log.remembered()).isZero();
  }

  @Test
  @DisplayName("C11 a connection has the two lines as JSON")
  void aConnectionHasTheSameLinesAsJson() {
    AccessLog log = log(AccessLogFormat.JSON);
    log.upgradeStarted(started("/room/one", new Header("User-Agent", "curl/8.5")));
    log.upgradeAccepted(new UpgradeAccepted(ID, ROOM, "", List.of(), 1_234_567));
    log.connectionClosed(closed(1006, Cause.CONNECTION_LOST));
    assertThat(lines.stream().map(JsonObject::new))
        .containsExactly(
            new JsonObject()
                .put("time", "2026-11-25T05:06:07Z")
                .put("event", "upgrade")
                .put("client", "192.0.2.7")
                .put("method", "GET")
                .put("path", "/room/one")
                .put("protocol", "HTTP/1.1")
                .put("status", 101)
                .put("tookUs", 1234)
                .put("bytesOut", 0)
                .put("agent", "curl/8.5")
                .put("connection", "3.17"),
            new JsonObject()
                .put("time", "2026-11-25T05:06:07Z")
                .put("event", "close")
                .put("client", "192.0.2.7")
                .put("method", "GET")
                .put("path", "/room/one")
                .put("protocol", "HTTP/1.1")
                .put("code", 1006)
                .put("tookUs", 60_000_000)
                .put("bytesOut", 4567)
                .put("bytesIn", 123)
                .put("cause", "CONNECTION_LOST")
                .put("agent", "curl/8.5")
                .put("connection", "3.17"));
  }

  @Test
  @DisplayName("N9 an upgrade that is declined, fails or is given up has no line of a connection")
  void anUpgradeThatIsDeclinedFailsOrIsGivenUpHasNoLineOfAConnection() {
    AccessLog log = log(AccessLogFormat.JSON);
    log.upgradeStarted(started("/room/one"));
    log.upgradeRejected(new UpgradeRejected(ID, null, 401, List.of(), null, 1));
    log.upgradeStarted(started("/room/one"));
    log.upgradeFailed(new UpgradeFailed(ID, ROOM, new IllegalStateException()));
    log.upgradeStarted(started("/room/one"));
    log.upgradeAborted(new UpgradeAborted(ID, ROOM));
    assertThat(lines).isEmpty();
    assertThat(log.remembered()).isZero();
  }

  @Test
  @DisplayName("suspicion: what a client writes cannot end a line, a field or a quotation")
  void whatAClientWritesCannotEndALineAFieldOrAQuotation() {
    String evil = "a\" 200 1 \"-\" \\\"\tb\u0085é";
    AccessLog combined = log(AccessLogFormat.COMBINED);
    combined.upgradeStarted(started("/\"\\\n\r\u2028x", new Header("User-Agent", evil)));
    combined.upgradeAccepted(new UpgradeAccepted(ID, ROOM, "", List.of(), 0));
    assertThat(lines)
        .containsExactly(
            "192.0.2.7 - - [25/Nov/2026:05:06:07 +0000]"
                + " \"GET /\\\"\\\\\\x0a\\x0d\\u2028x HTTP/1.1\" 101 - \"-\""
                + " \"a\\\" 200 1 \\\"-\\\" \\\\\\\"\\x09b\\x85\\xe9\" took=0us id=3.17");
    lines.clear();
    AccessLog json = log(AccessLogFormat.JSON);
    json.upgradeStarted(started("/\n\r\"x", new Header("User-Agent", evil)));
    json.upgradeAccepted(new UpgradeAccepted(ID, ROOM, "", List.of(), 0));
    assertThat(lines).hasSize(1);
    assertThat(lines.get(0)).matches("[ -~]+");
    assertThat(new JsonObject(lines.get(0)).getString("agent")).isEqualTo(evil);
    assertThat(new JsonObject(lines.get(0)).getString("path")).isEqualTo("/\n\r\"x");
  }

  @Test
  @DisplayName("a user's name with spaces stays one field, and long texts are cut")
  void aUsersNameWithSpacesStaysOneFieldAndLongTextsAreCut() {
    Caller caller = new Caller("", "a b", "GET", "/" + "x".repeat(5000) + "?q", "HTTP/1.1", "", "");
    AccessLine line =
        new AccessLine(
            AccessLine.Event.REQUEST, TIME.instant(), caller, 0, Duration.ZERO, 0, 0, null, null);
    assertThat(line.in(AccessLogFormat.COMBINED))
        .startsWith("- - a\\x20b [25/Nov/2026:05:06:07 +0000] \"GET /xxx")
        .endsWith("xxx\\u2026 HTTP/1.1\" - - \"-\" \"-\" took=0us")
        .hasSizeLessThan(Caller.CHARS_MAX + 150);
    assertThat(new JsonObject(line.in(AccessLogFormat.JSON)).getValue("status")).isNull();
  }

  @Test
  @DisplayName("a connection that was open before it listened has lines that know less")
  void aConnectionThatWasOpenBeforeItListenedHasLinesThatKnowLess() {
    log(AccessLogFormat.COMBINED).connectionClosed(closed(1001, Cause.SHUTDOWN));
    assertThat(lines).hasSize(1);
    assertThat(lines.get(0)).startsWith("- - - [").contains("\" 1001 4567 ").endsWith("id=3.17");
  }
}
