package dev.dormouse.server.gateway.edge;

import dev.dormouse.server.observe.Observers;
import io.netty.channel.Channel;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.stream.ChunkedWriteHandler;
import io.vertx.core.http.HttpServerRequest;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Adds TLS and the PROXY protocol to each connection of a gateway, and shows requests as their
 * clients sent them. Any thread may use it.
 */
public final class Edge {
  private final TrustedProxies trusted;
  private final ProxyProtocol proxyProtocol;
  private final @Nullable ServerTls tls;
  private final Duration opening;
  private final EdgeCounters counters;

  /**
   * Creates an edge whose counters are zero.
   *
   * @param tls the certificate in use; null if connections are not encrypted
   * @param opening the longest time that a client may take for a TLS handshake
   * @param observers told of clients that are turned away here
   */
  public Edge(
      TrustedProxies trusted,
      ProxyProtocol proxyProtocol,
      @Nullable ServerTls tls,
      Duration opening,
      Observers observers) {
    this.trusted = trusted;
    this.proxyProtocol = proxyProtocol;
    this.tls = tls;
    this.opening = opening;
    this.counters = new EdgeCounters(observers);
  }

  /**
   * Adds the handlers that stand before HTTP to the beginning of a new connection's pipeline.
   *
   * @param last the name of the last handler, before which files that are sent over TLS are split
   */
  public void standBefore(ChannelPipeline pipeline, String last) {
    AcceptFailures.listenTo(pipeline.channel().parent());
    if (tls != null) {
      pipeline.addFirst(new TlsFailures(counters));
      pipeline.addFirst(tls.handler(pipeline.channel().alloc(), opening));
      pipeline.addFirst(new PlainOnTls(counters));
      pipeline.addBefore(last, "chunkedWriter", new ChunkedWriteHandler());
    }
    if (proxyProtocol != ProxyProtocol.OFF) {
      pipeline.addFirst(new ProxyHeader(proxyProtocol, trusted, counters));
    }
  }

  /**
   * Returns a request as its client sent it. Client address, scheme and host are those that listed
   * proxies tell, or else those of the connection. Forwarding headers are removed from requests of
   * peers that are not listed.
   *
   * @throws IllegalArgumentException if a listed proxy contradicts itself about the client; the
   *     message says how
   */
  public HttpServerRequest view(HttpServerRequest request, Channel channel) {
    return PublicRequest.of(request, Peer.of(channel, trusted), trusted);
  }

  /** Returns the counts so far. */
  public EdgeCounts counts() {
    return new EdgeCounts(
        counters.tlsFailed.sum(),
        counters.proxyHeadersRefused.sum(),
        tls == null ? 0 : tls.replacedCount(),
        tls == null ? 0 : tls.refusedCount());
  }
}
