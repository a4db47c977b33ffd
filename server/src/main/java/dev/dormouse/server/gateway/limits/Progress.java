package dev.dormouse.server.gateway.limits;

import java.time.Duration;

/**
 * Tells slow clients from dead ones. It notes how far a client had come at some time with the bytes
 * that the client owes: those of a frame, a message or a body that it sends, or those that it is to
 * take. A client that brings {@value #BYTES_PER_SECOND_MIN} bytes a second may take as long as it
 * needs, whatever the size. One that brings less over all of a limit's time is given up.
 *
 * <p>Progress is a value; the clock is handed in.
 *
 * @param sinceNs when the client had come so far
 * @param bytes how many bytes it had brought by then, in all
 */
public record Progress(long sinceNs, long bytes) {
  /** How many bytes a second a client must bring, on average over the time of a limit. */
  static final int BYTES_PER_SECOND_MIN = 256;

  /**
   * Returns how far the client has come once so many bytes are seen.
   *
   * @param total how many it has brought by now, in all
   * @return this progress while the client has not brought enough since
   */
  public Progress seen(long nowNs, long total, Duration limit) {
    return total - bytes < enough(limit) ? this : new Progress(nowNs, total);
  }

  /** Returns whether the client has gone on since then at the rate that it must keep up. */
  public boolean goesOn(long nowNs, long total) {
    return total - bytes >= enough(Duration.ofNanos(nowNs - sinceNs));
  }

  /**
   * Returns how long the client still has to bring enough; not positive if it is to be given up.
   */
  public long leftNs(long nowNs, Duration limit) {
    return sinceNs + limit.toNanos() - nowNs;
  }

  private static long enough(Duration limit) {
    return Math.max(1, limit.toMillis() * BYTES_PER_SECOND_MIN / 1_000);
  }
}
