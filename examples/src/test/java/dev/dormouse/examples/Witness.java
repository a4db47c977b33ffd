package dev.dormouse.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Clients that behave. They ask for an echo again and again while a test disturbs the server, and
 * each must be answered over its one socket. The time of the answers is reported, not judged.
 */
final class Witness implements AutoCloseable {
  private static final long PAUSE_NS = TimeUnit.MILLISECONDS.toNanos(2);

  private final List<RawClient> clients = new ArrayList<>();
  private final List<CompletableFuture<Void>> done = new ArrayList<>();
  private final List<Long> tookNs = Collections.synchronizedList(new ArrayList<>());
  private volatile boolean isOver;

  /** Starts one witness. */
  Witness(ServerProcess server) throws Exception {
    this(server, 1);
  }

  /** Starts this number of witnesses, who together ask as often as one. */
  Witness(ServerProcess server, int number) throws Exception {
    for (int i = 0; i < number; i++) {
      RawClient client = RawClient.open(server.port(), "/bench/echo/witness" + i);
      CompletableFuture<Void> end = new CompletableFuture<>();
      clients.add(client);
      done.add(end);
      Thread thread = new Thread(() -> ask(client, number * PAUSE_NS, end), "witness");
      thread.setDaemon(true);
      thread.start();
    }
  }

  private void ask(RawClient client, long pauseNs, CompletableFuture<Void> done) {
    try {
      for (int i = 0; !isOver; i++) {
        long startNs = System.nanoTime();
        assertThat(client.ask("witness " + i)).isEqualTo("witness " + i);
        tookNs.add(System.nanoTime() - startNs);
        LockSupport.parkNanos(pauseNs);
      }
      done.complete(null);
    } catch (Exception | AssertionError e) {
      done.completeExceptionally(e);
    }
  }

  /**
   * Ends the witness and returns its findings. It throws if a question was not answered, or not
   * within {@link Child#LIMIT}.
   */
  String seen() throws Exception {
    return "witness " + latencies();
  }

  /** Ends the witness, and returns how long its questions took. */
  Latencies latencies() throws Exception {
    isOver = true;
    for (CompletableFuture<Void> end : done) {
      end.get(2 * Child.LIMIT.toSeconds(), TimeUnit.SECONDS);
    }
    assertThat(tookNs).hasSizeGreaterThanOrEqualTo(done.size());
    return Latencies.of(tookNs);
  }

  @Override
  public void close() throws IOException {
    isOver = true;
    for (RawClient client : clients) {
      client.close();
    }
  }
}
