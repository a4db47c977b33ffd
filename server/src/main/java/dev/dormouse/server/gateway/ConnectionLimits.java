package dev.dormouse.server.gateway;

/**
 * How many clients may connect to a gateway. An upgrade over a limit is answered before the host
 * hears of it.
 *
 * <p>An address is an IPv4 address, or the first 64 bits of an IPv6 address.
 *
 * @param connectionsMax the most sockets and upgrades that wait, together [503]; with 256 more, the
 *     most TCP connections, HTTP's included [503 before the request, and closed]
 * @param perAddressMax the same for one address; zero: any number [429]
 * @param upgradesPerSecondPerAddress how many upgrades of one address are passed on in a second, as
 *     many of them at once; zero: any number [429]
 */
public record ConnectionLimits(
    int connectionsMax, int perAddressMax, int upgradesPerSecondPerAddress) {

  /**
   * Checks them.
   *
   * @throws IllegalArgumentException if one is negative, or no connection may be
   */
  public ConnectionLimits {
    if (connectionsMax < 1 || perAddressMax < 0 || upgradesPerSecondPerAddress < 0) {
      throw new IllegalArgumentException(
          "limits of %d connections, %d per address, %d upgrades per second and address"
              .formatted(connectionsMax, perAddressMax, upgradesPerSecondPerAddress));
    }
  }

  /** As many as come. */
  public static ConnectionLimits none() {
    return new ConnectionLimits(Integer.MAX_VALUE, 0, 0);
  }
}
