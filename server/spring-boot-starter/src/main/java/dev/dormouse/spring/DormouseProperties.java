package dev.dormouse.spring;

import dev.dormouse.server.gateway.edge.ProxyProtocol;
import dev.dormouse.server.gateway.edge.TrustedProxies;
import dev.dormouse.server.gateway.limits.ConnectionLimits;
import dev.dormouse.server.gateway.limits.GatewayOptions;
import dev.dormouse.server.observe.accesslog.AccessLogFormat;
import dev.dormouse.server.options.NetworkTransport;
import dev.dormouse.server.options.ServerOptions;
import dev.dormouse.server.tls.TlsFiles;
import dev.dormouse.storage.Durability;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * Holds the properties that begin with {@code dormouse}. They have the names and the defaults of
 * the options of the command line, but the port is 8081, since 8080 is that of the application.
 *
 * @param host the address to listen on for clients; 0.0.0.0 for all addresses. Default: 127.0.0.1
 * @param port the port to listen on for clients; 0 for any free port. Default: 8081
 * @param data the folder that keeps the state; it is made if it is missing. Default: data
 * @param durability the failures that an answered write survives: fsync (a power cut), wal (a kill)
 *     or memory (none, for tests). Default: fsync
 * @param idle the time without events after which an actor falls asleep, 10ms to 24h. Default: 10s
 * @param maxActorsInMemory the most actors in memory. Default: 100000
 * @param drain the longest time that a stop waits for clients and actors, 0s to 24h. Default: 10s
 * @param stallExit the process ends with 75 if an event loop or the store makes no progress for
 *     this time, 5s to 24h; 0s for never. Default: 60s
 * @param restart whether a stop tells clients that the server restarts (close code 1012) instead of
 *     goes away (1001). Default: false
 * @param adminPort the port of health checks, metrics and the dashboard; 0 for any free port.
 *     Default: 9090
 * @param adminHost the address of the admin port. An address that other machines can reach needs
 *     admin-token-file. Default: 127.0.0.1
 * @param adminTokenFile a file with the token that users of the admin port must give
 * @param ping a client that is silent for this time is pinged, and dropped after twice this time;
 *     1s to 24h, 0s for never. Default: 30s
 * @param maxConnections the most connections; further upgrades are answered 503. Default: the
 *     number for which the process has file handles
 * @param maxConnectionsPerIp the most connections of one IPv4 address or IPv6 /64; further ones are
 *     answered 429; 0 for any number. Default: seven eighths of all
 * @param upgradesPerSecondPerIp the most upgrades and plain requests to actors in a second from one
 *     IPv4 address or IPv6 /64; further ones are answered 429. Default: any number
 * @param allowedOrigins the origins of web pages that may connect, such as http://localhost:8080
 *     for pages of the application's own web server; a single * allows every origin. Default: none
 * @param hosts the server's own names, such as example.org and *.example.org. Default: every name,
 *     but none for browsers on this machine
 * @param trustedProxies the addresses and ranges of proxies whose headers Forwarded and
 *     X-Forwarded-* the server trusts. Default: none
 * @param proxyProtocol whether connections of the trusted proxies begin with a PROXY header: off,
 *     optional or required. Default: off
 * @param maxRequestLine the longest first line of a request in bytes, 8000 to 1048576. Default:
 *     8192
 * @param maxHeaders the most bytes of all headers of a request, 1024 to 1048576. Default: 8192
 * @param tlsCert a PEM file with the server's certificate and those that lead to a known one
 * @param tlsKey a PEM file with the key of the certificate, not encrypted
 * @param tlsKeystore a PKCS12 key store with certificate and key, instead of two PEM files
 * @param tlsKeystorePasswordFile a file with the password of the key store
 * @param eventLoops the number of event loops that serve the sockets. Default: two for each
 *     processor
 * @param transport how the event loops use sockets: auto, io_uring, epoll or nio. Default: auto
 * @param accessLog the format of the access log: off, combined or json. Default: off
 */
