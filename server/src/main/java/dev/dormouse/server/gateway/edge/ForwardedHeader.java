package dev.dormouse.server.gateway.edge;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads the header {@code Forwarded} (RFC 7239, section 4). A pure function, strict: a client that
 * left a quote open could otherwise hide what a proxy wrote behind it.
 */
final class ForwardedHeader {

  /**
   * What one proxy says of the request that it received; each null if it does not say.
   *
   * @param node who sent it: an address, perhaps with a port, or {@code unknown}, or a name such as
   *     {@code _hidden}
   * @param proto the scheme
   * @param host the {@code Host}
   */
  record Hop(@Nullable String node, @Nullable String proto, @Nullable String host) {}

  private final String line;
  private int at;

  private ForwardedHeader(String line) {
    this.line = line;
  }

  /**
   * What the proxies say, the nearest one last.
   *
   * @param lines the values of the header, in order
   * @throws IllegalArgumentException if one is malformed; the message says where
   */
  static List<Hop> parse(List<String> lines) {
    List<Hop> hops = new ArrayList<>();
    for (String line : lines) {
      new ForwardedHeader(line).readLine(hops);
    }
    return hops;
  }

  private void readLine(List<Hop> hops) {
    Map<String, String> pairs = new HashMap<>();
    while (at < line.length()) {
      skipSpace();
      if (at < line.length() && ",;".indexOf(line.charAt(at)) < 0) {
        readPair(pairs);
        skipSpace();
      }
      if (at == line.length() || line.charAt(at) == ',') {
        if (!pairs.isEmpty()) {
          hops.add(new Hop(pairs.get("for"), pairs.get("proto"), pairs.get("host")));
        }
        pairs.clear();
      } else if (line.charAt(at) != ';') {
        throw malformed();
      }
      at++;
    }
    if (!pairs.isEmpty()) {
      hops.add(new Hop(pairs.get("for"), pairs.get("proto"), pairs.get("host")));
    }
  }

  private void readPair(Map<String, String> pairs) {
    String name = readToken().toLowerCase(Locale.ROOT);
    if (at == line.length() || line.charAt(at) != '=') {
      throw malformed();
    }
    at++;
    boolean isQuoted = at < line.length() && line.charAt(at) == '"';
    String value = isQuoted ? readQuoted() : readToken();
    if (pairs.putIfAbsent(name, value) != null) {
      throw malformed();
    }
  }

  private String readToken() {
    int start = at;
    while (at < line.length() && isTokenCharacter(line.charAt(at))) {
      at++;
    }
    if (at == start) {
      throw malformed();
    }
    return line.substring(start, at);
  }

  /** RFC 9110, section 5.6.2. */
  private static boolean isTokenCharacter(char c) {
    return (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9')
        || "!#$%&'*+-.^_`|~".indexOf(c) >= 0;
  }

  /** RFC 9110, section 5.6.4. */
  private String readQuoted() {
    StringBuilder value = new StringBuilder();
    at++;
    while (at < line.length() && line.charAt(at) != '"') {
      if (line.charAt(at) == '\\') {
        at++;
      }
      if (at < line.length()) {
        value.append(line.charAt(at));
        at++;
      }
    }
    if (at >= line.length()) {
      throw malformed();
    }
    at++;
    return value.toString();
  }

  private void skipSpace() {
    while (at < line.length() && (line.charAt(at) == ' ' || line.charAt(at) == '\t')) {
      at++;
    }
  }

  private IllegalArgumentException malformed() {
    return new IllegalArgumentException("the header Forwarded is malformed at " + at);
  }
}
