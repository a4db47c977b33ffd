package dev.dormouse.server.gateway;

import dev.dormouse.log.Counted;
import dev.dormouse.log.Log;
import dev.dormouse.server.gateway.edge.Edge;
import dev.dormouse.server.observe.DormouseObserver;
import dev.dormouse.server.observe.Observers;
import dev.dormouse.server.protocol.DirectTransport;
import dev.dormouse.server.protocol.Time;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.util.AttributeKey;
import io.vertx.core.http.HttpConnection;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Guards the connections of an HTTP server as a gateway guards its own, for a port without actors:
 * there are only so many of all and of one address, a head has to come in time, and a connection on
 * which nothing is asked is closed. WebSockets of the server's own count to their end, and may be
 * silent. Any thread.
 */
public final class ConnectionGuard {
  private static final Logger log = Log.of(ConnectionGuard.class);
  private static final long LINE_NS = TimeUnit.MINUTES.toNanos(1);

  private final GatewayParts parts;
  private final Edge edge;

  /**
   * No connection is there.
   *
   * @param port what is guarded, for the log, which is told once a minute at most of those that
   *     were turned away
   * @param options the numbers of connections, the time for a head, and the time without a request
   */
  public ConnectionGuard(String port, GatewayOptions options, Time time) {
    Observers observers = Observers.ofLimits(time, new Refusals(port, time));
    this.parts = GatewayParts.of(options, new DirectTransport(), time, observers);
    this.edge =
        new Edge(options.trustedProxies(), options.proxyProtocol(), options.tls(), options.head());
  }

  /** Meets a new connection. To be the connection handler of an HTTP/1.1 server without TLS. */
  public void meet(HttpConnection connection) {
    meet(connection, parts, edge);
  }

  /** The same for a gateway's own. */
  static void meet(HttpConnection connection, GatewayParts parts, Edge edge) {
    ChannelPipeline pipeline = ChannelTakeover.http1Pipeline(connection);
    if (pipeline != null) {
      AcceptFailures.listenTo(pipeline.channel().parent());
      ChannelTakeover.guard(pipeline, edge, new HttpGuard(parts));
    }
  }

  /** How many TCP connections there are. */
  int connections() {
    return parts.admission().tcp();
  }

  /**
   * Tells the log, in a line, why a listener cannot accept connections, such as a want of file
   * handles: Netty has it rest for a second each time, and would tell with a stack trace.
   */
  private static final class AcceptFailures extends ChannelInboundHandlerAdapter {
    private static final AttributeKey<Boolean> IS_THERE =
        AttributeKey.valueOf(AcceptFailures.class, "isThere");

    static void listenTo(@Nullable Channel listener) {
      if (listener != null && listener.attr(IS_THERE).setIfAbsent(true) == null) {
        listener.pipeline().addLast(new AcceptFailures());
      }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      log.warn(
          "no connections are accepted on {} for a second: {}",
          context.channel().localAddress(),
          cause.getMessage());
    }
  }

  /** Tells the log of limits that were hit, a line a minute at most. */
  private static final class Refusals implements DormouseObserver {
    private final String port;
    private final Time time;

    // Guarded by the monitor.
    private long toldNs;
    private long untold;

    Refusals(String port, Time time) {
      this.port = port;
      this.time = time;
      this.toldNs = time.nowNs() - LINE_NS;
    }

    @Override
    public synchronized void limitHit(LimitHit hit) {
      untold++;
      long nowNs = time.nowNs();
      if (nowNs - toldNs >= LINE_NS) {
        log.warn(
            "{} has turned {} away, the last one for its limit of {} ({})",
            port,
            Counted.of(untold, "connection"),
            hit.limit(),
            hit.outcome());
        toldNs = nowNs;
        untold = 0;
      }
    }
  }
}
