package dev.dormouse.server.gateway.limits;

/**
 * The limits of how many clients may connect to a gateway, and how often. The gateway refuses an
 * upgrade over a limit without asking the host.
 *
 * <p>An address is an IPv4 address, or the first 64 bits of an IPv6 address.
 *
 * @param connectionsMax the most sockets and waiting upgrades together [503]; {@link #ANY_NUMBER}
 *     in a server's options means as many as the process has file handles for
 * @param perAddressMax the most sockets and waiting upgrades of one address [429]; zero means any
 *     number, {@link #SHARE} means seven eighths of all. An address that is not a listed proxy may
 *     have more TCP connections than that, by an eighth of {@link
 *     GatewayOptions#httpConnectionsMax}; one more is answered 429 before its request, and closed
 * @param upgradesPerSecondPerAddress the most upgrades and plain requests to actors that one
 *     address may make in a second, or at once after a pause [429]; zero means any number
 */
public record ConnectionLimits(
    int connectionsMax, int perAddressMax, int upgradesPerSecondPerAddress) {

  /** The number of connections that stands for no limit. */
  public static final int ANY_NUMBER = Integer.MAX_VALUE;

  /** The number of an address's connections that stands for seven eighths of all connections. */
  public static final int SHARE = -1;

  /** An address with {@link #SHARE} leaves one in this many connections to other addresses. */
  private static final int LEFT_PART = 8;

  /**
   * Creates limits.
   *
   * @throws IllegalArgumentException if a limit is negative, or allows no connection
   */
  public ConnectionLimits {
    if (connectionsMax < 1 || perAddressMax < SHARE || upgradesPerSecondPerAddress < 0) {
      throw new IllegalArgumentException(
          ("the limits must allow a connection and must not be negative; they are %s connections,"
                  + " %s per address, %s upgrades per second and address")
              .formatted(connectionsMax, perAddressMax, upgradesPerSecondPerAddress));
    }
  }

  /** Returns limits that allow any number of clients, addresses and upgrades. */
  public static ConnectionLimits none() {
    return new ConnectionLimits(ANY_NUMBER, 0, 0);
  }

  /**
   * Returns limits that allow any number of clients, of which one address may have seven eighths.
   */
  public static ConnectionLimits shared() {
    return new ConnectionLimits(ANY_NUMBER, SHARE, 0);
  }

  /** Returns these limits with another number of all connections. */
  public ConnectionLimits connectionsMax(int connectionsMax) {
    return new ConnectionLimits(connectionsMax, perAddressMax, upgradesPerSecondPerAddress);
  }

  /**
   * Returns how many connections one address may have; {@link #ANY_NUMBER} if there is no limit.
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
