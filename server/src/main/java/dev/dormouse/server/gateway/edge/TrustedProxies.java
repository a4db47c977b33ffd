package dev.dormouse.server.gateway.edge;

import java.net.InetAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The listed proxies, which are believed about clients. Immutable. */
public final class TrustedProxies {
  private static final TrustedProxies NONE = new TrustedProxies(List.of());

  private final List<AddressRange> ranges;

  private TrustedProxies(List<AddressRange> ranges) {
    this.ranges = ranges;
  }

  /** Returns an empty list: every peer is the client itself. */
  public static TrustedProxies none() {
    return NONE;
  }

  /**
   * Creates a list from addresses and ranges of IPv4 and IPv6, such as {@code 192.0.2.7}, {@code
   * 10.0.0.0/8} and {@code fd00::/8}.
   *
   * @throws IllegalArgumentException if an entry is neither; the message names the entry
   */
  public static TrustedProxies of(List<String> entries) {
    return new TrustedProxies(entries.stream().map(AddressRange::parse).toList());
  }

  /** Returns whether no proxy is listed. */
  public boolean isEmpty() {
    return ranges.isEmpty();
  }

  /** Returns whether an address is that of a listed proxy. */
  public boolean contains(@Nullable InetAddress address) {
    if (address == null || ranges.isEmpty()) {
      return false;
    }
    byte[] bytes = Addresses.plain(address).getAddress();
    return ranges.stream().anyMatch(range -> range.contains(bytes));
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof TrustedProxies proxies && ranges.equals(proxies.ranges);
  }

  @Override
  public int hashCode() {
    return ranges.hashCode();
  }

  @Override
  public String toString() {
    return "TrustedProxies" + ranges;
  }
}
