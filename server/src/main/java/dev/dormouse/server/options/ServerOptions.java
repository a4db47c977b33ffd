package dev.dormouse.server.options;

import dev.dormouse.server.gateway.limits.ConnectionLimits;
import dev.dormouse.server.gateway.limits.GatewayOptions;
import dev.dormouse.server.gateway.limits.Ranges;
import dev.dormouse.server.observe.LibraryLogs;
import dev.dormouse.server.observe.accesslog.AccessLog;
import dev.dormouse.server.observe.accesslog.AccessLogFormat;
import dev.dormouse.server.protocol.Time;
import dev.dormouse.server.tls.TlsFiles;
import dev.dormouse.storage.Durability;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Holds the options of a server. Immutable; any thread. Each method with a parameter returns a
 * changed copy; the method of the same name without a parameter returns the current choice. The
 * server checks addresses and files when it starts. A method throws {@link
 * IllegalArgumentException} for a number or a time that is out of range.
 */
public final class ServerOptions {
  /** The shortest time that {@link #idle(Duration)} allows: 10 ms. */
  public static final Duration IDLE_FLOOR = Duration.ofMillis(10);

  /** The shortest time that {@link #stallExit(Duration)} allows: 5 s. */
  public static final Duration STALL_EXIT_FLOOR = Duration.ofSeconds(5);

  private static final Duration DAY = Duration.ofDays(1);
  private static final int LAST_PORT = 65_535;

  static {
    LibraryLogs.install(); // the defaults ask Netty for its memory, which wakes its loggers
  }

  private final Values values;

  /** The values of all options; changed only before they are handed to a {@code ServerOptions}. */
  private static final class Values implements Cloneable {
    String host = "127.0.0.1";
    int port = 8080;
    int adminPort = 9090;
    String adminHost = "127.0.0.1";
    @Nullable Path adminTokenFile;
    Path data = Path.of("data");
    Durability durability = Durability.FSYNC;
    Duration idle = Duration.ofSeconds(10);
    int actorsInMemoryMax = 100_000;
    Duration drain = Duration.ofSeconds(10);
    boolean restarts;
    GatewayOptions gateway = GatewayOptions.defaults().limits(ConnectionLimits.shared());
    @Nullable TlsFiles tls;
    @Nullable ClusterOptions cluster;
    @Nullable Integer eventLoops;
    NetworkTransport transport = NetworkTransport.AUTO;
    AccessLogFormat accessLog = AccessLogFormat.OFF;
    Optional<Duration> stallExit = Optional.of(Duration.ofMinutes(1));
    Consumer<ProcessEnd> onFatal = ProcessEnd::halt;
    Time time = Time.system();

    Values copy() {
      try {
        return (Values) clone();
      } catch (CloneNotSupportedException e) {
        throw new AssertionError(e);
      }
    }
  }

  private ServerOptions(Values values) {
    this.values = values;
  }

  private ServerOptions with(Consumer<Values> change) {
    Values changed = values.copy();
    change.accept(changed);
    return new ServerOptions(changed);
  }

  /**
   * Returns the default options: ports 8080 and 9090 on 127.0.0.1, the folder {@code ./data},
   * fsync, 10 s until an idle actor hibernates, 10 s drain time, no TLS, no access log. The most
   * connections follow from the process's file handles; one address may have seven eighths of them.
   */
  public static ServerOptions defaults() {
    return new ServerOptions(new Values());
  }

  /** Sets the address to listen on for clients; 0.0.0.0 for all addresses. */
  public ServerOptions host(String host) {
    return with(v -> v.host = host);
  }

  /** Returns the address to listen on for clients. */
  public String host() {
    return values.host;
  }

  /** Sets the port to listen on for clients; 0 for any that is free. The default is 8080. */
  public ServerOptions port(int port) {
    Ranges.check("port", port, 0, LAST_PORT);
    return with(v -> v.port = port);
  }

  /** Returns the port to listen on for clients; 0 for any that is free. */
  public int port() {
    return values.port;
  }

  /** Sets the port of the admin pages; 0 for any that is free. The default is 9090. */
  public ServerOptions adminPort(int port) {
    Ranges.check("adminPort", port, 0, LAST_PORT);
    return with(v -> v.adminPort = port);
  }

