package dev.dormouse.server.host.alarm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.server.host.ManualTime;
import dev.dormouse.storage.rows.ClockMark;
import dev.dormouse.storage.rows.HeldMark;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class RunningTimeTest {
  private final ManualTime time = new ManualTime();

  @Test
  void theFirstEverBeginsAtTheWallClockAndIgnoresItFromThen() {
    long wallMs = time.wallMs();
    RunningTime running = new RunningTime(time, 2, null);
    assertThat(running.nowMs()).isEqualTo(wallMs);
    time.jumpWall(Duration.ofDays(1));
    time.advance(Duration.ofMillis(7));
    assertThat(running.nowMs()).isEqualTo(wallMs + 7);
  }

  @Test
  void theNextOneAddsWhatTheWallClockSaysHasPassedAndNeverTakesAway() {
    HeldMark mark = HeldMark.own(new ClockMark(500, time.wallMs(), 1));
    time.jumpWall(Duration.ofSeconds(3));
    assertThat(new RunningTime(time, 2, mark).nowMs()).isEqualTo(3_500);
    time.jumpWall(Duration.ofDays(-2));
    assertThat(new RunningTime(time, 2, mark).nowMs()).isEqualTo(500);
  }

  @Test
  void aMarkOfAnotherRunIsReplacedAtOnce() {
    ClockMark last = new ClockMark(500, time.wallMs(), 1);
    RunningTime running = new RunningTime(time, 2, HeldMark.own(last));
    assertThat(running.newMark(last)).isEqualTo(new ClockMark(500, time.wallMs(), 2));
  }

  @Test
  void aMarkIsDueAtOnceAfterAMinuteAndAfterAJump() {
    RunningTime running = new RunningTime(time, 2, null);
    ClockMark first = running.newMark(null);
    assertThat(first).isEqualTo(new ClockMark(time.wallMs(), time.wallMs(), 2));
    time.advance(Duration.ofMillis(59_999));
    assertThat(running.newMark(first)).isNull();
    time.jumpWall(Duration.ofSeconds(1));
    assertThat(running.newMark(first)).isNull();
    time.jumpWall(Duration.ofMillis(1));
    assertThat(running.newMark(first)).isEqualTo(new ClockMark(running.nowMs(), time.wallMs(), 2));
    time.jumpWall(Duration.ofMillis(-2_002));
    assertThat(running.newMark(first)).isNotNull();
    time.jumpWall(Duration.ofMillis(1_001));
    time.advance(Duration.ofMillis(1));
    assertThat(running.newMark(first)).isNotNull();
  }
}
