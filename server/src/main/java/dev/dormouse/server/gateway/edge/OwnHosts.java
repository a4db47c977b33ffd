package dev.dormouse.server.gateway.edge;

import java.net.InetAddress;
import java.util.Collection;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The hosts that are a server's own: all addresses, {@code localhost}, and listed names. Another
 * name that leads to the server may belong to an attacker, whose pages must not count as the
 * server's own (DNS rebinding). Immutable.
 */
public final class OwnHosts {
  private static final String ALL = "*";
  private static final Pattern AUTHORITY =
      Pattern.compile("(\\[[^\\]]*\\]|[^:/@\\[\\]]*)(?::[0-9]*)?");
  private static final Pattern NAME =
      Pattern.compile("(?:\\*\\.)?[A-Za-z0-9_-]+(?:\\.[A-Za-z0-9_-]+)*\\.?");

  private final boolean isAll;

  /**
   * The listed names in lower case, without the root's dot; {@code *.example.org} is kept as {@code
   * .example.org}.
   */
  private final Set<String> names = new HashSet<>();

  private OwnHosts(boolean isAll) {
    this.isAll = isAll;
  }

  /**
   * Creates own hosts from names such as {@code example.org}, and {@code *.example.org} for all
   * names below it; {@code *} alone stands for every name.
   *
   * @throws IllegalArgumentException if an entry is no such name; the message names the entry
   */
  public static OwnHosts of(Collection<String> entries) {
    OwnHosts hosts = new OwnHosts(entries.contains(ALL));
    if (hosts.isAll && entries.size() > 1) {
      throw new IllegalArgumentException("'*' stands for every host, and alone");
    }
    for (String entry : entries) {
      if (!hosts.isAll && !NAME.matcher(entry).matches() && addressOf(entry) == null) {
        throw new IllegalArgumentException(
            "'%s' is no host such as example.org or *.example.org, without scheme, port and path"
                .formatted(entry));
      }
      hosts.names.add(withoutRoot(entry.toLowerCase(Locale.ROOT).replaceFirst("^\\*", "")));
    }
    return hosts;
  }

  /**
   * Returns whether an authority, with or without a port, is the server's own: an address, {@code
   * localhost}, or a listed name.
   */
  public boolean contains(String authority) {
    String host = hostOf(authority);
    if (isAll || host == null) {
      return isAll;
    }
    if (host.equals("localhost") || names.contains(host) || addressOf(host) != null) {
      return true;
    }
    for (int dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) {
      if (names.contains(host.substring(dot))) {
        return true;
      }
    }
    return false;
  }

  /**
   * Returns whether an authority is {@code localhost} or an address of this machine's own loopback.
   */
  public static boolean isLoopback(String authority) {
    String host = hostOf(authority);
    InetAddress address = host == null ? null : addressOf(host);
    return address == null ? "localhost".equals(host) : address.isLoopbackAddress();
  }

  private static @Nullable String hostOf(String authority) {
    Matcher matcher = AUTHORITY.matcher(authority);
    return matcher.matches() ? withoutRoot(matcher.group(1).toLowerCase(Locale.ROOT)) : null;
  }

  private static String withoutRoot(String name) {
    return name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
  }

  private static @Nullable InetAddress addressOf(String host) {
    boolean isBracketed = host.startsWith("[") && host.endsWith("]");
    return Addresses.parse(isBracketed ? host.substring(1, host.length() - 1) : host);
  }
}
