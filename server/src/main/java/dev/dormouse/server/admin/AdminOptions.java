package dev.dormouse.server.admin;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Holds the address of the admin port and the token that it asks for. Immutable.
 *
 * <p>On a loopback address, the default, every program on this machine may use the port, unless a
 * token is set. Any other address requires a token.
 */
public final class AdminOptions {
  private static final int CONNECTIONS_DEFAULT = 64;

  private final InetAddress address;
  private final @Nullable AdminToken token;
  private final int connectionsMax;

  private AdminOptions(InetAddress address, @Nullable AdminToken token, int connectionsMax) {
    this.address = address;
    this.token = token;
    this.connectionsMax = connectionsMax;
  }

  /** Returns the options of a port on 127.0.0.1 without a token. */
  public static AdminOptions loopback() {
    return of("127.0.0.1", null);
  }

  /**
   * Returns the options of a port on an address.
   *
   * @param host a name or an address; {@code 0.0.0.0} or {@code ::} for all addresses
   * @param tokenFile a file with a token of {@value AdminToken#LENGTH_MIN} to {@value
   *     AdminToken#LENGTH_MAX} characters, A-Z, a-z, 0-9 and -._~+/=; null for none
   * @throws IllegalArgumentException if there is no such address, the token cannot be read, or an
   *     address that needs a token has none; the message names the option
   */
  public static AdminOptions of(String host, @Nullable Path tokenFile) {
    InetAddress[] all;
    try {
      all = host.isBlank() ? new InetAddress[0] : InetAddress.getAllByName(host.strip());
    } catch (UnknownHostException e) {
      all = new InetAddress[0];
    }
    if (all.length == 0) {
      throw new IllegalArgumentException("--admin-host: there is no address '" + host + "'");
    }
    AdminToken token = tokenFile == null ? null : AdminToken.in(tokenFile);
    if (token == null && !Arrays.stream(all).allMatch(InetAddress::isLoopbackAddress)) {
      throw new IllegalArgumentException(
          "--admin-host "
              + host
              + " can be reached from other machines: that needs --admin-token-file");
    }
    return new AdminOptions(all[0], token, CONNECTIONS_DEFAULT);
  }

  /**
   * Returns a copy with a limit on TCP connections, of which one address may have about two thirds.
   */
  public AdminOptions connectionsMax(int connectionsMax) {
    return new AdminOptions(address, token, connectionsMax);
  }

  /**
   * Returns the most TCP connections; a further one is answered 503 before it sends a request, and
   * closed.
   */
  int connectionsMax() {
    return connectionsMax;
  }

  /** Returns the address that the port listens on. */
  String address() {
    return address.getHostAddress();
  }

  /** Returns the URL of the admin port, as seen from this machine. */
  public String url(int port) {
    boolean isV6 = address instanceof Inet6Address;
    String host =
        address.isAnyLocalAddress() ? (isV6 ? "::1" : "127.0.0.1") : address.getHostAddress();
    return "http://" + (isV6 ? "[" + host + "]" : host) + ":" + port;
  }

  /**
   * Returns the value of the header {@code Authorization} with which a program has access; null if
   * the port asks for no token.
   */
  public @Nullable String authorization() {
    return token == null ? null : token.authorization();
  }

  /** Returns the token; null if there is none. */
  @Nullable AdminToken token() {
    return token;
  }
}
