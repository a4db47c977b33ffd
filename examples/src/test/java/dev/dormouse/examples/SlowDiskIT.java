package dev.dormouse.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs a server on a disk that takes 10 ms for each read of the store. The test needs strace. */
@Tag("full")
@Tag("once")
class SlowDiskIT {
  private static final int ACTORS = 3_000;
  private static final int WRITERS = 32;
  private static final int CLIENTS = 100;
  private static final String LINE = "x".repeat(4_000);
  private static final List<String> SLOW_READS =
      List.of(
          "strace",
          "-f",
          "--seccomp-bpf",
          "-qq",
          "-o",
          "/dev/null",
          "-e",
          "trace=pread64",
          "-e",
          "inject=pread64:delay_enter=10000");

  /** The limit on the median, more than ten times its usual value. */
  private static final double P50_MS_MAX = 50;

  @TempDir private Path directory;

  @Test
  @DisplayName("A5: while many actors are woken from a slow disk, those awake answer at once")
  void actorsThatAreAwakeDoNotWaitForThoseThatAreWoken() throws Exception {
    Path data = directory.resolve("data");
    try (ServerProcess server = ServerProcess.startTestActors(data, List.of())) {
      each(WRITERS, server);
      server.stop();
    }
    try (ServerProcess server = slow(data);
        Witness witness = new Witness(server)) {
      long startNs = System.nanoTime();
      each(CLIENTS, server);
      double seconds = (System.nanoTime() - startNs) / 1e9;
      Latencies seen = witness.latencies();
      System.out.printf("%d actors woken from a slow disk in %.1f s: %s%n", ACTORS, seconds, seen);
      assertThat(seen.p50Ms()).isLessThan(P50_MS_MAX);
    }
  }

  private static ServerProcess slow(Path data) throws Exception {
    try {
      return ServerProcess.startTestActorsBy(SLOW_READS, data);
    } catch (IOException e) {
      Machine.lacks("strace cannot trace a process here: " + e);
      throw e;
    }
  }

  /** Lets this number of clients at a time say something to each actor, once. */
  private static void each(int clients, ServerProcess server) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(clients);
    AtomicInteger next = new AtomicInteger();
    Callable<Void> client =
        () -> {
          for (int actor = next.getAndIncrement(); actor < ACTORS; actor = next.getAndIncrement()) {
            try (RawClient socket = RawClient.open(server.port(), "/journal/" + actor)) {
              assertThat(socket.ask(LINE)).isNotEmpty();
            }
          }
          return null;
        };
    try {
      List<Future<Void>> all = new ArrayList<>();
      for (int i = 0; i < clients; i++) {
        all.add(threads.submit(client));
      }
      for (Future<Void> one : all) {
        one.get(2 * Child.LIMIT.toSeconds(), TimeUnit.SECONDS);
      }
    } finally {
      threads.shutdownNow();
    }
  }
}