  /** Returns the port of the admin pages; 0 for any that is free. */
  public int adminPort() {
    return values.adminPort;
  }

  /**
   * Sets the address to listen on for the admin pages, and so the machines that can reach them. The
   * default is 127.0.0.1. Another address than a loopback address needs {@link #adminTokenFile()}.
   */
  public ServerOptions adminHost(String host) {
    return with(v -> v.adminHost = host);
  }

  /** Returns the address of the admin pages. */
  public String adminHost() {
    return values.adminHost;
  }

  /**
   * Sets the file with the token that the admin pages ask for.
   *
   * @param file holds 16 to 1,024 characters of A-Z, a-z, 0-9 and -._~+/=; null for no token, the
   *     default, which is possible on loopback addresses only
   */
  public ServerOptions adminTokenFile(@Nullable Path file) {
    return with(v -> v.adminTokenFile = file);
  }

  /** Returns the file with the token that the admin pages ask for; null if they ask for none. */
  public @Nullable Path adminTokenFile() {
    return values.adminTokenFile;
  }

  /** Sets the folder of the store; not used with {@link Durability#MEMORY}. */
  public ServerOptions data(Path folder) {
    return with(v -> v.data = folder);
  }

  /** Returns the folder of the store; not used with {@link Durability#MEMORY}. */
  public Path data() {
    return values.data;
  }

  /** Sets the durability: the failures that an answered write survives. */
  public ServerOptions durability(Durability durability) {
    return with(v -> v.durability = durability);
  }

  /** Returns the durability: the failures that an answered write survives. */
  public Durability durability() {
    return values.durability;
  }

  /**
   * Sets the time without events after which an actor hibernates. The default is 10 s.
   *
   * @param idle 10 ms to 24 h
   */
  public ServerOptions idle(Duration idle) {
    Ranges.check("idle", idle, IDLE_FLOOR, DAY);
    return with(v -> v.idle = idle);
  }

  /** Returns the time without events after which an actor hibernates. */
  public Duration idle() {
    return values.idle;
  }

  /**
   * Limits the number of actors in memory. Over it the actors that have been without events for the
   * longest time hibernate early. If more actors than that are busy, or kept awake by what they
   * wait for, upgrades and requests for actors that are not in memory are answered 503; messages,
   * closes and alarms still wake their actors. The number is checked a few times a second, so that
   * for a moment there may be more. The default is 100,000.
   *
   * @param number at least 1
   */
  public ServerOptions actorsInMemoryMax(int number) {
    Ranges.check("actorsInMemoryMax", number, 1, Integer.MAX_VALUE);
    return with(v -> v.actorsInMemoryMax = number);
  }

  /** Returns the number of actors that may be in memory. */
  public int actorsInMemoryMax() {
    return values.actorsInMemoryMax;
  }

  /**
   * Sets the drain time: the longest that a stop in good order waits for sockets and actors. The
   * default is 10 s.
   *
   * @param drain 0 s, for a stop that waits for nothing, to 24 h
   */
  public ServerOptions drain(Duration drain) {
    Ranges.check("drain", drain, Duration.ZERO, DAY);
    return with(v -> v.drain = drain);
  }

  /** Returns the drain time: the longest that a stop in good order waits for sockets and actors. */
  public Duration drain() {
    return values.drain;
  }

  /**
   * Sets the close code of a stop: 1012 if the server is about to restart, 1001 if it goes away.
   */
  public ServerOptions restarts(boolean restarts) {
    return with(v -> v.restarts = restarts);
  }

  /**
   * Returns whether a stop tells clients that the server restarts (1012) instead of goes away
   * (1001).
   */
  public boolean restarts() {
    return values.restarts;
  }

  /**
   * Sets limits and times of the sockets. The server allows no more connections than the process
   * has file handles for, and logs a warning if a higher number was asked for; {@code
   * DormouseServer.options()} has the actual number. The most other TCP connections follow from the
   * file handles too.
   */
  public ServerOptions gateway(GatewayOptions gateway) {
    return with(v -> v.gateway = gateway);
  }

