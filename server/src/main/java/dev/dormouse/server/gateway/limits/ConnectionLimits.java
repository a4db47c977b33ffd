package dev.dormouse.server.gateway.limits;

/**
 * Limits how many clients may connect to a gateway. An upgrade over a limit is answered before the
 * host hears of it.
 *
 * <p>An address is an IPv4 address, or the first 64 bits of an IPv6 address.
 *
 * @param connectionsMax how many sockets and waiting upgrades there may be together [503]; {@link
 *     #ANY_NUMBER} of a server means as many as it has file handles for
 * @param perAddressMax how many of them one address may have [429]; zero means any number, {@link
 *     #SHARE} means seven eighths of all. An address that is no listed proxy's may have an eighth
 *     of {@link GatewayOptions#httpConnectionsMax} more TCP connections than that, counted from
 *     when they are accepted [429 before the request, and closed]
 * @param upgradesPerSecondPerAddress how many upgrades and plain requests to actors one address may
 *     make in a second, and as many at once [429]; zero means any number
 */
public record ConnectionLimits(
    int connectionsMax, int perAddressMax, int upgradesPerSecondPerAddress) {

  /** The number of connections that means no limit. */
  public static final int ANY_NUMBER = Integer.MAX_VALUE;

  /** The number of connections of an address that means all but some for other addresses. */
  public static final int SHARE = -1;

  /** Each address leaves one in so many of all connections to the others. */
  private static final int LEFT_PART = 8;

  /**
   * Creates limits.
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

  /** Returns limits that let as many clients connect as come. */
  public static ConnectionLimits none() {
    return new ConnectionLimits(ANY_NUMBER, 0, 0);
  }

  /**
   * Returns limits that let as many clients connect as there is room for, but no address take all.
   */
  public static ConnectionLimits shared() {
    return new ConnectionLimits(ANY_NUMBER, SHARE, 0);
  }

  /** Returns these limits with another number of all connections. */
  public ConnectionLimits connectionsMax(int connectionsMax) {
    return new ConnectionLimits(connectionsMax, perAddressMax, upgradesPerSecondPerAddress);
  }

  /**
   * Returns how many connections one address may have; {@link #ANY_NUMBER} if as many as it likes.
   */
  int addressMax() {
    return switch (perAddressMax) {
      case SHARE ->
          connectionsMax == ANY_NUMBER ? ANY_NUMBER : connectionsMax - connectionsMax / LEFT_PART;
      case 0 -> ANY_NUMBER;
      default -> perAddressMax;
    };
  }
}
