package dev.dormouse.server.host.alarm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.server.host.ManualTime;
import dev.dormouse.storage.rows.ClockMark;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class RunningTimeTest {
  private final ManualTime time = new ManualTime();

  @Test
  void theFirstEverBeginsAtTheWallClockAndIgnoresItFromThen() {
    long wallMs = time.wallMs();
    RunningTime running = new RunningTime(time, null);
    assertThat(running.nowMs()).isEqualTo(wallMs);
    time.jumpWall(Duration.ofDays(1));
    time.advance(Duration.ofMillis(7));
    assertThat(running.nowMs()).isEqualTo(wallMs + 7);
  }

  @Test
  void theNextOneAddsWhatTheWallClockSaysHasPassedAndNeverTakesAway() {
    ClockMark mark = new ClockMark(500, time.wallMs());
    time.jumpWall(Duration.ofSeconds(3));
    assertThat(new RunningTime(time, mark).nowMs()).isEqualTo(3_500);
    time.jumpWall(Duration.ofDays(-2));
    assertThat(new RunningTime(time, mark).nowMs()).isEqualTo(500);
  }

  @Test
  void aMarkIsDueAtOnceAfterAMinuteAndAfterAJump() {
    RunningTime running = new RunningTime(time, null);
    ClockMark first = running.newMark(null);
    assertThat(first).isEqualTo(new ClockMark(time.wallMs(), time.wallMs()));
    time.advance(Duration.ofMillis(59_999));
    assertThat(running.newMark(first)).isNull();
    time.jumpWall(Duration.ofSeconds(1));
    assertThat(running.newMark(first)).isNull();
    time.jumpWall(Duration.ofMillis(1));
    assertThat(running.newMark(first)).isEqualTo(new ClockMark(running.nowMs(), time.wallMs()));
    time.jumpWall(Duration.ofMillis(-2_002));
    assertThat(running.newMark(first)).isNotNull();
    time.jumpWall(Duration.ofMillis(1_001));
    time.advance(Duration.ofMillis(1));
    assertThat(running.newMark(first)).isNotNull();
  }
}
