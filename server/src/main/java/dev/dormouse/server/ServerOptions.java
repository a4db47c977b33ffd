package dev.dormouse.server;

import dev.dormouse.server.gateway.ConnectionLimits;
import dev.dormouse.server.gateway.GatewayOptions;
import dev.dormouse.server.protocol.Time;
import dev.dormouse.storage.Durability;
import java.nio.file.Path;
import java.time.Duration;

/**
 * How a server runs.
 *
 * @param host the address to listen on
 * @param port the port to listen on; 0 for any that is free
 * @param adminPort the port of the admin pages, on loopback only; 0 for any that is free
 * @param data the folder of the store; not used with {@link Durability#MEMORY}
 * @param durability what a reply has survived
 * @param idle an actor without events for so long hibernates
 * @param drain how long a stop may take
 * @param isRestart whether clients are told at a stop that the server restarts (1012) rather than
 *     goes away (1001)
 * @param gateway limits and times of the sockets
 * @param time the clock
 */
public record ServerOptions(
    String host,
    int port,
    int adminPort,
    Path data,
    Durability durability,
    Duration idle,
    Duration drain,
    boolean isRestart,
    GatewayOptions gateway,
    Time time) {

  /**
   * Port 8080 and 9090 on 127.0.0.1, {@code ./data}, fsync, 10 s idle, 10 s drain, as many
   * connections as the process's file handles suffice for.
   */
  public static ServerOptions defaults() {
    return new ServerOptions(
        "127.0.0.1",
        8080,
        9090,
        Path.of("data"),
        Durability.FSYNC,
        Duration.ofSeconds(10),
        Duration.ofSeconds(10),
        false,
        GatewayOptions.defaults()
            .withLimits(new ConnectionLimits(FileHandles.connectionsMax(), 0, 0)),
        Time.system());
  }

  /** The same on other ports. */
  public ServerOptions ports(int port, int adminPort) {
    return new ServerOptions(
        host, port, adminPort, data, durability, idle, drain, isRestart, gateway, time);
  }

  /** The same with another folder and durability. */
  public ServerOptions data(Path data, Durability durability) {
    return new ServerOptions(
        host, port, adminPort, data, durability, idle, drain, isRestart, gateway, time);
  }

  /** The same with another idle time. */
  public ServerOptions idle(Duration idle) {
    return new ServerOptions(
        host, port, adminPort, data, durability, idle, drain, isRestart, gateway, time);
  }

  /** The same with another clock. */
  public ServerOptions time(Time time) {
    return new ServerOptions(
        host, port, adminPort, data, durability, idle, drain, isRestart, gateway, time);
  }

  /** The same with other limits and times of the sockets. */
  public ServerOptions gateway(GatewayOptions gateway) {
    return new ServerOptions(
        host, port, adminPort, data, durability, idle, drain, isRestart, gateway, time);
  }
}
