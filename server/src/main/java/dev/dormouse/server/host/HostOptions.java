package dev.dormouse.server.host;

import dev.dormouse.sdk.ActorOptions;
import java.time.Duration;

/**
 * The limits of a host. {@link #of} gives the limits of one actor type, whose options may replace
 * the idle time, the turn limit, the bound of the mailbox and the number of attempts.
 *
 * @param idle how long an actor has no events before it hibernates
 * @param turnLimit how long a turn may last; a longer one is abandoned, and its actor reset
 * @param mailboxMax the most events that wait for one actor; over it messages are withheld and
 *     upgrades and requests answered 503
 * @param activeActorsMax the most actors in memory; over it the least recently used hibernate
 *     early, and if too many are busy, upgrades and requests for other actors are answered 503
 * @param unsettledBytesMax the most bytes that all turns that are open or wait for the store may
 *     hold, in writes and in records to send; over it no turn begins
 * @param retries how often, and how soon, failed activations and reads are tried again
 */
public record HostOptions(
    Duration idle,
    Duration turnLimit,
    int mailboxMax,
    int activeActorsMax,
    long unsettledBytesMax,
    RetryPolicy retries) {
  /** The divisor of the heap's size that gives the default of {@code unsettledBytesMax}. */
  private static final int UNSETTLED_PART = 8;

  /**
   * Returns the defaults: 10 s idle, 30 s a turn, 1,024 events, 100,000 actors, an eighth of the
   * heap for turns that wait for the store, 6 attempts.
   */
  public static HostOptions defaults() {
    return new HostOptions(
        Duration.ofSeconds(10),
        Duration.ofSeconds(30),
        1_024,
        100_000,
        Runtime.getRuntime().maxMemory() / UNSETTLED_PART,
        RetryPolicy.defaults());
  }

  /** Returns these options with the limits that an actor type has of its own. */
  HostOptions of(ActorOptions type) {
    return new HostOptions(
        type.idle().orElse(idle),
        type.turnLimit().orElse(turnLimit),
        type.mailboxMax().orElse(mailboxMax),
        activeActorsMax,
        unsettledBytesMax,
        retries.withAttemptsMax(type.activationAttemptsMax().orElse(retries.attemptsMax())));
  }

  /** Returns these options with another idle time. */
  public HostOptions withIdle(Duration idle) {
    return new HostOptions(
        idle, turnLimit, mailboxMax, activeActorsMax, unsettledBytesMax, retries);
  }

  /** Returns these options with another number of actors in memory. */
  public HostOptions withActiveActorsMax(int activeActorsMax) {
    return new HostOptions(
        idle, turnLimit, mailboxMax, activeActorsMax, unsettledBytesMax, retries);
  }

  /** Returns these options with another bound of the mailbox, in events. */
  public HostOptions withMailboxMax(int mailboxMax) {
    return new HostOptions(
        idle, turnLimit, mailboxMax, activeActorsMax, unsettledBytesMax, retries);
  }

  /** Returns these options with other retries. */
  public HostOptions withRetries(RetryPolicy retries) {
    return new HostOptions(
        idle, turnLimit, mailboxMax, activeActorsMax, unsettledBytesMax, retries);
  }

  /** Returns these options with another bound of turns that wait for the store, in bytes. */
  HostOptions withUnsettledBytesMax(long unsettledBytesMax) {
    return new HostOptions(
        idle, turnLimit, mailboxMax, activeActorsMax, unsettledBytesMax, retries);
  }
}
