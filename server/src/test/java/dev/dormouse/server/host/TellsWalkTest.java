package dev.dormouse.server.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.storage.CommitResult;
import dev.dormouse.storage.MemoryDisk;
import dev.dormouse.storage.rows.Table;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Random walks of actors that tell each other numbers, while handlers fail, commits are held up or
 * lost, and processes die: every number that was told in a committed turn takes effect once, and in
 * order.
 */
@Timeout(60)
class TellsWalkTest {
  private static final String[] KEYS = {"a", "b", "c"};
  private static final int STEPS = 120;

  /** One walk, which its seed decides. */
  private static final class Walk {
    private final Random random;
    private final MemoryDisk disk = new MemoryDisk();
    private final ManualTime time = new ManualTime();
    private final boolean isFaulty;
    private CallHost host;
    private boolean isCalm;

    Walk(long seed, boolean isFaulty) {
      this.random = new Random(seed);
      this.isFaulty = isFaulty;
      this.host = start();
    }

    private CallHost start() {
      CallHost started = new CallHost(disk, time, HostOptions.defaults());
      started.store.dropWritesOf(isFaulty ? Table.INBOX : null);
      for (String from : KEYS) {
        for (String to : KEYS) {
          String sent = "sent " + to;
          started.action(
              "tell " + to,
              actor -> {
                int next = actor.get(sent) + 1;
                actor.put(sent, next);
                actor.other(to).tell(new CallHost.Do("took " + actor.name()));
                return failSometimes(next);
              });
          started.action(
              "took " + from,
              actor -> {
                int next = actor.get("took " + from) + 1;
                actor.put("took " + from, next);
                return failSometimes(next);
              });
          started.action("sent " + to, actor -> actor.get(sent));
          started.action("count " + from, actor -> actor.get("took " + from));
        }
      }
      started.advance(Duration.ofMillis(100));
      return started;
    }

    private int failSometimes(int result) {
      if (!isCalm && random.nextInt(12) == 0) {
        throw new IllegalStateException("as the dice say");
      }
      return result;
    }

    /** Returns what is wrong; an empty text if nothing is. */
    String run() {
      for (int i = 0; i < STEPS; i++) {
        step();
      }
      isCalm = true;
      host.store.letAllThrough();
      for (int i = 0; i < 40; i++) {
        host.advance(Duration.ofSeconds(1));
      }
      StringBuilder wrong = new StringBuilder();
      for (String from : KEYS) {
        for (String to : KEYS) {
          String sent = host.ask(from, "sent " + to).join();
          String took = host.ask(to, "count " + from).join();
          if (!sent.equals(took)) {
            wrong.append(from + " told " + to + " " + sent + ", which took " + took + "; ");
          }
        }
      }
      return wrong.toString();
    }

    private void step() {
      switch (random.nextInt(10)) {
        case 0, 1, 2, 3 -> {
          var unused = host.ask(key(), "tell " + key());
        }
        case 4 -> host.store.hold();
        case 5 -> {
          if (host.store.waiting() > 0) {
            host.store.letThrough();
          }
        }
        case 6 -> host.store.letAllThrough();
        case 7 -> {
          if (host.store.waiting() > 0 && random.nextBoolean()) {
            host.store.keepButLose(new CommitResult.Unknown(new IOException("as the dice say")));
          }
        }
        case 8 -> {
          if (random.nextInt(3) == 0) {
            host = start(); // the process before has died with what it had not stored
          }
        }
        default -> host.advance(Duration.ofMillis(random.nextInt(4_000)));
      }
      host.steps.runAll();
    }

    private String key() {
      return KEYS[random.nextInt(KEYS.length)];
    }
  }

  @Test
  void everyNumberThatWasToldTakesEffectOnce() {
    List<String> broken = new ArrayList<>();
    for (long seed = 1; seed <= 10; seed++) {
      String wrong = new Walk(seed, false).run();
      if (!wrong.isEmpty()) {
        broken.add("seed " + seed + ": " + wrong);
      }
    }
    assertThat(broken).isEmpty();
  }

  @Test
  void aTargetThatDoesNotStoreWhatTookEffectIsNoticed() {
    boolean isNoticed = false;
    for (long seed = 1; seed <= 50 && !isNoticed; seed++) {
      isNoticed = !new Walk(seed, true).run().isEmpty();
    }
    assertThat(isNoticed).isTrue();
  }
}
