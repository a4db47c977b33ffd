package dev.dormouse.server.gateway.edge;

import dev.dormouse.server.gateway.edge.ForwardedHeader.Hop;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The client, scheme and host of a request, as listed proxies tell them in {@code Forwarded} (RFC
 * 7239) or in {@code X-Forwarded-For}, {@code -Proto} and {@code -Host}. It is a pure function of
 * the headers, and applies only if the peer is a listed proxy.
 *
 * <p><b>The client</b> is the right-most address that is not listed, because entries to its left
 * were written by unknown parties. If all addresses are listed, the client is the left-most. An
 * entry without an address ({@code unknown}, {@code _name}, or an unreadable text) ends the search;
 * the client is then the proxy whose entry is next to the right.
 *
 * <p><b>Scheme and host</b> come in {@code Forwarded} from the client's entry, or else from the
 * first entry to its right that has them. In {@code X-Forwarded-Proto} and {@code -Host} they are
 * the right-most entry. An entry that is no scheme, or no host, counts as not written.
 *
 * <p><b>Both kinds of headers.</b> If a request has both kinds, a client may have written one of
 * them, and a proxy that knows only the other kind may have passed it on. So only the kind that
 * names a client is believed. If both kinds name a client, it must be the same, and scheme and host
 * count only if both kinds agree.
 *
 * @param client the client's address
 * @param scheme {@code http} or {@code https}; null if no proxy tells
 * @param host the host, perhaps with a port; null if no proxy tells
 */
record Forwarding(InetAddress client, @Nullable String scheme, @Nullable String host) {
  private static final Pattern HOST =
      Pattern.compile("(\\[[0-9A-Fa-f:.]+]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?");

  /**
   * Reads the headers of a request.
   *
   * @param peer the listed proxy that sent the request
   * @param values returns the values of a header, in order
   * @throws IllegalArgumentException if two headers contradict each other about the client
   */
  static Forwarding of(
      InetAddress peer, Function<String, List<String>> values, TrustedProxies trusted) {
    List<Hop> hops = ForwardedHeader.parse(values.apply("Forwarded"));
    List<String> addresses = list(values.apply("X-Forwarded-For"));
    Forwarding standard = inForwarded(hops, peer, trusted);
    Forwarding other =
        new Forwarding(
            Found.in(addresses, peer, trusted).client(),
            scheme(last(values.apply("X-Forwarded-Proto"))),
            host(last(values.apply("X-Forwarded-Host"))));
    boolean isNamed = hops.stream().anyMatch(hop -> hop.node() != null);
    if (isNamed && addresses.isEmpty()) {
      return standard;
    } else if (hops.isEmpty() || (!isNamed && !addresses.isEmpty())) {
      return other;
    } else if (!isNamed && other.scheme == null && other.host == null) {
      return standard;
    }
    return both(standard, other);
  }

  private static Forwarding inForwarded(List<Hop> hops, InetAddress peer, TrustedProxies trusted) {
    Found found = Found.in(hops.stream().map(Hop::node).toList(), peer, trusted);
    String scheme = null;
    String host = null;
    for (Hop hop : hops.subList(found.index(), hops.size())) {
      scheme = scheme == null ? scheme(hop.proto()) : scheme;
      host = host == null ? host(hop.host()) : host;
    }
    return new Forwarding(found.client(), scheme, host);
  }

  private static Forwarding both(Forwarding one, Forwarding other) {
    if (!one.client.equals(other.client)) {
      throw new IllegalArgumentException(
          "Forwarded and X-Forwarded-For do not agree about the client");
    }
    return new Forwarding(
        one.client,
        one.scheme != null && one.scheme.equals(other.scheme) ? one.scheme : null,
        one.host != null && one.host.equalsIgnoreCase(other.host) ? one.host : null);
  }

  /**
   * The client that is found in a list of entries.
   *
   * @param index the place of the client's entry in the list
   */
  private record Found(InetAddress client, int index) {

    static Found in(
        List<? extends @Nullable String> nodes, InetAddress peer, TrustedProxies trusted) {
      InetAddress client = peer;
      for (int i = nodes.size() - 1; i >= 0; i--) {
        String node = nodes.get(i);
        InetAddress address = node == null ? null : Addresses.parseNode(node);
        if (address == null) {
          return new Found(client, i);
        }
        client = address;
        if (!trusted.contains(address)) {
          return new Found(client, i);
        }
      }
      return new Found(client, 0);
    }
  }

  private static List<String> list(List<String> lines) {
    return lines.stream()
        .flatMap(line -> Arrays.stream(line.split(",", -1)))
        .map(entry -> ForwardedHeader.unquoted(entry.strip()))
        .filter(entry -> !entry.isEmpty())
        .toList();
  }

  private static @Nullable String last(List<String> lines) {
    List<String> entries = list(lines);
    return entries.isEmpty() ? null : entries.get(entries.size() - 1);
  }

  /**
   * Returns {@code http} or {@code https} for a scheme of the web or of WebSockets; null for any
   * other.
   */
  private static @Nullable String scheme(@Nullable String told) {
    if (told == null) {
      return null;
    }
    return switch (told.toLowerCase(Locale.ROOT)) {
      case "http", "ws" -> "http";
      case "https", "wss" -> "https";
      default -> null;
    };
  }

  private static @Nullable String host(@Nullable String told) {
    return told != null && HOST.matcher(told).matches() ? told : null;
  }
}
