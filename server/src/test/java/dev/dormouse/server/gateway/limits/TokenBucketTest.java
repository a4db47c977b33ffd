package dev.dormouse.server.gateway.limits;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class TokenBucketTest {
  private static final long MS = Duration.ofMillis(1).toNanos();

  @Test
  @DisplayName("as many at once as in a second, then one whenever a part of the second has passed")
  void asManyAreLetInAtOnceAsInASecondThenOneAfterTheOther() {
    long startNs = Long.MAX_VALUE - 100 * MS; // the clock may overflow
    TokenBucket bucket = new TokenBucket(4, startNs);
    for (int i = 0; i < 4; i++) {
      assertThat(bucket.take(startNs)).isTrue();
    }
    assertThat(bucket.take(startNs)).isFalse();
    assertThat(bucket.take(startNs + 249 * MS)).isFalse();
    assertThat(bucket.take(startNs + 250 * MS)).isTrue();
    assertThat(bucket.take(startNs + 250 * MS)).isFalse();
    assertThat(bucket.take(startNs + 499 * MS)).isFalse();
    assertThat(bucket.take(startNs + 500 * MS)).isTrue();
  }

  @Test
  @DisplayName("a long pause fills it, and no more")
  void aLongPauseFillsItAndNoMore() {
    TokenBucket bucket = new TokenBucket(2, 0);
    assertThat(bucket.take(3_600_000 * MS)).isTrue();
    assertThat(bucket.take(3_600_000 * MS)).isTrue();
    assertThat(bucket.take(3_600_000 * MS)).isFalse();
  }

  @Test
  @DisplayName("addresses have buckets of their own, and those seen longest ago are forgotten")
  void addressesHaveBucketsOfTheirOwnAndThoseSeenLongestAgoAreForgotten() {
    AddressRates rates = new AddressRates(1);
    assertThat(rates.take(1, 0)).isTrue();
    assertThat(rates.take(1, 0)).isFalse();
    assertThat(rates.take(2, 0)).isTrue();
    for (long other = 3; other <= AddressRates.ADDRESSES_MAX; other++) {
      assertThat(rates.take(other, 0)).isTrue();
    }
    assertThat(rates.take(1, 0)).isFalse();
    for (long other = 1; other <= 10; other++) {
      assertThat(rates.take(-other, 0)).isTrue();
    }
    assertThat(rates.size()).isEqualTo(AddressRates.ADDRESSES_MAX);
    assertThat(rates.take(1, 0)).isFalse();
    assertThat(rates.take(2, 0)).isTrue();
  }
}
