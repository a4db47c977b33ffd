package dev.dormouse.examples;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import dev.dormouse.sdk.Connection;
import dev.dormouse.server.DormouseServer;
import dev.dormouse.server.options.ServerOptions;
import dev.dormouse.storage.Durability;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/**
 * Stops servers that have a thousand messages in flight, and too little time to handle them. If a
 * handler reached the engine after it was closed, the whole process would die. {@code
 * -Ddormouse.test.stops} sets the number of stops.
 */
@Tag("full")
class StopUnderLoadIT {
  private static final int STOPS = Integer.getInteger("dormouse.test.stops", 50);
  private static final int ACTORS = 8;
  private static final int CLIENTS_PER_ACTOR = 8;
  private static final int MESSAGES_PER_CLIENT = 16; // the number of threads that the host has
  private static final int MESSAGES = ACTORS * CLIENTS_PER_ACTOR * MESSAGES_PER_CLIENT;
  private static final int DRAIN_MS_MAX = 60;
  private static final int STOPPED = 0;

  private static final Logger HOST_LOG =
      (Logger) LoggerFactory.getLogger("dev.dormouse.server.host");

  @TempDir private Path directory;

  /** Silences the log: each turn that finds the store closed is logged with its stack. */
  @BeforeEach
  void hush() {
    HOST_LOG.setLevel(Level.OFF);
  }

  @AfterEach
  void speak() {
    HOST_LOG.setLevel(null);
  }

  @Test
  void aServerThatIsStoppedWithAThousandMessagesInFlightCloses() throws Exception {
    assertThat(MESSAGES).isGreaterThanOrEqualTo(1_000);
    Random random = Seed.random("StopUnderLoadIT");
    List<Client> clients = new ArrayList<>();
    Path data = directory.resolve("data");
    int unanswered = 0;
    for (int stop = 0; stop < STOPS; stop++) {
      CountDownLatch gate = new CountDownLatch(1);
      try (DormouseServer server =
          Chronicle.server(() -> new GatedChronicle(gate))
              .open(
                  ServerOptions.defaults()
                      .port(0)
                      .adminPort(0)
                      .data(data)
                      .durability(stop % 2 == 0 ? Durability.FSYNC : Durability.WAL)
                      .drain(Duration.ofMillis(random.nextInt(DRAIN_MS_MAX))))) {
        for (int i = 0; i < ACTORS * CLIENTS_PER_ACTOR; i++) {
          String path = "/witness/a%d?name=stop%d-%d".formatted(i % ACTORS, stop, i);
          Client client = Client.connect(URI.create("ws://127.0.0.1:" + server.port() + path));
          assertThat(client.nextText()).isEqualTo("hello");
          clients.add(client);
        }
        for (Client client : clients) {
          for (int m = 0; m < MESSAGES_PER_CLIENT; m++) {
            client.send("message " + m);
          }
        }
        gate.countDown();
      }
      unanswered += MESSAGES;
      for (Client client : clients) {
        while (client.next() instanceof Client.Text) {
          unanswered--;
        }
        client.close();
      }
      clients.clear();
    }
    System.out.println(
        "StopUnderLoadIT: in %d stops %d of %d messages were not answered"
            .formatted(STOPS, unanswered, STOPS * MESSAGES));
    assertThat(unanswered).isPositive();
  }

  /** Handles nothing before the gate is open. */
  private static final class GatedChronicle extends Chronicle {
    private final CountDownLatch gate;

    GatedChronicle(CountDownLatch gate) {
      this.gate = gate;
    }

    @Override
    protected void onMessage(Connection<Mark> from, String message) {
      try {
        assertThat(gate.await(Child.LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
      super.onMessage(from, message);
    }
  }

  @Test
  void aProcessThatIsTerminatedUnderLoadEndsAsItShould() throws Exception {
    for (int drainMs : new int[] {0, 20, 2_000}) {
      try (ServerProcess server =
          ServerProcess.start(directory.resolve("data"), "--drain", drainMs + "ms")) {
        List<Client> clients = new ArrayList<>();
        for (int i = 0; i < ACTORS * CLIENTS_PER_ACTOR; i++) {
          clients.add(server.connect("/journal/j" + i % ACTORS));
        }
        for (Client client : clients) {
          for (int m = 0; m < MESSAGES_PER_CLIENT; m++) {
            client.send("message " + m);
          }
        }
        assertThat(server.stop()).isEqualTo(STOPPED);
        assertThat(server.output()).doesNotContain("SIGSEGV", "SIGABRT");
        clients.forEach(Client::close);
      }
      try (Stream<Path> files = Files.list(directory)) {
        assertThat(files.map(file -> file.getFileName().toString()))
            .noneMatch(name -> name.startsWith("hs_err") || name.startsWith("core"));
      }
    }
  }
}
