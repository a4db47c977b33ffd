package dev.dormouse.examples;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Checks that counters which fall asleep whenever they can still count. */
class HibernationStormIT {
  private static final int COUNTERS = 25;
  private static final int TALKERS_PER_COUNTER = 2;
  private static final int MESSAGES = 20;
  private static final int PAUSE_MAX_MS = 250;

  @TempDir private Path directory;
  private final ScheduledExecutorService schedule = Executors.newScheduledThreadPool(8);

  @AfterEach
  void endThreads() {
    schedule.shutdownNow();
  }

  @Test
  void idleCountersSleepBetweenMessagesAndCountOn() throws Exception {
    try (ServerProcess server = ServerProcess.start(directory.resolve("data"), "--idle", "10ms")) {
      countersCount(server, Seed.random("HibernationStormIT, idle"));
    }
  }

  @Test
  void countersThatArePutToSleepWhileTheyAreBusyCountOn() throws Exception {
    try (ServerProcess server = ServerProcess.start(directory.resolve("data"))) {
      Random random = Seed.random("HibernationStormIT, busy");
      Random sandman = new Random(random.nextLong());
      var unused =
          schedule.scheduleWithFixedDelay(
              () -> hibernate(server.admin(), sandman.nextInt(COUNTERS)), 0, 2, MILLISECONDS);
      countersCount(server, random);
    }
  }

  private static void hibernate(Admin admin, int counter) {
    try {
      admin.hibernate("counter", "c" + counter);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private void countersCount(ServerProcess server, Random random) throws Exception {
    List<Talker> talkers = new ArrayList<>();
    for (int i = 0; i < COUNTERS * TALKERS_PER_COUNTER; i++) {
      talkers.add(
          new Talker(server.connect("/counter/c" + i % COUNTERS), new Random(random.nextLong())));
    }
    talkers.forEach(Talker::pause);
    for (Talker talker : talkers) {
      talker.done.get(Child.LIMIT.toSeconds(), TimeUnit.SECONDS);
    }
    long activations = 0;
    for (int counter = 0; counter < COUNTERS; counter++) {
      List<Talker> here = List.of(talkers.get(counter), talkers.get(counter + COUNTERS));
      here.forEach(talker -> assertThat(talker.counts).isEqualTo(oneTo(MESSAGES)));
      here.forEach(talker -> assertThat(talker.totals).isSorted());
      assertThat(here.stream().flatMap(talker -> talker.totals.stream()).sorted().toList())
          .isEqualTo(oneTo(MESSAGES * TALKERS_PER_COUNTER));
      Admin.Actor actor = server.admin().actor("counter", "c" + counter);
      assertThat(actor.connections()).isEqualTo(TALKERS_PER_COUNTER);
      activations += actor.activation();
    }
    // With fewer activations the test would have shown nothing.
    assertThat(activations).isGreaterThan(3L * COUNTERS);
    talkers.forEach(talker -> talker.client.close());
  }

  private static List<Integer> oneTo(int last) {
    return IntStream.rangeClosed(1, last).boxed().toList();
  }

  /** A connection that says something, hears the answer, and pauses. */
  private final class Talker {
    private final Client client;
    private final Random random;
    private final List<Integer> counts = new ArrayList<>();
    private final List<Integer> totals = new ArrayList<>();
    private final CompletableFuture<Void> done = new CompletableFuture<>();

    Talker(Client client, Random random) {
      this.client = client;
      this.random = random;
    }

    void pause() {
      var unused = schedule.schedule(this::talk, random.nextInt(PAUSE_MAX_MS), MILLISECONDS);
    }

    private void talk() {
      try {
        List<Integer> answer = Stream.of(client.ask("x").split(" ")).map(Integer::valueOf).toList();
        counts.add(answer.get(0));
        totals.add(answer.get(1));
        if (counts.size() == MESSAGES) {
          done.complete(null);
        } else {
          pause();
        }
      } catch (Exception | AssertionError e) {
        done.completeExceptionally(e);
      }
    }
  }
}
