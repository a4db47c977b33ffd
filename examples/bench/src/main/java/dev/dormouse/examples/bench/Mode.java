package dev.dormouse.examples.bench;

import java.util.List;
import java.util.Locale;

/** The things that can be measured. */
enum Mode {
  ECHO("closed", "/bench/echo/k%d", "wal", 1_000, "echo, nothing stored"),
  ECHO_LOOP("closed", "/bench/loop-echo/k%d", "wal", 1_000, "the same, handlers on event loops"),
  ATTACH_LOOP("closed", "/bench/loop-attach/k%d", "wal", 1_000, "attach, handlers on event loops"),
  ATTACH("closed", "/bench/attach/k%d", "wal", 1_000, "echo + attachment committed before it, wal"),
  ATTACH_FSYNC(
      "closed",
      "/bench/attach/k%d",
      "fsync",
      1_000,
      "echo + attachment committed before it, fsync"),
  PUT("closed", "/bench/put/k%d", "wal", 1_000, "echo + value committed before it, wal"),
  WAKE("wake", "/bench/echo/k%d", "wal", 100, "wake of a sleeping actor, against the same awake"),
  WAKE_LARGE(
      "wake-one", "/bench/echo/one", "wal", 10_000, "wake of an actor with all the connections"),
  IDLE("idle", "/bench/idle/k%d", "wal", 16_000, "memory of a hibernated connection"),
  BROADCAST("broadcast", "/bench/echo/all", "wal", 1_000, "broadcast to all connections"),
  BROADCAST_LARGE(
      "broadcast", "/bench/echo/all", "wal", 10_000, "broadcast to all of many connections"),
  HANDSHAKE("handshake", "/bench/idle/k%d", "wal", 8_000, "handshake with actor and attachment"),
  PACED("paced", "/bench/echo/k%d", "wal", 19_000, "open loop, latency from intended send time");

  private final String load;
  private final String path;
  private final String durability;
  private final int connections;
  private final String about;

  Mode(String load, String path, String durability, int connections, String about) {
    this.load = load;
    this.path = path;
    this.durability = durability;
    this.connections = connections;
    this.about = about;
  }

  /** Returns the name of the mode on the command line. */
  String label() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  String about() {
    return about;
  }

  String load() {
    return load;
  }

  String path() {
    return path;
  }

  String durability() {
    return durability;
  }

  int connections() {
    return connections;
  }

  /** Returns whether the stock server can do the same. */
  boolean hasBaseline() {
    return this != WAKE && this != WAKE_LARGE;
  }

  /**
   * Returns whether a round changes the servers' memory so that the next round cannot be compared;
   * each round then has new servers. Handshakes do so, since a heap grows with the connections it
   * has seen, and a collector then comes by less often.
   */
  boolean wearsServersOut() {
    return this == IDLE || this == HANDSHAKE;
  }

  /**
   * Returns the number of rounds with new servers that count for nothing: a JVM gets faster for
   * 80,000 handshakes, and for some hundred thousand messages.
   */
  int roundsToWarmUp() {
    return this == HANDSHAKE ? 3 : wearsServersOut() ? 0 : 1;
  }

  /** A figure that the load client reports. */
  record Reported(String key, String name, String unit, boolean isMoreBetter) {}

  /** Returns the figures that are shown; the first is the headline. */
  List<Reported> reported() {
    return switch (this) {
      case ECHO, ECHO_LOOP, ATTACH, ATTACH_LOOP, ATTACH_FSYNC, PUT ->
          List.of(
              new Reported("perSecond", "messages", "/s", true),
              new Reported("cpuUs", "server CPU of a message", "µs", false),
              new Reported("p50Us", "latency p50", "µs", false),
              new Reported("p99Us", "latency p99", "µs", false));
      case WAKE ->
          List.of(
              new Reported("coldToWarm", "cold wake p50 to warm message p50", "×", false),
              new Reported("coldP50Us", "cold wake p50", "µs", false),
              new Reported("coldP99Us", "cold wake p99", "µs", false),
              new Reported("warmP50Us", "warm message p50", "µs", false));
      case WAKE_LARGE ->
          List.of(
              new Reported("largeToSmall", "cold wake p50, to that with 1 connection", "×", false),
              new Reported("coldP50Us", "cold wake p50", "µs", false));
      case IDLE ->
          List.of(
              new Reported("rssBytes", "RSS of a connection", "B", false),
              new Reported("heapBytes", "live heap of a connection", "B", false));
      case BROADCAST, BROADCAST_LARGE ->
          List.of(
              new Reported("perSecond", "deliveries", "/s", true),
              new Reported("cpuUs", "server CPU of a delivery", "µs", false));
      case HANDSHAKE ->
          List.of(
              new Reported("cpuUs", "server CPU of a handshake", "µs", false),
              new Reported("perSecond", "handshakes", "/s", true));
      case PACED ->
          List.of(
              new Reported("p50Us", "latency p50", "µs", false),
              new Reported("p99Us", "latency p99", "µs", false),
              new Reported("p999Us", "latency p99.9", "µs", false),
              new Reported("cpuUs", "server CPU of a message", "µs", false));
    };
  }
}
