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
 * Holds the content of one line of the access log. Text from clients is escaped, so that no client
 * can forge or split a line.
 *
 * @param event the kind of line
 * @param at the time of the event
 * @param caller the client and its request
 * @param status the answer's status, or the code of a close; 0 if the client was gone before the
 *     answer
 * @param took the time from the request to its answer; for a close, how long the connection was
 *     open
 * @param bytesIn for a close, the bytes of all payloads that came in; else 0
 * @param bytesOut the bytes of the answer's body; for a close, of all payloads that were sent
 * @param connection the connection; null if there is none
 * @param cause the cause that ended the connection; null if it has not ended
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

  /** Names the kinds of lines. */
  enum Event {
    /** A request that was answered with another status than 101. */
    REQUEST,
    /** The 101 of an accepted upgrade. */
    UPGRADE,
    /** The end of a connection. */
    CLOSE
  }

  /** The format of times, as Apache writes them. */
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("dd/MMM/yyyy:HH:mm:ss Z", Locale.US).withZone(ZoneOffset.UTC);

  private static final String NOTHING = "-";

  /** Returns the line in a format. */
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

  /**
   * Escapes everything but printable ASCII in JSON, where such characters occur in strings only.
   */
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

  /** Returns a field that is written without quotes. */
  private static String bare(String text) {
    return orNothing(escaped(text).replace(" ", "\\x20"));
  }

  /**
   * Escapes quotes, backslashes, control characters, and all characters that are not ASCII, as
   * Apache does.
   */
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
