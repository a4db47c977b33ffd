package dev.dormouse.server.gateway.limits;

import java.util.OptionalInt;

/**
 * The limits of how many clients may connect to a gateway, and how often. The gateway refuses an
 * upgrade over a limit without asking the host. Limits are immutable: a method that takes a number
 * returns a changed copy.
 *
 * <p>An address is an IPv4 address, or the first 64 bits of an IPv6 address.
 *
 * @param connectionsMax the most sockets and waiting upgrades together [503]; if it is empty, a
 *     server allows as many as the process has file handles for
 * @param perAddressMax the most sockets and waiting upgrades of one address [429]; empty if there
 *     is no such number. An address that is not a listed proxy may have more TCP connections than
 *     that, by an eighth of {@link GatewayOptions#httpConnectionsMax()}; one more is answered 429
 *     before its request, and closed
 * @param leavesShare whether one address may have seven eighths of all connections only; {@code
 *     perAddressMax} is empty then
 * @param upgradesPerSecondPerAddress the most upgrades and plain requests to actors that one
 *     address may make in a second, or at once after a pause [429]; empty if it may make any number
 */
public record ConnectionLimits(
    OptionalInt connectionsMax,
    OptionalInt perAddressMax,
    boolean leavesShare,
    OptionalInt upgradesPerSecondPerAddress) {

  /** The number of connections that stands for no limit. */
  static final int ANY_NUMBER = Integer.MAX_VALUE;

  /** An address that leaves a share leaves one in this many connections to other addresses. */
  private static final int LEFT_PART = 8;

  /** Returns limits that allow any number of clients, addresses and upgrades. */
  public static ConnectionLimits none() {
    return new ConnectionLimits(
        OptionalInt.empty(), OptionalInt.empty(), false, OptionalInt.empty());
  }

  /**
   * Returns limits that allow any number of clients, of which one address may have seven eighths.
   */
  public static ConnectionLimits shared() {
    return new ConnectionLimits(
        OptionalInt.empty(), OptionalInt.empty(), true, OptionalInt.empty());
  }

  /**
   * Limits the number of all connections.
   *
   * @param number at least 1
   * @throws IllegalArgumentException if the number is out of range
   */
  public ConnectionLimits connectionsMax(int number) {
    return new ConnectionLimits(
        positive("connectionsMax", number),
        perAddressMax,
        leavesShare,
        upgradesPerSecondPerAddress);
  }

  /**
   * Limits the number of connections of one address, in place of the share that it leaves to
   * others.
   *
   * @param number at least 1
   * @throws IllegalArgumentException if the number is out of range
   */
  public ConnectionLimits perAddressMax(int number) {
    return new ConnectionLimits(
        connectionsMax, positive("perAddressMax", number), false, upgradesPerSecondPerAddress);
  }

  /**
   * Limits the number of upgrades and plain requests to actors that one address may make in a
   * second.
   *
   * @param number at least 1
   * @throws IllegalArgumentException if the number is out of range
   */
  public ConnectionLimits upgradesPerSecondPerAddress(int number) {
    return new ConnectionLimits(
        connectionsMax,
        perAddressMax,
        leavesShare,
        positive("upgradesPerSecondPerAddress", number));
  }

  private static OptionalInt positive(String name, int number) {
    return OptionalInt.of((int) Ranges.check(name, number, 1, Integer.MAX_VALUE));
  }

  /**
   * Returns how many connections one address may have; {@link #ANY_NUMBER} if there is no limit.
   */
  int addressMax() {
    int all = connectionsMax.orElse(ANY_NUMBER);
    return leavesShare && all != ANY_NUMBER
        ? all - all / LEFT_PART
        : perAddressMax.orElse(ANY_NUMBER);
  }
}
