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
 * Guards the connections of a port without actors, such as the admin port, as a gateway guards its
 * own connections. The numbers of all connections and of one address's connections are limited, a
 * head must come in time, and a connection without a request is closed. WebSockets of the port
 * count as connections until their end, and may be silent. Any thread may use it.
 */
public final class ConnectionGuard {
  private static final Logger log = Log.of(ConnectionGuard.class);
  private static final long LINE_NS = TimeUnit.MINUTES.toNanos(1);

  private final Tally tally;
  private final Edge edge;

  /**
   * Creates a guard of a port that has no connections yet.
   *
   * @param port the port's name in the log, which gets at most one line a minute about refused
   *     connections
   * @param options the numbers of connections, the time for a head, and the time without a request
   */
  public ConnectionGuard(String port, GatewayOptions options, Time time) {
    Observers observers = Observers.ofLimits(time, new Refusals(port, time));
    this.tally = new Tally(options, time, observers);
    this.edge =
        new Edge(
            options.trustedProxies(),
            options.proxyProtocol(),
            options.tls(),
            options.head(),
            observers);
  }

  /**
   * Guards a new connection. It is the connection handler of an HTTP/1.1 server without TLS of its
   * own.
   */
  public void meet(HttpConnection connection) {
    HttpGuard.meet(connection, tally, edge);
  }

  /** Returns how many TCP connections there are. */
  int connections() {
    return tally.admission().tcp();
  }

  /** Logs limits that were hit, at most one line a minute. */
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
            "{} has turned {} away, the last one because of {} ({})",
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
