package dev.dormouse.server.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.Alarm;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.storage.CommitResult;
import dev.dormouse.storage.MemoryDisk;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Checks an actor that sets and cancels alarms at random, while turns fail, commits wait or are
 * lost, the actor sleeps, the wall clock jumps and the process dies. The actor also writes each
 * alarm into its storage, in the same turn: the two must never differ, no alarm may come early, and
 * none may be lost.
 */
@Tag("once") // a walk has one thread, and is the same on every JVM
class AlarmWalkTest {
  private static final int STEPS = 300;
  private static final int NAMES = 6;
  private static final Duration LONGEST = Duration.ofSeconds(200);

  private final ManualTime time = new ManualTime();
  private final MemoryDisk disk = new MemoryDisk();
  private final List<String> faults = new ArrayList<>();
  private int handled;
  private Random random;
  private boolean isCalm;
  private TestHost node;
  private ConnectionId ada;

  private final Script script =
      new Script() {
        @Override
        void onMessage(Actor self, Connection<Object> from, String text) throws IOException {
          if (text.equals("check")) {
            check(self);
            return;
          }
          change(self);
          failPerhaps(1);
        }

        @Override
        void onAlarm(Actor self, Alarm alarm) throws IOException {
          String due = self.store().get(alarm.name(), String.class).orElse("none");
          // A retry goes by the running clock, wherever the wall clock is by then.
          if (alarm.isRetry() ? due.equals("none") : !isDue(due)) {
            faults.add(alarm + " came at " + now() + " though what is set is " + due);
          }
          self.store().delete(alarm.name());
          handled++;
          if (random.nextBoolean() && !isCalm) {
            change(self);
          }
          check(self);
          failPerhaps(alarm.attempt());
        }

        private void failPerhaps(int attempt) throws IOException {
          if (!isCalm && attempt < 4 && random.nextInt(4) == 0) {
            throw new IOException("as asked");
          }
        }
      };

  private void change(Script.Actor self) {
    for (int i = random.nextInt(3); i >= 0; i--) {
      String name = "n" + random.nextInt(NAMES);
      long ms = random.nextInt(3) == 0 ? 0 : random.nextLong(LONGEST.toMillis());
      switch (random.nextInt(4)) {
        case 0 -> {
          boolean wasSet = self.store().get(name, String.class).isPresent();
          self.store().delete(name);
          if (self.clock().cancel(name) != wasSet) {
            faults.add(name + " was set: " + wasSet);
          }
        }
        case 1 -> {
          self.store().put(name, "w" + (time.wallMs() + ms));
          self.clock().at(name, Instant.ofEpochMilli(time.wallMs() + ms));
        }
        default -> {
          self.store().put(name, "r" + (time.nowNs() / 1_000_000 + ms));
          self.clock().after(name, Duration.ofMillis(ms));
        }
      }
    }
  }

  private boolean isDue(String stored) {
    long ms = stored.equals("none") ? Long.MAX_VALUE : Long.parseLong(stored.substring(1));
    return ms <= (stored.startsWith("w") ? time.wallMs() : time.nowNs() / 1_000_000);
  }

  private String now() {
    return "w" + time.wallMs() + ", r" + time.nowNs() / 1_000_000;
  }

  private void check(Script.Actor self) {
    List<String> stored =
        self.store().list("n", String.class).stream().map(entry -> entry.key()).toList();
    List<String> set = self.clock().list().stream().map(Alarm::name).sorted().toList();
    if (!stored.equals(set)) {
      faults.add("alarms " + set + ", stored " + stored);
    }
  }

  private void start() {
    node = new TestHost(disk, script, time);
    ada = node.connect("ada");
  }

  static LongStream seeds() {
    return LongStream.range(1, 41);
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void noAlarmIsLostEarlyOrApartFromWhatItsTurnStored(long seed) {
    random = new Random(seed);
    start();
    for (int i = 0; i < STEPS; i++) {
      step();
      node.ring();
      assertThat(faults).as("seed %d, step %d", seed, i).isEmpty();
    }
    isCalm = true;
    node.store.letAllThrough();
    node.steps.runAll();
    time.advance(LONGEST.plus(Duration.ofDays(1)));
    for (int i = 0; i < 20; i++) {
      node.ringAfter(Duration.ofSeconds(10));
    }
    node.message(ada, "check");
    assertThat(faults).as("seed %d", seed).isEmpty();
    assertThat(node.host.alarms(TestHost.ROOM)).as("seed %d", seed).isEmpty();
    assertThat(node.host.alarmCounts().underWay()).as("seed %d", seed).isZero();
    assertThat(node.host.alarmCounts().givenUp()).as("seed %d", seed).isZero();
    assertThat(handled).as("seed %d", seed).isGreaterThan(STEPS / 20);
  }

  private void step() {
    switch (random.nextInt(12)) {
      case 0 -> node.store.hold();
      case 1 -> {
        node.store.letAllThrough();
        node.steps.runAll();
      }
      case 2 -> {
        if (node.store.waiting() > 0) {
          node.store.lose(new CommitResult.Unknown(new IOException("as asked")));
          node.store.letAllThrough();
          node.steps.runAll();
        }
      }
      case 3 -> node.hibernate();
      case 4 -> time.jumpWall(Duration.ofMinutes(random.nextInt(20) - 10));
      case 5 -> {
        node.host.ringAlarms(); // so that the process dies with alarms in mailboxes
        start();
      }
      case 6, 7, 8 -> time.advance(Duration.ofMillis(random.nextLong(30_000)));
      default -> node.message(ada, "change");
    }
  }
}
