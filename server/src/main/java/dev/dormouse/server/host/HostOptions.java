package dev.dormouse.server.host;

import java.time.Duration;

/**
 * The limits of a host.
 *
 * @param idle an actor without events for so long hibernates
 * @param turnLimit a turn that lasts longer is abandoned, and its actor reset
 * @param mailboxMax the most events that wait for one actor; over it messages are withheld and
 *     upgrades and requests answered 503
 * @param activeActorsMax the most actors in memory; over it the least recently used hibernate early
 */
public record HostOptions(Duration idle, Duration turnLimit, int mailboxMax, int activeActorsMax) {

  /** 10 s idle, 30 s a turn, 1,024 events, 100,000 actors. */
  public static HostOptions defaults() {
    return new HostOptions(Duration.ofSeconds(10), Duration.ofSeconds(30), 1_024, 100_000);
  }

  /** The same, with another idle time. */
  public HostOptions withIdle(Duration idle) {
    return new HostOptions(idle, turnLimit, mailboxMax, activeActorsMax);
  }
}
