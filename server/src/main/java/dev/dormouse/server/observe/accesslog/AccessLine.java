package dev.dormouse.server.observe.accesslog;

import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.ConnectionId;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What a line of the access log says. Whatever a client wrote is escaped, so that no line can be
 * made to look like two, or like another.
 *
 * @param event what is told
 * @param at when it was
 * @param caller who asked for what
 * @param status the answer's status, or the code of a close; 0 if the client was gone before it was
 *     answered
 * @param took from the request to its answer; of a close, how long the connection was open
 * @param bytesIn of a close: bytes of all payloads that came; else 0
 * @param bytesOut bytes of the answer's body; of a close, of all payloads that were sent
 * @param connection the connection; null if there is none
 * @param cause what ended the connection; null if it has not ended
 */
record AccessLine(
    Event event,
    Instant at,
    Caller caller,
    int status,
    Duration took,
    long bytesIn,
    long bytesOut,
    @Nullable ConnectionId connection,
    CloseReason.@Nullable Cause cause) {

  /** What lines are about. */
  enum Event {
    /** A request that was answered, but not with 101. */
    REQUEST,
    /** The 101. */
    UPGRADE,
    /** The end of a connection. */
    CLOSE
  }

  /** Times as Apache writes them. */
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("dd/MMM/yyyy:HH:mm:ss Z", Locale.US).withZone(ZoneOffset.UTC);

  private static final String NOTHING = "-";

  /** The line in a format. */
  String in(AccessLogFormat format) {
    return format == AccessLogFormat.JSON ? json() : combined();
  }

  private String combined() {
    StringBuilder line = new StringBuilder(200);
    line.append(bare(caller.address())).append(" - ").append(bare(caller.user())).append(" [");
    TIME.formatTo(at, line);
    line.append("] \"")
        .append(escaped(event == Event.CLOSE ? "CLOSE" : caller.method()))
        .append(' ')
        .append(escaped(caller.path()))
        .append(' ')
        .append(escaped(caller.protocol()))
        .append("\" ")
        .append(number(status))
        .append(' ')
        .append(number(bytesOut))
        .append(" \"")
        .append(orNothing(escaped(caller.referer())))
        .append("\" \"")
        .append(orNothing(escaped(caller.agent())))
        .append("\" took=")
        .append(took.toNanos() / 1000)
        .append("us");
    if (event == Event.CLOSE) {
      line.append(" in=").append(bytesIn).append(" cause=").append(cause);
    }
    if (connection != null) {
      line.append(" id=").append(connection);
    }
    return line.toString();
  }

  private String json() {
    JsonObject line =
        new JsonObject()
            .put("time", at.toString())
            .put("event", event.name().toLowerCase(Locale.ROOT))
            .put("client", caller.address())
            .put("method", caller.method())
            .put("path", caller.path())
            .put("protocol", caller.protocol());
    line.put(event == Event.CLOSE ? "code" : "status", status == 0 ? null : status);
    line.put("tookUs", took.toNanos() / 1000).put("bytesOut", bytesOut);
    if (event == Event.CLOSE) {
      line.put("bytesIn", bytesIn).put("cause", String.valueOf(cause));
    }
    putUnlessEmpty(line, "user", caller.user());
    putUnlessEmpty(line, "referer", caller.referer());
    putUnlessEmpty(line, "agent", caller.agent());
    if (connection != null) {
      line.put("connection", connection.toString());
    }
    return ascii(line.encode());
  }

  /** JSON in which everything but printable ASCII is escaped; it occurs in strings only. */
  private static String ascii(String json) {
    StringBuilder ascii = new StringBuilder(json.length());
    for (int i = 0; i < json.length(); i++) {
      char c = json.charAt(i);
      if (c >= ' ' && c < 0x7F) {
        ascii.append(c);
      } else {
        ascii.append("\\u%04x".formatted((int) c));
      }
    }
    return ascii.toString();
  }

  private static void putUnlessEmpty(JsonObject line, String name, String value) {
    if (!value.isEmpty()) {
      line.put(name, value);
    }
  }

  private static String number(long number) {
    return number == 0 ? NOTHING : Long.toString(number);
  }

  private static String orNothing(String text) {
    return text.isEmpty() ? NOTHING : text;
  }

  /** A field that is not in quotes. */
  private static String bare(String text) {
    return orNothing(escaped(text).replace(" ", "\\x20"));
  }

  /** As Apache escapes: quotes, backslashes, control characters, and all that is not ASCII. */
  private static String escaped(String text) {
    StringBuilder escaped = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        escaped.append('\\').append(c);
      } else if (c >= ' ' && c < 0x7F) {
        escaped.append(c);
      } else {
        escaped.append((c <= 0xFF ? "\\x%02x" : "\\u%04x").formatted((int) c));
      }
    }
    return escaped.toString();
  }
}
