package dev.dormouse.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.examples.Abuses.Abuse;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Does each of the {@link Abuses} to a server with a small heap, and any three at once, and checks
 * that others are served meanwhile. One process serves all tests of a heap, one after the other, so
 * that what one abuse leaves behind is held against the next. Each test prints what it cost.
 *
 * <p>{@code -Ddormouse.test.heap=96} runs one heap only, {@code -Ddormouse.test.rounds=40} draws
 * three abuses forty times, and {@code -Ddormouse.test.seed=…} draws those of a seed that a run has
 * printed.
 */
@Tag("full")
@Tag("once")
@ParameterizedClass(name = "-Xmx{0}m")
@MethodSource("heapsMib")
class AbuseIT {
  /**
   * The memory that JVM and RocksDB take, in MiB, besides the heap and as much for the network's
   * buffers.
   */
  private static final long RESIDENT_MIB_BESIDES = 308;

  private static final int WITNESSES = 8;
  private static final int SWITCHING_PROTOCOLS = 101;
  private static final int LAST_LINES = 40;

  @TempDir private static Path directory;
  private static ServerProcess server;

  @Parameter private int heapMib;

  /** The number of lines that the server had printed before the test. */
  private long linesBefore;

  @SuppressWarnings("UnusedMethod") // the parameterized class names the heap
  private static List<Integer> heapsMib() {
    Integer chosen = Integer.getInteger("dormouse.test.heap");
    return chosen == null ? List.of(96, 256) : List.of(chosen);
  }

  private static List<Abuse> abuses() {
    return Abuses.all();
  }

  @BeforeParameterizedClassInvocation
  static void start(int heapMib) throws Exception {
    server =
        ServerProcess.startTestActors(
            directory.resolve("data" + heapMib), List.of("-Xmx" + heapMib + "m"));
  }

  @AfterParameterizedClassInvocation
  static void stop() {
    server.close();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("abuses")
  @DisplayName("others are served while a server is abused")
  void othersAreServedDuringAnAbuse(Abuse abuse) throws Exception {
    try (Abuses clients = new Abuses(server, directory, abuse.name() + heapMib)) {
      judge(abuse.name(), () -> abuse.deed().by(clients));
    }
    assertThat(linesOfTest())
        .filteredOn(line -> line.contains("WARN") || line.contains("ERROR"))
        .allMatch(line -> line.contains("LimitLog"));
  }

  @Test
  @DisplayName("others are served during any three abuses at once, whatever becomes of the abusers")
  void othersAreServedDuringThreeAbusesAtOnce() throws Exception {
    // One run repeats the same three for a heap; rounds that are asked for draw new ones.
    Integer rounds = Integer.getInteger("dormouse.test.rounds");
    Random seeds = rounds == null ? new Random(heapMib) : new Random();
    for (int i = 0; i < (rounds == null ? 1 : rounds); i++) {
      long seed = Long.getLong("dormouse.test.seed", seeds.nextLong());
      List<Abuse> abuses = new ArrayList<>(Abuses.all());
      Collections.shuffle(abuses, new Random(seed));
      List<Abuse> three = abuses.subList(0, 3);
      Abuses.tell("three at once with -Ddormouse.test.seed=%d: %s", seed, names(three));
      String prefix = "three" + i + "x" + heapMib;
      judge("three at once", () -> doAtOnce(three, prefix));
    }
  }

  private static String names(List<Abuse> abuses) {
    return String.join(", ", abuses.stream().map(Abuse::name).toList());
  }

  /** Does abuses side by side, which may end otherwise than each of them alone. */
  private void doAtOnce(List<Abuse> abuses, String prefix) throws Exception {
    ExecutorService threads = Executors.newCachedThreadPool();
    try {
      List<Future<?>> done = new ArrayList<>();
      for (Abuse abuse : abuses) {
        done.add(threads.submit(() -> doOne(abuse, prefix + abuse.name())));
      }
      for (Future<?> abuse : done) {
        try {
          abuse.get(3 * Child.LIMIT.toSeconds(), TimeUnit.SECONDS);
        } catch (ExecutionException notAsWhenAlone) {
          Abuses.tell(
              "an abuser met with %s", notAsWhenAlone.getCause().getClass().getSimpleName());
        }
      }
    } finally {
      threads.shutdownNow();
    }
  }

  private Void doOne(Abuse abuse, String prefix) throws Exception {
    try (Abuses clients = new Abuses(server, directory, prefix)) {
      abuse.deed().by(clients);
    }
    return null;
  }

  private interface Deed {
    void run() throws Exception;
  }

  /**
   * Runs a deed against the server while witnesses ask it; prints the measurements and judges them.
   */
  private void judge(String name, Deed deed) throws Exception {
    awaitRoom();
    ProcessMemory memory = new ProcessMemory(server.pid());
    memory.forgetPeak();
    long startNs = System.nanoTime();
    linesBefore = server.output().lines().count();
    try (Witness witness = new Witness(server, WITNESSES);
        Abuses none = new Abuses(server, directory, "after")) {
      deed.run();
      none.assertOthersAreServed();
      System.out.printf(
          "AbuseIT.%s, -Xmx%dm: %d ms; resident %d MiB, at most %d MiB; %s%n",
          name,
          heapMib,
          (System.nanoTime() - startNs) / 1_000_000,
          memory.residentMib(),
          memory.peakMib(),
          witness.seen());
    } catch (Exception | AssertionError e) {
      if (server.endsWithin(Duration.ofSeconds(2))) {
        throw new AssertionError(deathOf(name), e);
      }
      throw e;
    }
    assertThat(memory.peakMib()).isLessThan(2L * heapMib + RESIDENT_MIB_BESIDES);
    assertThat(linesOfTest()).noneMatch(line -> line.contains("OutOfMemoryError"));
  }

  /**
   * Waits until as many clients as behave in a test are let in at once: the server may still be
   * closing the connections of the abuse before.
   */
  private void awaitRoom() throws IOException {
    long endNs = System.nanoTime() + Child.LIMIT.toNanos();
    while (!hasRoom()) {
      assertThat(System.nanoTime()).as("time until others are let in").isLessThan(endNs);
    }
  }

  private boolean hasRoom() throws IOException {
    List<RawClient> clients = new ArrayList<>();
    try {
      for (int i = 0; i < 2 * Abuses.OTHERS + WITNESSES; i++) {
        RawClient client = new RawClient(server.port());
        clients.add(client);
        client.send(RawClient.upgrade("/bench/echo/room"));
        if (client.readStatus() != SWITCHING_PROTOCOLS) {
          return false;
        }
      }
      return true;
    } finally {
      for (RawClient client : clients) {
        client.close();
      }
    }
  }

  private List<String> linesOfTest() {
    return server.output().lines().skip(linesBefore).toList();
  }

  private String deathOf(String name) throws InterruptedException {
    int code = server.awaitExit();
    List<String> lines = server.output().lines().toList();
    return "%s, -Xmx%dm: the server ended with exit code %d; it said last:%n%s"
        .formatted(
            name,
            heapMib,
            code,
            String.join("\n", lines.subList(Math.max(0, lines.size() - LAST_LINES), lines.size())));
  }
}
