package dev.dormouse.server.admin.inspector;

import dev.dormouse.sdk.Header;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Replaces the secrets of a handshake by {@value #REDACTED} before an inspector sees it.
 *
 * <ul>
 *   <li>{@code Authorization}, {@code Proxy-Authorization}: all but the scheme
 *   <li>{@code Cookie}, {@code Set-Cookie}: the values, not names and attributes
 *   <li>{@code Sec-WebSocket-Protocol}: all values but the subprotocols of actor types; pages that
 *       cannot set headers put tokens there
 *   <li>headers and query parameters whose name has one of {@code token}, {@code secret}, {@code
 *       password}, {@code auth}, … in it: the value; {@code WWW-Authenticate} is shown
 *   <li>query parameters named {@code key}, {@code code}, {@code sid}, {@code pwd} or {@code
 *       ticket}: the value
 *   <li>{@code Referer}, {@code Location}: the query
 * </ul>
 *
 * <p>Paths and the payloads of frames are shown unchanged.
 */
final class Redaction {
  static final String REDACTED = "(redacted)";

  private static final Pattern SECRET_NAME =
      Pattern.compile(
          ".*(token|secret|passw|passphrase|auth|credential|session|signature|jwt|api[-_]?key"
              + "|access[-_]?key|private[-_]?key).*");
  private static final Set<String> SECRET_PARAMETERS =
      Set.of("key", "code", "sid", "pwd", "ticket");

  private final Set<String> subprotocols;

  /**
   * Creates the redaction of a server.
   *
   * @param subprotocols the subprotocols of all its actor types
   */
  Redaction(Set<String> subprotocols) {
    this.subprotocols = Set.copyOf(subprotocols);
  }

  /** Returns the value of a header without secrets. */
  String value(Header header) {
    String name = header.name().toLowerCase(Locale.ROOT);
    String value = header.value();
    return switch (name) {
      case "authorization", "proxy-authorization" -> credentials(value);
      case "cookie" ->
          Arrays.stream(value.split(";", -1))
              .map(cookie -> assignment(cookie))
              .collect(Collectors.joining(";"));
      case "set-cookie" -> setCookie(value);
      case "sec-websocket-protocol" ->
          Arrays.stream(value.split(",", -1))
              .map(String::strip)
              .map(each -> subprotocols.contains(each) ? each : REDACTED)
              .collect(Collectors.joining(", "));
      case "www-authenticate", "proxy-authenticate" -> value;
      case "referer", "location" -> withoutQuery(value);
      default -> isSecret(name) ? REDACTED : value;
    };
  }

  /** Returns whether the value of a query parameter is a secret. */
  static boolean isSecretParameter(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    return SECRET_PARAMETERS.contains(lower) || isSecret(lower);
  }

  private static boolean isSecret(String lowerName) {
    return SECRET_NAME.matcher(lowerName).matches();
  }

  private static String credentials(String value) {
    int space = value.strip().indexOf(' ');
    return space < 0 ? REDACTED : value.strip().substring(0, space) + " " + REDACTED;
  }

  private static String assignment(String cookie) {
    int equals = cookie.indexOf('=');
    return equals < 0 ? REDACTED : cookie.substring(0, equals + 1) + REDACTED;
  }

  private static String setCookie(String value) {
    int end = value.indexOf(';');
    return end < 0 ? assignment(value) : assignment(value.substring(0, end)) + value.substring(end);
  }

  private static String withoutQuery(String url) {
    int query = url.indexOf('?');
    return query < 0 ? url : url.substring(0, query + 1) + REDACTED;
  }
}
