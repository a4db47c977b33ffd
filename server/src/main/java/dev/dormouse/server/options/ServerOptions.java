package dev.dormouse.server.options;

import dev.dormouse.server.gateway.ConnectionLimits;
import dev.dormouse.server.gateway.GatewayOptions;
import dev.dormouse.server.observe.LibraryLogs;
import dev.dormouse.server.observe.accesslog.AccessLog;
import dev.dormouse.server.observe.accesslog.AccessLogFormat;
import dev.dormouse.server.protocol.Time;
import dev.dormouse.server.tls.TlsFiles;
import dev.dormouse.storage.Durability;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * How a server runs. Immutable; each method that takes a choice returns a changed copy, the method
 * of the same name without parameter tells what was chosen.
 */
public final class ServerOptions {
  static {
    LibraryLogs.install(); // the defaults ask Netty for its memory, which wakes its loggers
  }

  private final Values values;

  /** The choices; changed only before they are an option's. */
  private static final class Values implements Cloneable {
    String host = "127.0.0.1";
    int port = 8080;
    int adminPort = 9090;
    String adminHost = "127.0.0.1";
    @Nullable Path adminTokenFile;
    Path data = Path.of("data");
    Durability durability = Durability.FSYNC;
    Duration idle = Duration.ofSeconds(10);
    Duration drain = Duration.ofSeconds(10);
    boolean isRestart;
    GatewayOptions gateway = GatewayOptions.defaults().limits(ConnectionLimits.shared());
    @Nullable TlsFiles tls;
    int eventLoops;
    AccessLogFormat accessLog = AccessLogFormat.OFF;
    Duration stallExit = Duration.ofMinutes(1);
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
   * Port 8080 and 9090 on 127.0.0.1, {@code ./data}, fsync, 10 s idle, 10 s drain, as many
   * connections as the process's file handles suffice for, of which one address has at most seven
   * eighths.
   */
  public static ServerOptions defaults() {
    return new ServerOptions(new Values());
  }

  /** The address to listen on. */
  public ServerOptions host(String host) {
    return with(v -> v.host = host);
  }

  /** The address to listen on. */
  public String host() {
    return values.host;
  }

  /**
   * The ports to listen on; 0 for any that is free.
   *
   * @param adminPort that of the admin pages
   */
  public ServerOptions ports(int port, int adminPort) {
    return with(
        v -> {
          v.port = port;
          v.adminPort = adminPort;
        });
  }

  /** The port to listen on; 0 for any that is free. */
  public int port() {
    return values.port;
  }

  /** The port of the admin pages; 0 for any that is free. */
  public int adminPort() {
    return values.adminPort;
  }

  /**
   * Who can reach the admin pages.
   *
   * @param host the address to listen on; by default 127.0.0.1
   * @param tokenFile a file with the token that is asked for, 16 to 1,024 of A-Z, a-z, 0-9 and
   *     -._~+/=; null for none, which is possible on loopback addresses only
   */
  public ServerOptions admin(String host, @Nullable Path tokenFile) {
    return with(
        v -> {
          v.adminHost = host;
          v.adminTokenFile = tokenFile;
        });
  }

  /** The address of the admin pages. */
  public String adminHost() {
    return values.adminHost;
  }

  /** The file with the token that the admin pages ask for; null if they ask for none. */
  public @Nullable Path adminTokenFile() {
    return values.adminTokenFile;
  }

  /**
   * Where state is kept, and what a reply has survived.
   *
   * @param data the folder of the store; not used with {@link Durability#MEMORY}
   */
  public ServerOptions data(Path data, Durability durability) {
    return with(
        v -> {
          v.data = data;
          v.durability = durability;
        });
  }

  /** The folder of the store; not used with {@link Durability#MEMORY}. */
  public Path data() {
    return values.data;
  }

  /** What a reply has survived. */
  public Durability durability() {
    return values.durability;
  }

  /** An actor without events for so long hibernates. */
  public ServerOptions idle(Duration idle) {
    return with(v -> v.idle = idle);
  }

  /** After how long without events an actor hibernates. */
  public Duration idle() {
    return values.idle;
  }

  /** How long a stop may take. */
  public ServerOptions drain(Duration drain) {
    return with(v -> v.drain = drain);
  }

  /** How long a stop may take. */
  public Duration drain() {
    return values.drain;
  }

  /** Whether clients are told at a stop that the server restarts (1012), not goes away (1001). */
  public ServerOptions restart(boolean isRestart) {
    return with(v -> v.isRestart = isRestart);
  }

  /** Whether clients are told at a stop that the server restarts. */
  public boolean isRestart() {
    return values.isRestart;
  }

  /**
   * Limits and times of the sockets. If there are to be more connections than the process has file
   * handles for, there will be fewer, which is logged if a number was asked for; {@link
   * DormouseServer#options} tells how many. How many TCP connections there may be besides follows
   * from the file handles, too.
   */
  public ServerOptions gateway(GatewayOptions gateway) {
    return with(v -> v.gateway = gateway);
  }

  /** Limits and times of the sockets. */
  public GatewayOptions gateway() {
    return values.gateway;
  }

  /**
   * Encrypts connections, with the certificate in these files, which may be replaced meanwhile; but
   * those to the admin port.
   */
  public ServerOptions tls(TlsFiles tls) {
    return with(v -> v.tls = tls);
  }

  /** Where the certificate is; null if connections are not encrypted. */
  public @Nullable TlsFiles tls() {
    return values.tls;
  }

  /** How many event loops the sockets are spread over; 0 for two for each processor. */
  public ServerOptions eventLoops(int eventLoops) {
    return with(v -> v.eventLoops = eventLoops);
  }

  /** How many event loops the sockets are spread over; 0 for two for each processor. */
  public int eventLoops() {
    return values.eventLoops;
  }

  /**
   * Chooses the access log, off by default: a line for each answered request, and two for each
   * connection, at its 101 and at its close, to the logger {@value AccessLog#LOGGER}. It tells the
   * client's address, method, path, status, times, bytes, {@code Referer}, {@code User-Agent}, and
   * of a request that is not answered with 101 the user; no query, no cookie, no other header.
   */
  public ServerOptions accessLog(AccessLogFormat format) {
    return with(v -> v.accessLog = format);
  }

  /** How the access log is written. */
  public AccessLogFormat accessLog() {
    return values.accessLog;
  }

  /**
   * A server one of whose event loops, or whose store, has not moved for so long is not to be
   * helped, and the process ends ({@link ProcessEnd#STALLED}); zero for never.
   */
  public ServerOptions stallExit(Duration limit) {
    return with(v -> v.stallExit = limit);
  }

  /** For how long an event loop or the store may not move. */
  public Duration stallExit() {
    return values.stallExit;
  }

  /**
   * What is done when the process cannot go on: by default it {@linkplain ProcessEnd#halt ends at
   * once}, with all else that runs in it. An application that the server is only a part of may do
   * something else. The server is of no use then, and keeps nothing any more if its store failed.
   *
   * @param onFatal called once, on any thread, which it is not to hold up
   */
  public ServerOptions onFatal(Consumer<ProcessEnd> onFatal) {
    return with(v -> v.onFatal = onFatal);
  }

  /** What is done when the process cannot go on. */
  public Consumer<ProcessEnd> onFatal() {
    return values.onFatal;
  }

  /** The clock. */
  public ServerOptions time(Time time) {
    return with(v -> v.time = time);
  }

  /** The clock. */
  public Time time() {
    return values.time;
  }
}
