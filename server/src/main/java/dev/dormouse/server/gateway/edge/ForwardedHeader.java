package dev.dormouse.server.gateway.edge;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads the header {@code Forwarded} (RFC 7239, section 4) as proxies write it, in any dialect. A
 * part that cannot be read counts as not written, and harms no other part. Pure functions.
 *
 * <p>Each line is read from its end, because the nearest proxy writes at the end and closes its
 * quotes. Its part is therefore read correctly even if a client left a quote open before it. Read
 * from the beginning, that open quote would hide the proxy's part.
 */
final class ForwardedHeader {

  /** The value of a pair that cannot be read, or that contradicts another pair of the same hop. */
  private static final String UNREADABLE = "";

  /**
   * The statement of one proxy about the request that it received.
   *
   * @param node the sender of the request: an address, perhaps with a port, or {@code unknown}, or
   *     a name such as {@code _hidden}, or an unreadable text; null if the proxy does not say
   * @param proto the scheme; null if the proxy does not say
   * @param host the header {@code Host}; null if the proxy does not say
   */
  record Hop(@Nullable String node, @Nullable String proto, @Nullable String host) {}

  private ForwardedHeader() {}

  /**
   * Returns the statements of the proxies, the nearest proxy last.
   *
   * @param lines the values of the header, in order
   */
  static List<Hop> parse(List<String> lines) {
    List<Hop> hops = new ArrayList<>();
    for (String line : lines) {
      List<Hop> nearestFirst = readLine(line);
      Collections.reverse(nearestFirst);
      hops.addAll(nearestFirst);
    }
    return hops;
  }

  private static List<Hop> readLine(String line) {
    List<Hop> hops = new ArrayList<>();
    Map<String, String> pairs = new HashMap<>();
    boolean isSaid = false;
    int end = line.length();
    for (int i = line.length() - 1; i >= -1; i--) {
      char c = i < 0 ? ',' : line.charAt(i);
      if (c == '"') {
        i = openingQuote(line, i);
      } else if (c == ';' || c == ',') {
        String pair = line.substring(i + 1, end).strip();
        end = Math.max(i, 0);
        isSaid |= !pair.isEmpty();
        read(pair, pairs);
        if (c == ',' && isSaid) {
          hops.add(new Hop(pairs.get("for"), pairs.get("proto"), pairs.get("host")));
          pairs.clear();
          isSaid = false;
        }
      }
    }
    return hops;
  }

  /** Returns the index of the quote that belongs to a closing quote; 0 if there is none. */
  private static int openingQuote(String line, int closing) {
    for (int i = closing - 1; i > 0; i--) {
      if (line.charAt(i) == '"' && !isEscaped(line, i)) {
        return i;
      }
    }
    return 0;
  }

  private static boolean isEscaped(String line, int at) {
    int backslashes = 0;
    while (at - backslashes > 0 && line.charAt(at - backslashes - 1) == '\\') {
      backslashes++;
    }
    return backslashes % 2 == 1;
  }

  private static void read(String pair, Map<String, String> pairs) {
    int equals = pair.indexOf('=');
    if (equals > 0) {
      pairs.merge(
          pair.substring(0, equals).strip().toLowerCase(Locale.ROOT),
          unquoted(pair.substring(equals + 1).strip()),
          (one, other) -> one.equals(other) ? one : UNREADABLE);
    }
  }

  /**
   * Returns a value without its quotes and escapes (RFC 9110, section 5.6.4); empty if a quote is
   * left open.
   */
  static String unquoted(String value) {
    if (value.indexOf('"') < 0) {
      return value;
    }
    StringBuilder plain = new StringBuilder();
    boolean isOpen = false;
    for (int i = 0; i < value.length(); i++) {
      if (value.charAt(i) == '\\' && i + 1 < value.length()) {
        i++;
        plain.append(value.charAt(i));
      } else if (value.charAt(i) == '"') {
        isOpen = !isOpen;
      } else {
        plain.append(value.charAt(i));
      }
    }
    return isOpen ? UNREADABLE : plain.toString();
  }
}
