package dev.dormouse.server.gateway;

/**
 * How many clients may connect to a gateway. An upgrade over a limit is answered before the host
 * hears of it.
 *
 * <p>An address is an IPv4 address, or the first 64 bits of an IPv6 address.
 *
 * @param connectionsMax the most sockets and upgrades that wait, together [503]; {@link
 *     #ANY_NUMBER}, of a server, as many as it has file handles for
 * @param perAddressMax the same for one address [429]; zero: any number; {@link #SHARE}: seven
 *     eighths of all. With an eighth of {@link GatewayOptions#httpConnectionsMax} more, the most
 *     TCP connections of an address that is no listed proxy's, from when they are accepted [429
 *     before the request, and closed]
 * @param upgradesPerSecondPerAddress how many upgrades and plain requests to actors of one address
 *     are passed on in a second, as many of them at once; zero: any number [429]
 */
public record ConnectionLimits(
    int connectionsMax, int perAddressMax, int upgradesPerSecondPerAddress) {

  /** As a number of connections: no limit. */
  public static final int ANY_NUMBER = Integer.MAX_VALUE;

  /** As a number of connections of an address: so many that some are left for others. */
  public static final int SHARE = -1;

  /** Of all connections, this part is left by each address to the others. */
  private static final int LEFT_PART = 8;

  /**
   * Checks them.
   *
   * @throws IllegalArgumentException if one is negative, or no connection may be
   */
  public ConnectionLimits {
    if (connectionsMax < 1 || perAddressMax < SHARE || upgradesPerSecondPerAddress < 0) {
      throw new IllegalArgumentException(
          "limits of %s connections, %s per address, %s upgrades per second and address"
              .formatted(connectionsMax, perAddressMax, upgradesPerSecondPerAddress));
    }
  }

  /** As many as come. */
  public static ConnectionLimits none() {
    return new ConnectionLimits(ANY_NUMBER, 0, 0);
  }

  /** As many as there is room for, of which no address has all. */
  public static ConnectionLimits shared() {
    return new ConnectionLimits(ANY_NUMBER, SHARE, 0);
  }

  /** The same with another number of all connections. */
  public ConnectionLimits connectionsMax(int connectionsMax) {
    return new ConnectionLimits(connectionsMax, perAddressMax, upgradesPerSecondPerAddress);
  }

  /** The most connections of one address, in a number; {@link #ANY_NUMBER} if there is no limit. */
  int addressMax() {
    return switch (perAddressMax) {
      case SHARE ->
          connectionsMax == ANY_NUMBER ? ANY_NUMBER : connectionsMax - connectionsMax / LEFT_PART;
      case 0 -> ANY_NUMBER;
      default -> perAddressMax;
    };
  }
}
