package dev.dormouse.server.gateway.socket;

import static dev.dormouse.server.gateway.socket.LivenessWheel.TICKS_PER_INTERVAL;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class LivenessWheelTest {
  private final LivenessWheel wheel = new LivenessWheel();

  /** A peer that notes when it was pinged and given up. */
  private class Peer extends LivenessWheel.Peer {
    final List<Integer> pinged = new ArrayList<>();
    int givenUp = -1;
    boolean isRead = true;

    Peer() {
      this.wheel = LivenessWheelTest.this.wheel;
    }

    @Override
    boolean isRead() {
      return isRead;
    }

    @Override
    void ping() {
      pinged.add(wheel().now());
    }

    @Override
    void giveUp() {
      assertThat(givenUp).isEqualTo(-1);
      givenUp = wheel().now();
    }

    private LivenessWheel wheel() {
      return LivenessWheelTest.this.wheel;
    }
  }

  private Peer join() {
    Peer peer = new Peer();
    wheel.add(peer);
    return peer;
  }

  private void ticks(int number) {
    for (int i = 0; i < number; i++) {
      wheel.tick();
      assertThat(wheel.look(Integer.MAX_VALUE)).isFalse();
    }
  }

  @Test
  @DisplayName("many at once are looked at in portions, and those left over before the next tick")
  void manyAtOnceAreLookedAtInPortionsAndThoseLeftOverBeforeTheNextTick() {
    List<Peer> peers = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      peers.add(join());
    }
    ticks(TICKS_PER_INTERVAL - 1);
    wheel.tick();
    assertThat(wheel.look(4)).isTrue();
    assertThat(peers.stream().filter(peer -> peer.pinged.isEmpty())).hasSize(6);
    wheel.remove(peers.get(0));
    wheel.tick();
    assertThat(wheel.look(4)).isFalse();
    assertThat(peers.stream().filter(peer -> peer.pinged.isEmpty())).containsExactly(peers.get(0));
    ticks(TICKS_PER_INTERVAL);
    assertThat(peers.stream().filter(peer -> peer.givenUp == -1)).containsExactly(peers.get(0));
    assertThat(wheel.size()).isZero();
  }

  @Test
  @DisplayName("a silent peer is pinged once after one interval, and given up after two")
  void aSilentPeerIsPingedOnceAfterOneIntervalAndGivenUpAfterTwo() {
    ticks(7);
    Peer peer = join();
    ticks(5 * TICKS_PER_INTERVAL);
    assertThat(peer.pinged).containsExactly(7 + TICKS_PER_INTERVAL);
    assertThat(peer.givenUp).isEqualTo(7 + 2 * TICKS_PER_INTERVAL);
    assertThat(wheel.size()).isZero();
  }

  @Test
  @DisplayName("one that answers is pinged an interval after each answer, and never given up")
  void oneThatAnswersIsPingedAnIntervalAfterEachAnswerAndNeverGivenUp() {
    Peer peer = join();
    ticks(TICKS_PER_INTERVAL + 3);
    peer.heard();
    ticks(TICKS_PER_INTERVAL + 2);
    peer.heard();
    ticks(TICKS_PER_INTERVAL);
    int pong = TICKS_PER_INTERVAL + 3;
    int nextPong = pong + TICKS_PER_INTERVAL + 2;
    assertThat(peer.pinged)
        .containsExactly(
            TICKS_PER_INTERVAL, pong + TICKS_PER_INTERVAL, nextPong + TICKS_PER_INTERVAL);
    assertThat(peer.givenUp).isEqualTo(-1);
  }

  @Test
  @DisplayName("one that says something in every interval is never pinged")
  void oneThatSaysSomethingInEveryIntervalIsNeverPinged() {
    Peer peer = join();
    for (int i = 0; i < 10; i++) {
      ticks(TICKS_PER_INTERVAL - 1);
      peer.heard();
    }
    assertThat(peer.pinged).isEmpty();
    assertThat(peer.givenUp).isEqualTo(-1);
  }

  @Test
  @DisplayName("one that is not read is neither pinged nor given up until it is read again")
  void oneThatIsNotReadIsNeitherPingedNorGivenUpUntilItIsReadAgain() {
    Peer peer = join();
    peer.isRead = false;
    ticks(5 * TICKS_PER_INTERVAL);
    assertThat(peer.pinged).isEmpty();
    peer.isRead = true;
    peer.heard();
    ticks(3 * TICKS_PER_INTERVAL);
    assertThat(peer.pinged).containsExactly(6 * TICKS_PER_INTERVAL);
    assertThat(peer.givenUp).isEqualTo(7 * TICKS_PER_INTERVAL);
  }

  @Test
  @DisplayName("peers that leave, in a tick too, are let be, and the others are not")
  void peersThatLeaveInATickTooAreLetBeAndTheOthersAreNot() {
    Peer other = join();
    Peer leaver =
        new Peer() {
          @Override
          void ping() {
            super.ping();
            LivenessWheelTest.this.wheel.remove(this);
            LivenessWheelTest.this.wheel.remove(other);
          }
        };
    wheel.add(leaver);
    Peer third = join();
    ticks(5 * TICKS_PER_INTERVAL);
    assertThat(leaver.pinged).hasSize(1);
    assertThat(leaver.givenUp).isEqualTo(-1);
    assertThat(other.givenUp).isEqualTo(-1);
    assertThat(third.givenUp).isEqualTo(2 * TICKS_PER_INTERVAL);
    wheel.remove(third);
    assertThat(wheel.size()).isZero();
  }

  @Test
  @DisplayName("a peer whose ping fails harms no other")
  void aPeerWhosePingFailsHarmsNoOther() {
    Peer bad =
        new Peer() {
          @Override
          void ping() {
            throw new IllegalStateException("as asked");
          }
        };
    wheel.add(bad);
    Peer good = join();
    ticks(2 * TICKS_PER_INTERVAL);
    assertThat(bad.givenUp).isEqualTo(2 * TICKS_PER_INTERVAL);
    assertThat(good.givenUp).isEqualTo(2 * TICKS_PER_INTERVAL);
  }

  @Test
  @DisplayName("whatever comes and goes, each is given up two intervals after it was heard last")
  void manyAtRandom() {
    long seed = 20_260_101;
    Random random = new Random(seed);
    List<Peer> peers = new ArrayList<>();
    List<Integer> lastHeard = new ArrayList<>();
    for (int tick = 0; tick < 20 * TICKS_PER_INTERVAL; tick++) {
      peers.add(join());
      lastHeard.add(wheel.now());
      for (int i = 0; i < peers.size(); i++) {
        if (peers.get(i).givenUp == -1 && random.nextInt(40) == 0) {
          peers.get(i).heard();
          lastHeard.set(i, wheel.now());
        }
      }
      ticks(1);
      for (int i = 0; i < peers.size(); i++) {
        int dueAt = lastHeard.get(i) + 2 * TICKS_PER_INTERVAL;
        assertThat(peers.get(i).givenUp)
            .as("seed %d, tick %d, peer %d", seed, tick, i)
            .isEqualTo(dueAt <= wheel.now() ? dueAt : -1);
      }
    }
    assertThat(peers).anyMatch(peer -> peer.givenUp >= 0);
  }
}
