package dev.dormouse.sdk;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The id of a connection, from handshake to close, across hibernation. No id is used twice.
 *
 * <p>An id names the run of the node that accepted the socket, and the connection's number in that
 * run, so the ids of a run sort by the order of acceptance. A run is one life of a node's process.
 * No two runs have the same number, not even in a cluster.
 *
 * <pre>{@code
 * ConnectionId id = ConnectionId.parse("3.17");   // what toString wrote, from a message or a log
 * connections().find(id).ifPresent(c -> c.send("psst"));
 * }</pre>
 *
 * @param value the run in the upper 24 bits, and the number in the lower 40 bits
 */
public record ConnectionId(long value) implements Comparable<ConnectionId> {

  private static final int NUMBER_BITS = 40;
  private static final long NUMBER_MAX = (1L << NUMBER_BITS) - 1;
  private static final long RUN_MAX = (1L << 24) - 1;
  private static final Pattern TEXT = Pattern.compile("([0-9]{1,8})\\.([0-9]{1,13})");

  /**
   * Returns the id of the {@code number}th connection of a run.
   *
   * @throws IllegalArgumentException if the run is not 0 to 2^24-1 or the number not 0 to 2^40-1
   */
  public static ConnectionId of(long run, long number) {
    if (run < 0 || run > RUN_MAX) {
      throw new IllegalArgumentException("run " + run + " is not 0 to " + RUN_MAX);
    }
    if (number < 0 || number > NUMBER_MAX) {
      throw new IllegalArgumentException(
          "connection number " + number + " is not 0 to " + NUMBER_MAX);
    }
    return new ConnectionId(run << NUMBER_BITS | number);
  }

  /**
   * Reads an id that {@link #toString} wrote.
   *
   * @throws IllegalArgumentException if the text is not of the form {@code 3.17}
   */
  public static ConnectionId parse(String text) {
    Matcher matcher = TEXT.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException("connection id '" + text + "' is not of the form 3.17");
    }
    return of(Long.parseLong(matcher.group(1)), Long.parseLong(matcher.group(2)));
  }

  /** Returns the number of the run of the node that accepted the socket. */
  public long run() {
    return value >>> NUMBER_BITS;
  }

  /** Returns the connection's number in its run, from 1. */
  public long number() {
    return value & NUMBER_MAX;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ConnectionId that && value == that.value;
  }

  @Override
  public int hashCode() {
    return Long.hashCode(value);
  }

  @Override
  public int compareTo(ConnectionId other) {
    return Long.compareUnsigned(value, other.value);
  }

  /** Returns {@code run.number}, such as {@code 3.17}. */
  @Override
  public String toString() {
    return run() + "." + number();
  }
}
