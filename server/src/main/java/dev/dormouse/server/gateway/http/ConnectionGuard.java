package dev.dormouse.server.gateway.http;

import dev.dormouse.log.Counted;
import dev.dormouse.log.Log;
import dev.dormouse.server.gateway.edge.Edge;
import dev.dormouse.server.gateway.limits.GatewayOptions;
import dev.dormouse.server.gateway.limits.Tally;
import dev.dormouse.server.observe.DormouseObserver;
import dev.dormouse.server.observe.Observers;
import dev.dormouse.server.protocol.Time;
import io.vertx.core.http.HttpConnection;
import java.util.concurrent.TimeUnit;
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

  private final Tally tally;
  private final Edge edge;

  /**
   * Creates a guard of a port that has no connections yet.
   *
   * @param port what is guarded, for the log, which is told once a minute at most of those that
   *     were turned away
   * @param options the numbers of connections, the time for a head, and the time without a request
   */
  public ConnectionGuard(String port, GatewayOptions options, Time time) {
    Observers observers = Observers.ofLimits(time, new Refusals(port, time));
    this.tally = new Tally(options, time, observers);
    this.edge =
        new Edge(options.trustedProxies(), options.proxyProtocol(), options.tls(), options.head());
  }

  /** Meets a new connection. To be the connection handler of an HTTP/1.1 server without TLS. */
  public void meet(HttpConnection connection) {
    HttpGuard.meet(connection, tally, edge);
  }

  /** Returns how many TCP connections there are. */
  int connections() {
    return tally.admission().tcp();
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
