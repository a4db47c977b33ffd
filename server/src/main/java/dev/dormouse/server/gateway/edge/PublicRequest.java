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

/** A request as its client sent it, to the first of the listed proxies that it came through. */
final class PublicRequest extends HttpServerRequestWrapper {
  private static final String FORWARDED = "forwarded";
  private static final String X_FORWARDED = "x-forwarded-";

  /** A port is not told. */
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
   * The view of a request. The headers by which proxies tell are taken from it if its peer is not
   * listed, so that nobody believes them.
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
   * Parameters end at {@code &} only, whatever is asked for: with {@code params()}, Vert.x would
   * split at {@code ;} from then on, for all who read them.
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