  /** Returns limits and times of the sockets. */
  public GatewayOptions gateway() {
    return values.gateway;
  }

  /** Makes the server a node of a cluster; null for a server that is alone, the default. */
  public ServerOptions cluster(@Nullable ClusterOptions cluster) {
    return with(v -> v.cluster = cluster);
  }

  /** Returns the node's part in its cluster; null for a server that is alone. */
  public @Nullable ClusterOptions cluster() {
    return values.cluster;
  }

  /**
   * Encrypts clients' connections with the certificate in these files, which may be replaced while
   * the server runs. Connections to the admin port stay unencrypted.
   */
  public ServerOptions tls(TlsFiles tls) {
    return with(v -> v.tls = tls);
  }

  /** Returns the files of the certificate; null if clients' connections are not encrypted. */
  public @Nullable TlsFiles tls() {
    return values.tls;
  }

  /**
   * Sets the number of event loops that serve the sockets. By default there are two for each
   * processor.
   *
   * @param number at least 1
   */
  public ServerOptions eventLoops(int number) {
    Ranges.check("eventLoops", number, 1, Integer.MAX_VALUE);
    return with(v -> v.eventLoops = number);
  }

  /** Returns the number of event loops that serve the sockets; empty for two for each processor. */
  public OptionalInt eventLoops() {
    return values.eventLoops == null ? OptionalInt.empty() : OptionalInt.of(values.eventLoops);
  }

  /**
   * Sets how the event loops use sockets. The default is {@link NetworkTransport#AUTO}. The start
   * of a server fails if another one is set and does not work on this machine.
   */
  public ServerOptions transport(NetworkTransport transport) {
    return with(v -> v.transport = transport);
  }

  /** Returns how the event loops use sockets. */
  public NetworkTransport transport() {
    return values.transport;
  }

  /**
   * Sets the format of the access log, which is off by default. The log has a line for each
   * answered request and two for each connection, at its 101 and at its close, and goes to the
   * logger {@value AccessLog#LOGGER}. A line has the client's address, method, path, status, times,
   * bytes, {@code Referer}, {@code User-Agent}, and, for a request that is not answered with 101,
   * the user; it has no query, no cookie and no other header.
   */
  public ServerOptions accessLog(AccessLogFormat format) {
    return with(v -> v.accessLog = format);
  }

  /** Returns the format of the access log. */
  public AccessLogFormat accessLog() {
    return values.accessLog;
  }

  /**
   * Sets the time after which the process ends with {@link ProcessEnd#STALLED} if an event loop or
   * the store makes no progress. The default is one minute.
   *
   * @param limit 5 s to 24 h
   */
  public ServerOptions stallExit(Duration limit) {
    Ranges.check("stallExit", limit, STALL_EXIT_FLOOR, DAY);
    return with(v -> v.stallExit = Optional.of(limit));
  }

  /** Lets the process go on although an event loop or the store makes no progress. */
  public ServerOptions withoutStallExit() {
    return with(v -> v.stallExit = Optional.empty());
  }

  /**
   * Returns the time after which the process ends if an event loop or the store makes no progress;
   * empty if the process goes on.
   */
  public Optional<Duration> stallExit() {
    return values.stallExit;
  }

  /**
   * Sets the action for a server that cannot continue. By default the process {@linkplain
   * ProcessEnd#halt ends at once}, with everything else that runs in it. An application that embeds
   * the server may choose another action, such as to close the server on another thread and open a
   * new one. The server is unusable from then on, and stores nothing more if its store failed. If
   * memory is exhausted, only the end of the process helps.
   *
   * @param onFatal called once, on any thread; it must not block that thread
   */
  public ServerOptions onFatal(Consumer<ProcessEnd> onFatal) {
    return with(v -> v.onFatal = onFatal);
  }

  /** Returns the action for a server that cannot continue. */
  public Consumer<ProcessEnd> onFatal() {
    return values.onFatal;
  }

  /** Sets the clock of the server. */
  public ServerOptions time(Time time) {
    return with(v -> v.time = time);
  }

  /** Returns the clock of the server. */
  public Time time() {
    return values.time;
  }
}
