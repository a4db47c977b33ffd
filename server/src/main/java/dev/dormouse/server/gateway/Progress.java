package dev.dormouse.server.gateway;

import java.time.Duration;

/**
 * How far a client had come at some time with the bytes that it owes: those of a frame, a message
 * or a body that it sends, or those that it is to take. It tells slow from dead: a client that
 * brings {@value #BYTES_PER_SECOND_MIN} bytes a second may take as long as it needs, whatever the
 * size; one that brings less over all of a limit's time is given up.
 *
 * <p>A value; the clock is handed in.
 *
 * @param sinceNs when it had come so far
 * @param bytes how many it had brought by then, in all
 */
record Progress(long sinceNs, long bytes) {
  /** What a client must bring, on average over the time that a limit leaves it. */
  static final int BYTES_PER_SECOND_MIN = 256;

  /**
   * What is to be remembered once so many bytes are seen.
   *
   * @param total how many it has brought by now, in all
   * @return the same while that is not enough
   */
  Progress seen(long nowNs, long total, Duration limit) {
    return total - bytes < enough(limit) ? this : new Progress(nowNs, total);
  }

  /** Whether it has gone on, from then to now, at the rate that it must keep up. */
  boolean goesOn(long nowNs, long total) {
    return total - bytes >= enough(Duration.ofNanos(nowNs - sinceNs));
  }

  /** How long the client still has to bring enough; not positive if it is to be given up. */
  long leftNs(long nowNs, Duration limit) {
    return sinceNs + limit.toNanos() - nowNs;
  }

  private static long enough(Duration limit) {
    return Math.max(1, limit.toMillis() * BYTES_PER_SECOND_MIN / 1_000);
  }
}
