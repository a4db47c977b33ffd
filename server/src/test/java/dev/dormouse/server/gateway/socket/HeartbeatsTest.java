package dev.dormouse.server.gateway.socket;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.server.protocol.Time;
import io.netty.channel.EventLoop;
import io.netty.channel.embedded.EmbeddedChannel;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class HeartbeatsTest {
  private static final Duration INTERVAL = Duration.ofSeconds(30);
  private static final Duration TICK = INTERVAL.dividedBy(LivenessWheel.TICKS_PER_INTERVAL);

  private final EmbeddedChannel channel = new EmbeddedChannel();
  private final EventLoop loop = channel.eventLoop();
  private Instant now = Instant.parse("2030-01-01T00:00:00Z");
  private final Heartbeats heartbeats =
      new Heartbeats(
          INTERVAL,
          new Time() {
            @Override
            public long nowNs() {
              throw new UnsupportedOperationException();
            }

            @Override
            public long wallMs() {
              return now.toEpochMilli();
            }
          });

  /** A peer that is read, and silent. */
  private static class Peer extends LivenessWheel.Peer {
    int pings;
    boolean isGivenUp;

    @Override
    boolean isRead() {
      return true;
    }

    @Override
    void ping() {
      pings++;
    }

    @Override
    void giveUp() {
      isGivenUp = true;
    }
  }

  /** Lets time pass; event loop and wall clock agree. */
  private void pass(Duration time) {
    now = now.plus(time);
    channel.advanceTimeBy(time.toNanos(), TimeUnit.NANOSECONDS);
    channel.runScheduledPendingTasks();
  }

  private Peer join() {
    Peer peer = new Peer();
    heartbeats.join(peer, loop);
    return peer;
  }

  @Test
  @DisplayName("a peer was last heard of at the beginning of that tick, as long as it is known")
  void aPeerWasLastHeardOfAtTheBeginningOfThatTickAsLongAsItIsKnown() {
    channel.freezeTime();
    Peer peer = join();
    Instant joined = now;
    assertThat(heartbeats.lastHeard(peer, loop)).isEqualTo(joined);
    pass(TICK);
    pass(TICK);
    Instant tick = now;
    now = now.plus(TICK.dividedBy(2));
    peer.heard();
    for (int i = 0; i < 2 * LivenessWheel.TICKS_PER_INTERVAL - 1; i++) {
      assertThat(heartbeats.lastHeard(peer, loop)).isEqualTo(tick);
      pass(TICK);
    }
    assertThat(peer.pings).isEqualTo(1);
    assertThat(heartbeats.lastHeard(peer, loop)).isEqualTo(tick);
    pass(TICK);
    assertThat(peer.isGivenUp).isTrue();
    assertThat(heartbeats.lastHeard(peer, loop)).isNull();
  }

  @Test
  @DisplayName("kind 3: an Error of one peer ends neither the heartbeats of the others nor its own")
  void anErrorOfOnePeerEndsNeitherTheHeartbeatsOfTheOthersNorItsOwn() {
    channel.freezeTime();
    Peer before = join();
    Peer faulty =
        new Peer() {
          @Override
          void ping() {
            super.ping();
            throw new NoClassDefFoundError("made up");
          }
        };
    heartbeats.join(faulty, loop);
    Peer after = join();
    for (int i = 0; i < 2 * LivenessWheel.TICKS_PER_INTERVAL; i++) {
      pass(TICK);
    }
    assertThat(faulty.pings).isEqualTo(1);
    assertThat(before.pings).isEqualTo(1);
    assertThat(after.pings).isEqualTo(1);
    assertThat(after.isGivenUp && before.isGivenUp).isTrue();
    assertThat(faulty.isGivenUp).isTrue();
  }

  @Test
  @DisplayName("while the process stands still nobody grows silent, but the time is told as it is")
  void whileTheProcessStandsStillNobodyGrowsSilent() {
    channel.freezeTime();
    Peer peer = join();
    Instant joined = now;
    pass(TICK);
    now = now.plus(Duration.ofHours(1));
    pass(TICK);
    assertThat(heartbeats.lastHeard(peer, loop)).isEqualTo(joined);
    assertThat(peer.pings).isZero();
    peer.heard();
    assertThat(heartbeats.lastHeard(peer, loop)).isEqualTo(now);
  }

  @Test
  @DisplayName("after a while without peers, one that comes is heard of now")
  void afterAWhileWithoutPeersOneThatComesIsHeardOfNow() {
    channel.freezeTime();
    heartbeats.leave(join(), loop);
    pass(Duration.ofHours(1));
    assertThat(heartbeats.lastHeard(join(), loop)).isEqualTo(now);
  }
}
