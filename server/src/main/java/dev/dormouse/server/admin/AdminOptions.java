package dev.dormouse.server.admin;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Where the admin port listens, and who may use it. Immutable.
 *
 * <p>On a loopback address, the default, whoever is on this machine may, without a token. On any
 * other address a token is needed; on loopback too, if there is one.
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

  /** On 127.0.0.1, without a token. */
  public static AdminOptions loopback() {
    return of("127.0.0.1", null);
  }

  /**
   * On that address.
   *
   * @param host a name or an address; {@code 0.0.0.0} or {@code ::} for all
   * @param tokenFile a file with a token of {@value AdminToken#LENGTH_MIN} to {@value
   *     AdminToken#LENGTH_MAX} characters, A-Z, a-z, 0-9 and -._~+/=; null for none
   * @throws IllegalArgumentException if there is no such address, or the token cannot be read, or
   *     there is none though it is needed; the message names the option
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

  /** The same with so many TCP connections at most, of which one address has about two thirds. */
  public AdminOptions connectionsMax(int connectionsMax) {
    return new AdminOptions(address, token, connectionsMax);
  }

  /** The most TCP connections; one more is answered 503, unasked, and closed. */
  int connectionsMax() {
    return connectionsMax;
  }

  /** The address it listens on. */
  String address() {
    return address.getHostAddress();
  }

  /** Where this machine finds it. */
  public String url(int port) {
    boolean isV6 = address instanceof Inet6Address;
    String host =
        address.isAnyLocalAddress() ? (isV6 ? "::1" : "127.0.0.1") : address.getHostAddress();
    return "http://" + (isV6 ? "[" + host + "]" : host) + ":" + port;
  }

  /** What is to be said in the header {@code Authorization}; null if nothing has to be. */
  public @Nullable String authorization() {
    return token == null ? null : token.authorization();
  }

  /** What has to be known; null if nothing. */
  @Nullable AdminToken token() {
    return token;
  }
}
