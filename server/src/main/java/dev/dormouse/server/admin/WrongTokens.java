package dev.dormouse.server.admin;

import dev.dormouse.log.Log;
import dev.dormouse.server.protocol.LatestMap;
import java.time.Duration;
import java.util.Map;
import org.slf4j.Logger;

/**
 * Counts wrong tokens by the address that sent them: at most {@value #OF_A_MINUTE_MAX} in the
 * minute that begins with the first. It keeps the counts of the {@value #ADDRESSES_MAX} addresses
 * that sent one last. Any thread.
 */
final class WrongTokens {
  static final int OF_A_MINUTE_MAX = 10;
  static final int ADDRESSES_MAX = 4_096;
  static final Duration MINUTE = Duration.ofMinutes(1);

  private static final Logger log = Log.of(WrongTokens.class);

  private record Minute(long beganNs, int wrong) {
    boolean isOver(long nowNs) {
      return nowNs - beganNs >= MINUTE.toNanos();
    }
  }

  /**
   * The counts by address; the address that sent a wrong token last is at the end. Guarded by this.
   */
  private final Map<String, Minute> minutes = new LatestMap<>(ADDRESSES_MAX);

  /** Counts a wrong token from an address. */
  synchronized void add(String address, long nowNs) {
    Minute before = minutes.get(address);
    Minute minute =
        before == null || before.isOver(nowNs)
            ? new Minute(nowNs, 1)
            : new Minute(before.beganNs, before.wrong + 1);
    minutes.put(address, minute);
    if (minute.wrong == OF_A_MINUTE_MAX) {
      log.warn(
          "{} wrong admin tokens came from {}; more are answered 429 until the minute is over",
          minute.wrong,
          address);
    }
  }

  /** Returns whether one more wrong token from the address in this minute is one too many. */
  synchronized boolean isTooMany(String address, long nowNs) {
    Minute minute = minutes.get(address);
    return minute != null && minute.wrong >= OF_A_MINUTE_MAX && !minute.isOver(nowNs);
  }

  /** Returns the number of addresses that are counted. */
  synchronized int size() {
    return minutes.size();
  }
}
