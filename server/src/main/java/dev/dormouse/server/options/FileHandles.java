package dev.dormouse.server.options;

import com.sun.management.UnixOperatingSystemMXBean;
import dev.dormouse.log.Log;
import dev.dormouse.server.gateway.limits.ConnectionLimits;
import java.lang.management.ManagementFactory;
import org.slf4j.Logger;

/**
 * Divides the file handles of this process among clients, the admin port and the store. The shares
 * add up to less than the limit: the rest is a reserve for bursts, backups, and the files of the
 * application.
 *
 * @param limit the most handles of the process; {@link Long#MAX_VALUE} if no limit is known
 * @param connections handles for clients' sockets, and for upgrades that wait
 * @param httpConnections handles for clients' other TCP connections
 * @param adminConnections handles for TCP connections to the admin port
 * @param storeFiles handles for the tables of the store
 */
public record FileHandles(
    long limit, int connections, int httpConnections, int adminConnections, int storeFiles) {
  private static final Logger log = Log.of(FileHandles.class);

  /** Handles for the JVM, jars, listeners, logs, and the store's files that are not tables. */
  private static final int PROCESS = 64;

  /** Handles for one event loop, which has three; one is to spare. */
  private static final int PER_EVENT_LOOP = 4;

  private static final int RESERVE = 32;
  private static final int RESERVE_PART = 20;

  private static final int STORE_PART = 16;
  private static final int STORE_MIN = 32;
  private static final int STORE_MAX = 4_096;
  private static final int HTTP_PART = 16;
  private static final int HTTP_MIN = 16;
  private static final int HTTP_MAX = 256;
  private static final int ADMIN_PART = 32;
  private static final int ADMIN_MIN = 16;
  private static final int ADMIN_MAX = 64;

  /** The fewest connections for clients; a server with handles for fewer does not start. */
  private static final int CONNECTIONS_MIN = 16;

  /** Returns the shares of this process's handles, for a server with this many event loops. */
  public static FileHandles ofProcess(int eventLoops) {
    return ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system
        ? of(system.getMaxFileDescriptorCount(), eventLoops)
        : of(-1, eventLoops);
  }

  /**
   * Returns the shares of a number of handles.
   *
   * @param limit the number of handles; negative if no limit is known
   * @throws ServerStartException if a server needs more handles
   */
  static FileHandles of(long limit, int eventLoops) {
    if (limit < 0) {
      return of(Long.MAX_VALUE, eventLoops);
    }
    long left = left(limit, eventLoops);
    if (left < CONNECTIONS_MIN) {
      long enough = limit;
      while (left(enough, eventLoops) < CONNECTIONS_MIN) {
        enough++;
      }
      throw new ServerStartException(
          "the process may have %s files open, which is %s too few for a server with %s event loops; %s"
              .formatted(limit, enough - limit, eventLoops, REMEDY),
          null);
    }
    return new FileHandles(
        limit, (int) Math.min(Integer.MAX_VALUE, left), http(limit), admin(limit), store(limit));
  }

  /** Returns how many handles are left for clients' connections; negative if they are too few. */
  private static long left(long limit, int eventLoops) {
    long process = PROCESS + (long) PER_EVENT_LOOP * eventLoops;
    return limit
        - process
        - store(limit)
        - http(limit)
        - admin(limit)
        - RESERVE
        - limit / RESERVE_PART;
  }

  private static int store(long limit) {
    return part(limit, STORE_PART, STORE_MIN, STORE_MAX);
  }

  private static int http(long limit) {
    return part(limit, HTTP_PART, HTTP_MIN, HTTP_MAX);
  }

  private static int admin(long limit) {
    return part(limit, ADMIN_PART, ADMIN_MIN, ADMIN_MAX);
  }

  /** Tells an operator, in messages, how to allow the process more handles. */
  public static final String REMEDY = "raise its limit (ulimit -n, or LimitNOFILE= of systemd)";

  private static int part(long limit, int part, int min, int max) {
    return (int) Math.max(min, Math.min(max, limit / part));
  }

  /**
   * Returns whether an explicitly requested number of connections is more than there are handles
   * for.
   */
  boolean isTooFewFor(int connectionsAsked) {
    return connectionsAsked > connections;
  }

  /**
   * Returns the options with no more connections than there are handles for. Logs a warning if a
   * number was asked for that is higher.
   */
  public ServerOptions fitted(ServerOptions asked) {
    ConnectionLimits limits = asked.gateway().limits();
    int wanted = limits.connectionsMax().orElse(connections);
    if (isTooFewFor(wanted)) {
      log.warn(
          "{} connections were asked for (--max-connections), and there will be at most {}: the"
              + " process may have {} files open; {}",
          wanted,
          connections,
          limit,
          REMEDY);
    }
    return asked.gateway(
        asked
            .gateway()
            .limits(limits.connectionsMax(Math.min(connections, wanted)))
            .httpConnectionsMax(httpConnections));
  }
}
