package dev.dormouse.server.gateway.edge;

import io.netty.channel.Channel;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.stream.ChunkedWriteHandler;
import io.vertx.core.http.HttpServerRequest;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Puts TLS and the PROXY protocol before each connection of a gateway. */
public final class Edge {
  private final TrustedProxies trusted;
  private final ProxyProtocol proxyProtocol;
  private final @Nullable ServerTls tls;
  private final Duration opening;
  private final EdgeCounters counters = new EdgeCounters();

  /**
   * Without state but its counters.
   *
   * @param tls null if connections are not encrypted
   * @param opening the longest a client may take over a TLS handshake
   */
  public Edge(
      TrustedProxies trusted,
      ProxyProtocol proxyProtocol,
      @Nullable ServerTls tls,
      Duration opening) {
    this.trusted = trusted;
    this.proxyProtocol = proxyProtocol;
    this.tls = tls;
    this.opening = opening;
  }

  /**
   * Puts what stands before HTTP at the beginning of a connection's pipeline, before anything is
   * read.
   *
   * @param last the name of the last handler; files that are served over TLS are cut up before it
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
   * Returns a request as its client sent it: client address, scheme and host are what listed
   * proxies say, or else the connection's. The headers by which proxies say it are taken from
   * requests of all others.
   *
   * @throws IllegalArgumentException if a listed proxy contradicts itself about the client; the
   *     message says how
   */
  public HttpServerRequest view(HttpServerRequest request, Channel channel) {
    return PublicRequest.of(request, Peer.of(channel, trusted), trusted);
  }

  /** Returns what happened so far. Any thread. */
  public EdgeCounts counts() {
    return new EdgeCounts(
        counters.tlsFailed.sum(),
        counters.proxyHeadersRefused.sum(),
        tls == null ? 0 : tls.replacedCount(),
        tls == null ? 0 : tls.refusedCount());
  }
}