@ConfigurationProperties("dormouse")
public record DormouseProperties(
    @Nullable String host,
    @Nullable Integer port,
    @Nullable String data,
    @Nullable Durability durability,
    @Nullable Duration idle,
    @Nullable Integer maxActorsInMemory,
    @Nullable Duration drain,
    @Nullable Duration stallExit,
    @Nullable Boolean restart,
    @Nullable Integer adminPort,
    @Nullable String adminHost,
    @Nullable String adminTokenFile,
    @Nullable Duration ping,
    @Nullable Integer maxConnections,
    @Nullable Integer maxConnectionsPerIp,
    @Nullable Integer upgradesPerSecondPerIp,
    @Nullable List<String> allowedOrigins,
    @Nullable List<String> hosts,
    @Nullable List<String> trustedProxies,
    @Nullable ProxyProtocol proxyProtocol,
    @Nullable Integer maxRequestLine,
    @Nullable Integer maxHeaders,
    @Nullable String tlsCert,
    @Nullable String tlsKey,
    @Nullable String tlsKeystore,
    @Nullable String tlsKeystorePasswordFile,
    @Nullable Integer eventLoops,
    @Nullable NetworkTransport transport,
    @Nullable AccessLogFormat accessLog) {

  private static final int PORT_DEFAULT = 8081;

  /**
   * Returns the options that the properties name.
   *
   * @throws ActorServerException if a value is out of range; the message names the property
   */
  public ServerOptions options() {
    ServerOptions options = ServerOptions.defaults().port(PORT_DEFAULT);
    options = with("host", host, options, ServerOptions::host);
    options = with("port", port, options, ServerOptions::port);
    options = with("data", data, options, (o, folder) -> o.data(Path.of(folder)));
    options = with("durability", durability, options, ServerOptions::durability);
    options = with("idle", idle, options, ServerOptions::idle);
    options =
        with("max-actors-in-memory", maxActorsInMemory, options, ServerOptions::actorsInMemoryMax);
    options = with("drain", drain, options, ServerOptions::drain);
    options =
        with(
            "stall-exit",
            stallExit,
            options,
            (o, time) -> time.isZero() ? o.withoutStallExit() : o.stallExit(time));
    options = with("restart", restart, options, ServerOptions::restarts);
    options = with("admin-port", adminPort, options, ServerOptions::adminPort);
    options = with("admin-host", adminHost, options, ServerOptions::adminHost);
    options =
        with(
            "admin-token-file",
            adminTokenFile,
            options,
            (o, file) -> o.adminTokenFile(Path.of(file)));
    options = with("event-loops", eventLoops, options, ServerOptions::eventLoops);
    options = with("transport", transport, options, ServerOptions::transport);
    options = with("access-log", accessLog, options, ServerOptions::accessLog);
    TlsFiles tls = tls();
    return (tls == null ? options : options.tls(tls)).gateway(gateway(options.gateway()));
  }

  private GatewayOptions gateway(GatewayOptions defaults) {
    GatewayOptions options = defaults.limits(limits());
    options =
        with(
            "ping",
            ping,
            options,
            (o, time) -> time.isZero() ? o.withoutPings() : o.pingInterval(time));
    options =
        with(
            "allowed-origins",
            allowedOrigins,
            options,
            (o, names) -> o.allowedOrigins(Set.copyOf(names)));
    options = with("hosts", hosts, options, (o, names) -> o.hosts(Set.copyOf(names)));
    options =
        with(
            "trusted-proxies",
            trustedProxies,
            options,
            (o, entries) -> o.trustedProxies(TrustedProxies.of(entries)));
    if (proxyProtocol != null
        && proxyProtocol != ProxyProtocol.OFF
        && options.trustedProxies().isEmpty()) {
      throw new ActorServerException(
          "dormouse.proxy-protocol needs dormouse.trusted-proxies: only these proxies may send"
              + " PROXY headers",
          null);
    }
    options = with("proxy-protocol", proxyProtocol, options, GatewayOptions::proxyProtocol);
    options =
        with("max-request-line", maxRequestLine, options, GatewayOptions::requestLineBytesMax);
    return with("max-headers", maxHeaders, options, GatewayOptions::headersBytesMax);
  }

  private ConnectionLimits limits() {
    ConnectionLimits limits =
        maxConnectionsPerIp == null ? ConnectionLimits.shared() : ConnectionLimits.none();
    limits = with("max-connections", maxConnections, limits, ConnectionLimits::connectionsMax);
    limits =
        with(
            "max-connections-per-ip",
            maxConnectionsPerIp,
            limits,
            (l, number) -> number == 0 ? l : l.perAddressMax(number));
    return with(
        "upgrades-per-second-per-ip",
        upgradesPerSecondPerIp,
        limits,
        ConnectionLimits::upgradesPerSecondPerAddress);
  }

  private @Nullable TlsFiles tls() {
    checkTogether("tls-cert", tlsCert, "tls-key", tlsKey);
    checkTogether(
        "tls-keystore", tlsKeystore, "tls-keystore-password-file", tlsKeystorePasswordFile);
    if (tlsCert != null && tlsKeystore != null) {
      throw new ActorServerException(
          "dormouse.tls-cert and dormouse.tls-keystore exclude each other; give only one of them",
          null);
    }
    if (tlsCert != null && tlsKey != null) {
      return new TlsFiles.Pem(Path.of(tlsCert), Path.of(tlsKey));
    }
    return tlsKeystore != null && tlsKeystorePasswordFile != null
        ? new TlsFiles.Pkcs12(Path.of(tlsKeystore), Path.of(tlsKeystorePasswordFile))
        : null;
  }

  private static void checkTogether(
      String name, @Nullable String one, String otherName, @Nullable String other) {
    if ((one == null) != (other == null)) {
      throw new ActorServerException(
          "dormouse.%s needs dormouse.%s"
              .formatted(one == null ? otherName : name, one == null ? name : otherName),
          null);
    }
  }

  /** Returns the options after a change by the value of a property; the same without a value. */
  private static <T, V> T with(
      String name, @Nullable V value, T options, BiFunction<T, V, T> change) {
    try {
      return value == null ? options : change.apply(options, value);
    } catch (IllegalArgumentException e) {
      throw new ActorServerException("dormouse.%s: %s".formatted(name, e.getMessage()), e);
    }
  }
}
