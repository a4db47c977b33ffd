package dev.dormouse.server.gateway.edge;

import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.internal.http.HttpServerRequestInternal;
import io.vertx.core.internal.http.HttpServerRequestWrapper;
import io.vertx.core.net.HostAndPort;
import io.vertx.core.net.SocketAddress;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A request as its client sent it to the first listed proxy on its way, or to the server itself if
 * there is none. Only the event loop of its connection uses it.
 */
final class PublicRequest extends HttpServerRequestWrapper {
  private static final String FORWARDED = "forwarded";
  private static final String X_FORWARDED = "x-forwarded-";

  /** The port of a client's address, which no proxy tells. */
  private static final int NO_PORT = 0;

  private final @Nullable SocketAddress client;
  private final @Nullable String scheme;
  private final @Nullable HostAndPort authority;

  private PublicRequest(
      HttpServerRequestInternal request,
      @Nullable InetAddress client,
      @Nullable String scheme,
      @Nullable String host) {
    super(request);
    this.client =
        client == null
            ? null
            : SocketAddress.inetSocketAddress(new InetSocketAddress(client, NO_PORT));
    this.scheme = scheme;
    this.authority = host == null ? null : HostAndPort.parseAuthority(host, -1);
  }

  /**
   * Returns the view of a request. If its peer is not listed, forwarding headers are removed, so
   * that no handler believes them.
   *
   * @throws IllegalArgumentException if a listed proxy contradicts itself about the client; the
   *     message says how
   */
  static HttpServerRequest of(HttpServerRequest request, Peer peer, TrustedProxies trusted) {
    HttpServerRequestInternal seen = (HttpServerRequestInternal) request;
    InetAddress address = peer.address();
    if (peer.isListed() && address != null) {
      Forwarding told = Forwarding.of(address, name -> request.headers().getAll(name), trusted);
      return new PublicRequest(seen, told.client(), told.scheme(), told.host());
    }
    withoutTold(request.headers());
    return new PublicRequest(seen, address, null, null);
  }

  private static void withoutTold(MultiMap headers) {
    List<String> told = new ArrayList<>(0);
    headers.forEach(
        (name, value) -> {
          if (isOfProxies(name)) {
            told.add(name);
          }
        });
    told.forEach(headers::remove);
  }

  private static boolean isOfProxies(String name) {
    return name.equalsIgnoreCase(FORWARDED)
        || name.regionMatches(true, 0, X_FORWARDED, 0, X_FORWARDED.length());
  }

  @Override
  public @Nullable SocketAddress remoteAddress() {
    return client == null ? super.remoteAddress() : client;
  }

  /**
   * Returns the parameters, which only {@code &} separates, whatever the argument is. After one
   * call of {@code params()} Vert.x would otherwise split at {@code ;} for all later callers.
   */
  @Override
  public MultiMap params(boolean semicolonIsNormalChar) {
    return super.params(true);
  }

  @Override
  public String scheme() {
    return scheme == null ? super.scheme() : scheme;
  }

  @Override
  public boolean isSSL() {
    return scheme().equals("https");
  }

  @Override
  public @Nullable HostAndPort authority() {
    return authority == null ? super.authority() : authority;
  }

  @Override
  public String absoluteURI() {
    return scheme == null && authority == null
        ? super.absoluteURI()
        : scheme() + "://" + authority() + uri();
  }
}
