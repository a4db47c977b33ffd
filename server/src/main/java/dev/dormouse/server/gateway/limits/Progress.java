package dev.dormouse.server.gateway.limits;

import java.time.Duration;

/**
 * The progress of a client at some time, by which slow clients are told from dead ones. It is
 * measured in the bytes of a frame, a message or a body that the client sends, or in the bytes that
 * the client reads. A client that moves {@value #BYTES_PER_SECOND_MIN} bytes a second may take as
 * long as it needs. A client that moves less, on average over the whole time of a limit, is given
 * up.
 *
 * <p>Progress is an immutable value; the clock is handed in.
 *
 * @param sinceNs the time of the progress, in nanoseconds
 * @param bytes the number of bytes that the client had moved by then, in all
 */
public record Progress(long sinceNs, long bytes) {
  /** The bytes a second that a client must move, on average over the time of a limit. */
  static final int BYTES_PER_SECOND_MIN = 256;

  /**
   * Returns the client's progress now, or this progress if the client has not moved enough since.
   *
   * @param total the number of bytes that the client has moved by now, in all
   */
  public Progress seen(long nowNs, long total, Duration limit) {
    return total - bytes < enough(limit) ? this : new Progress(nowNs, total);
  }

  /** Returns whether the client has moved enough bytes for the time since this progress. */
  public boolean goesOn(long nowNs, long total) {
    return total - bytes >= enough(Duration.ofNanos(nowNs - sinceNs));
  }

  /**
   * Returns the nanoseconds that the client still has to move enough bytes; zero or less if the
   * client is to be given up.
   */
  public long leftNs(long nowNs, Duration limit) {
    return sinceNs + limit.toNanos() - nowNs;
  }

  private static long enough(Duration limit) {
    return Math.max(1, limit.toMillis() * BYTES_PER_SECOND_MIN / 1_000);
  }
}
