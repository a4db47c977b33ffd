package dev.dormouse.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Sends mutated frames to a server that watches all its buffers for leaks. {@code
 * -Ddormouse.test.frames} sets the number of frames. The test prints how connections ended.
 */
@Tag("once") // the bytes of frames are read alike on every JVM
@Tag("full")
class FuzzIT {
  private static final int FRAMES = Integer.getInteger("dormouse.test.frames", 200_000);
  private static final int CLIENTS = 8;
  private static final List<String> WATCHED =
      List.of("-Xmx192m", "-Dio.netty.leakDetection.level=paranoid");

  /**
   * The limit on the server's growth, in MiB: from its memory in the first half to its memory after
   * the second half.
   */
  private static final long GROWTH_MIB_MAX = 64;

  @TempDir private Path directory;
  private final AtomicInteger sent = new AtomicInteger();
  private final AtomicInteger connections = new AtomicInteger();
  private final AtomicInteger answers = new AtomicInteger();
  private final Map<String, Integer> outcomes = new TreeMap<>();

  @Test
  void mutatedFramesHarmNobody() throws Exception {
    Random random = Seed.random("FuzzIT");
    try (ServerProcess server =
            ServerProcess.startTestActors(
                directory.resolve("data"), WATCHED, "--durability", "wal", "--idle", "50ms");
        Witness witness = new Witness(server)) {
      ProcessMemory memory = new ProcessMemory(server.pid());
      long startNs = System.nanoTime();
      run(server, random, FRAMES / 2);
      long firstMib = memory.peakMib();
      memory.forgetPeak();
      run(server, random, FRAMES);
      long secondMib = memory.peakMib();
      System.out.printf(
          "FuzzIT: %d frames on %d connections in %d ms: %d frames back, closes %s; resident at"
              + " most %d MiB in the first half, %d MiB in the second; %s%n",
          sent.get(),
          connections.get(),
          (System.nanoTime() - startNs) / 1_000_000,
          answers.get(),
          outcomes,
          firstMib,
          secondMib,
          witness.seen());
      assertThat(server.output()).doesNotContain("LEAK", "ERROR", "\tat ");
      assertThat(server.output().lines().filter(line -> line.contains("WARN")))
          .allMatch(line -> line.contains("LimitLog"));
      assertThat(secondMib).isLessThan(firstMib + GROWTH_MIB_MAX);
      assertThat(outcomes.keySet()).contains("1002", "1007", "1009", "none");
    }
  }

  /** Runs several clients at once, until this number of frames has been sent in all. */
  private void run(ServerProcess server, Random random, int until) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(CLIENTS);
    try {
      List<Future<?>> clients = new ArrayList<>();
      for (int i = 0; i < CLIENTS; i++) {
        Mutations mutations = new Mutations(new Random(random.nextLong()));
        clients.add(
            threads.submit(
                () -> {
                  while (sent.get() < until) {
                    connect(server, mutations);
                  }
                  return null;
                }));
      }
      for (Future<?> client : clients) {
        client.get(15, TimeUnit.MINUTES);
      }
    } finally {
      threads.shutdownNow();
    }
  }

  private void connect(ServerProcess server, Mutations mutations) throws IOException {
    Mutations.Talk talk = mutations.talk();
    sent.addAndGet(talk.frames());
    connections.incrementAndGet();
    String outcome;
    try (RawClient client = new RawClient(server.port())) {
      outcome = outcome(client, talk);
    }
    synchronized (outcomes) {
      outcomes.merge(outcome, 1, Integer::sum);
    }
  }

  private String outcome(RawClient client, Mutations.Talk talk) throws IOException {
    try {
      client.send(talk.isEarly() ? Mutations.join(talk.upgrade(), talk.bytes()) : talk.upgrade());
      assertThat(client.readStatus()).isEqualTo(101);
      if (!talk.isEarly()) {
        client.send(talk.bytes());
      }
      client.endOutput();
      while (true) {
        RawClient.Frame frame = client.read();
        if (frame.opcode() == Frames.CLOSE) {
          client.awaitEnd();
          return Integer.toString(frame.code());
        }
        answers.incrementAndGet();
      }
    } catch (EOFException end) {
      return "none";
    } catch (SocketException reset) {
      return "reset";
    }
  }
}
