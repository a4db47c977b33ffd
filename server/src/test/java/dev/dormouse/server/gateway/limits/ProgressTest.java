package dev.dormouse.server.gateway.limits;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class ProgressTest {
  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final long SECOND_NS = 1_000_000_000L;

  /**
   * Returns the number of seconds that a client lasts if it brings this number of bytes each time
   * this number of seconds has passed.
   */
  private static long lasts(long bytes, int everySeconds, long secondsMax) {
    Progress progress = new Progress(0, 0);
    long total = 0;
    for (long second = 1; second <= secondsMax; second++) {
      total += second % everySeconds == 0 ? bytes : 0;
      progress = progress.seen(second * SECOND_NS, total, LIMIT);
      if (progress.leftNs(second * SECOND_NS, LIMIT) <= 0) {
        return second;
      }
    }
    return secondsMax;
  }

  @Test
  @DisplayName("F16 F17 who brings 256 bytes a second may go on for ever, in whatever pieces")
  void slowIsNotDead() {
    assertThat(lasts(257, 1, 10_000)).isEqualTo(10_000);
    assertThat(lasts(24 << 10, 1, 10_000)).isEqualTo(10_000);
    assertThat(lasts(30 * 256, 29, 10_000)).isEqualTo(10_000);
    assertThat(lasts(1 << 20, 29, 10_000)).isEqualTo(10_000);
  }

  @Test
  @DisplayName("F16 F17 who brings nothing, or a byte now and then, is given up after the limit")
  void dribblingIsDead() {
    assertThat(lasts(0, 1, 10_000)).isEqualTo(30);
    assertThat(lasts(1, 1, 10_000)).isEqualTo(30);
    assertThat(lasts(100, 1, 10_000)).isEqualTo(30);
    assertThat(lasts(1 << 20, 31, 10_000)).isEqualTo(30);
  }

  @Test
  @DisplayName("after an hour of good progress, a stop costs no more than the limit")
  void afterAnHourOfGoodProgressAStopCostsNoMoreThanTheLimit() {
    Progress progress = new Progress(0, 0).seen(3_600 * SECOND_NS, 1L << 30, LIMIT);
    assertThat(progress.leftNs(3_629 * SECOND_NS, LIMIT)).isEqualTo(SECOND_NS);
    assertThat(progress.seen(3_629 * SECOND_NS, (1L << 30) + 100, LIMIT)).isEqualTo(progress);
  }
}
