package dev.dormouse.server.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RetryTest {
  private static final RetryPolicy POLICY = RetryPolicy.defaults();

  private static long ms(long ms) {
    return Duration.ofMillis(ms).toNanos();
  }

  @Test
  void restsDoubleUpToTheLongest() {
    List<Long> restsMs = new ArrayList<>();
    for (int failures = 1; failures <= 8; failures++) {
      restsMs.add(Duration.ofNanos(POLICY.restNs(failures)).toMillis());
    }
    assertThat(restsMs)
        .containsExactly(250L, 500L, 1_000L, 2_000L, 4_000L, 8_000L, 10_000L, 10_000L);
    assertThat(POLICY.restNs(Integer.MAX_VALUE)).isEqualTo(ms(10_000));
    assertThat(POLICY.withRestMax(Duration.ofDays(300)).restNs(Integer.MAX_VALUE))
        .isEqualTo(ms(250) << 20);
  }

  @Test
  void theNextAttemptIsDueAfterTheRestAndPatienceEndsWithTime() {
    long begin = Long.MAX_VALUE - ms(500); // the clock may overflow
    Retry first = Retry.after(null, POLICY, begin, begin + ms(100));
    assertThat(first.failures()).isEqualTo(1);
    assertThat(first.isDue(begin + ms(349))).isFalse();
    assertThat(first.isDue(begin + ms(350))).isTrue();
    Retry second = Retry.after(first, POLICY, begin + ms(350), begin + ms(400));
    assertThat(second.failures()).isEqualTo(2);
    assertThat(second.isDue(begin + ms(899))).isFalse();
    assertThat(second.isDue(begin + ms(900))).isTrue();
    assertThat(second.mayPass(POLICY, begin + ms(1_999))).isTrue();
    assertThat(second.mayPass(POLICY, begin + ms(2_000))).isFalse();
    assertThat(second.dueAt(begin).isDue(begin)).isTrue();
  }

  @Test
  void aPolicyThatMakesNoSenseIsRefused() {
    Duration second = Duration.ofSeconds(1);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new RetryPolicy(0, second, second, second))
        .withMessage("attemptsMax 0 is less than 1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new RetryPolicy(1, Duration.ZERO, second, second));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new RetryPolicy(1, second.plusMillis(1), second, second));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new RetryPolicy(1, second, second, second.negated()));
  }
}
