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
 * @param retries how often, and how soon, what failed is tried again
 */
public record HostOptions(
    Duration idle, Duration turnLimit, int mailboxMax, int activeActorsMax, RetryPolicy retries) {

  /** 10 s idle, 30 s a turn, 1,024 events, 100,000 actors, 6 attempts. */
  public static HostOptions defaults() {
    return new HostOptions(
        Duration.ofSeconds(10), Duration.ofSeconds(30), 1_024, 100_000, RetryPolicy.defaults());
  }

  /** The same, with another idle time. */
  public HostOptions withIdle(Duration idle) {
    return new HostOptions(idle, turnLimit, mailboxMax, activeActorsMax, retries);
  }

  /** The same, with another mailbox. */
  public HostOptions withMailboxMax(int mailboxMax) {
    return new HostOptions(idle, turnLimit, mailboxMax, activeActorsMax, retries);
  }

  /** The same, with other retries. */
  public HostOptions withRetries(RetryPolicy retries) {
    return new HostOptions(idle, turnLimit, mailboxMax, activeActorsMax, retries);
  }
}
