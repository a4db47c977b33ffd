package dev.dormouse.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.LongSummaryStatistics;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Ends a server, in good order or not, while clients are connected, and checks what clients and
 * actors are told.
 */
@Tag("full")
class StopIT {
  private static final int STOPPED = 0;

  @TempDir private Path directory;

  private ServerProcess start(String... flags) throws Exception {
    return ServerProcess.startTestActors(directory.resolve("data"), List.of(), flags);
  }

  private static String goodbyes(ServerProcess server, String key) throws Exception {
    return Http.get(server.http("/goodbyes/" + key)).body();
  }

  @Test
  @DisplayName("S31 S37 S38 a stop: turns end, all are told 1001, close handlers are kept, in time")
  void aStopTellsEachClientAndKeepsItsCloseHandlersInTime() throws Exception {
    Duration drain = Duration.ofSeconds(30);
    Path goOn = directory.resolve("go-on");
    try (ServerProcess server = start("--drain", drain.toSeconds() + "s");
        Crowd crowd = Crowd.connect(server.port(), 300, i -> "/goodbyes/room" + i % 3);
        RawClient busy = RawClient.open(server.port(), "/goodbyes/busy");
        RawClient deaf = RawClient.open(server.port(), "/goodbyes/deaf")) {
      busy.send(Frames.text("now"));
      assertThat(busy.read().text()).isEqualTo("now");
      busy.send(Frames.text("until " + goOn));
      busy.send(Frames.of(Frames.FINAL | Frames.PING, new byte[0]));
      assertThat(busy.read().opcode()).isEqualTo(Frames.PONG); // the server has read the text
      long startNs = System.nanoTime();
      server.terminate();
      crowd.await("told", member -> member.closeCode == 1001);
      assertThat(busy.readClose()).isEqualTo(1001);
      assertThat(Http.get(server.admin().path("/readyz")).statusCode()).isEqualTo(503);
      assertThat(Http.get(server.admin().path("/healthz")).statusCode()).isEqualTo(200);
      try (RawClient late = new RawClient(server.port())) {
        late.send(RawClient.upgrade("/goodbyes/late"));
        assertThat(late.readStatus()).isEqualTo(503);
      }
      Files.createFile(goOn);
      assertThat(server.awaitExit()).isEqualTo(STOPPED);
      Duration took = Duration.ofNanos(System.nanoTime() - startNs);
      LongSummaryStatistics told =
          crowd.members().stream()
              .mapToLong(member -> (member.closedNs - startNs) / 1_000_000)
              .summaryStatistics();
      System.out.printf(
          "StopIT.stop: 300 told after %d to %d ms, ended after %d ms%n",
          told.getMin(), told.getMax(), took.toMillis());
      assertThat(took).isLessThan(drain);
      assertThat(deaf.readClose()).isEqualTo(1001); // the close was there to be read
      assertThat(crowd.members()).allMatch(member -> member.wrong == null);
      assertThat(server.output()).doesNotContain("WARN", "ERROR");
    }
    try (ServerProcess again = start()) {
      assertThat(again.output()).doesNotContain("left behind");
      for (int room = 0; room < 3; room++) {
        assertThat(goodbyes(again, "room" + room)).isEqualTo("1001 SHUTDOWN 100");
      }
      assertThat(goodbyes(again, "deaf")).isEqualTo("1001 SHUTDOWN 1");
      assertThat(goodbyes(again, "busy")).isEqualTo("1001 SHUTDOWN 1\nwaited 1");
      assertThat(goodbyes(again, "late")).isEmpty();
    }
  }

  @Test
  @DisplayName("S31 S32 though the process is killed, and killed again, each close counts once")
  void eachCloseCountsOnceThoughTheProcessIsKilledAgainAndAgain() throws Exception {
    Random random = Seed.random("StopIT.kills");
    try (ServerProcess server = start();
        Crowd crowd = Crowd.connect(server.port(), 400, i -> "/goodbyes/room" + i % 4)) {
      server.kill9();
      server.awaitExit();
      crowd.await("gone", member -> member.isGone);
      assertThat(crowd.members()).allMatch(member -> member.closeCode == 0);
    }
    ScheduledExecutorService killer = Executors.newSingleThreadScheduledExecutor();
    try {
      for (int i = 0; i < 4; i++) {
        // The kill comes before the server is up, when it is up, or a little later.
        long delayMs = 300L + random.nextInt(1_500);
        try (Child server = ServerProcess.launchTestActors(directory.resolve("data"), List.of())) {
          var unused = killer.schedule(server::kill, delayMs, TimeUnit.MILLISECONDS);
          server.awaitExit();
        }
      }
    } finally {
      killer.shutdownNow();
    }
    try (ServerProcess again = start()) {
      for (int room = 0; room < 4; room++) {
        assertThat(goodbyes(again, "room" + room)).isEqualTo("1006 PROCESS_DIED 100");
        assertThat(again.admin().actor("goodbyes", "room" + room).connections()).isZero();
      }
    }
  }
}
