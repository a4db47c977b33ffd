package dev.dormouse.server.host.alarm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.storage.rows.DueAlarm;
import dev.dormouse.storage.rows.DueClock;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class AlarmRetryTest {
  private static final ActorId ROOM = new ActorId("room", "one");

  private static DueAlarm alarm(ActorId actor, String name) {
    return new DueAlarm(actor, DueClock.WALL, 0, name);
  }

  @Test
  void aDelayDoublesAndIsUpToHalfAsLongAgain() {
    for (int failures = 1; failures <= 6; failures++) {
      long least = 1_000L << failures;
      for (int i = 0; i < 1_000; i++) {
        assertThat(AlarmRetry.delayMs(alarm(ROOM, "a" + i), failures))
            .isBetween(least, least * 3 / 2);
      }
    }
  }

  @Test
  void alarmsThatFailedTogetherAreSpread() {
    long[] delays =
        IntStream.range(0, 1_000)
            .mapToLong(i -> AlarmRetry.delayMs(alarm(new ActorId("room", "r" + i), "a"), 1))
            .toArray();
    for (int tenth = 0; tenth < 10; tenth++) {
      long from = 2_000 + 100L * tenth;
      assertThat(java.util.Arrays.stream(delays).filter(d -> d >= from && d < from + 100).count())
          .isBetween(50L, 150L);
    }
    assertThat(AlarmRetry.delayMs(alarm(ROOM, "a"), 1))
        .isEqualTo(AlarmRetry.delayMs(alarm(ROOM, "a"), 1));
    assertThat(AlarmRetry.delayMs(alarm(ROOM, "a"), 1_000)).isBetween(64_000L, 96_000L);
  }
}
