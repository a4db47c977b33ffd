package dev.dormouse.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * A client that behaves: it asks an echo again and again, while a test does to the server what it
 * does, and must be answered. How long that took is told, not judged.
 */
final class Witness implements AutoCloseable {
  private static final long PAUSE_NS = TimeUnit.MILLISECONDS.toNanos(2);

  private final RawClient client;
  private final List<Long> tookNs = new ArrayList<>();
  private final CompletableFuture<Void> done = new CompletableFuture<>();
  private volatile boolean isOver;

  Witness(ServerProcess server) throws Exception {
    client = RawClient.open(server.port(), "/bench/echo/witness");
    Thread thread = new Thread(this::ask, "witness");
    thread.setDaemon(true);
    thread.start();
  }

  private void ask() {
    try {
      for (int i = 0; !isOver; i++) {
        long startNs = System.nanoTime();
        assertThat(client.ask("witness " + i)).isEqualTo("witness " + i);
        tookNs.add(System.nanoTime() - startNs);
        LockSupport.parkNanos(PAUSE_NS);
      }
      done.complete(null);
    } catch (Exception | AssertionError e) {
      done.completeExceptionally(e);
    }
  }

  /**
   * Ends it; what it has seen. Throws if it was not answered, or not within {@link Child#LIMIT}.
   */
  String seen() throws Exception {
    return "witness " + latencies();
  }

  /** The same in numbers. */
  Latencies latencies() throws Exception {
    isOver = true;
    done.get(2 * Child.LIMIT.toSeconds(), TimeUnit.SECONDS);
    assertThat(tookNs).isNotEmpty();
    return Latencies.of(tookNs);
  }

  @Override
  public void close() throws IOException {
    isOver = true;
    client.close();
  }
}
