package dev.dormouse.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs the jar in a process whose standard streams are a pipe that nobody reads after the start.
 */
@Tag("once") // the queue of log lines does not depend on the JVM
@Tag("F27")
class UnreadOutputIT {
  /**
   * The number of requests: their access lines fill a pipe and the readers' buffers, and their
   * prints fill the queue.
   */
  private static final int REQUESTS = 400;

  private static final String LONG_AGENT = "x".repeat(3_000);
  private static final Pattern LOST =
      Pattern.compile("(?m)^dormouse_log_lines_lost_total ([0-9.E]+)");

  /** The time that a stop may take: the drain time and the last lines. */
  private static final Duration STOP_LIMIT = Duration.ofSeconds(8);

  @TempDir private Path directory;

  private static int get(ServerProcess server, String path) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(server.http(path))
            .header("User-Agent", LONG_AGENT)
            .timeout(Child.LIMIT)
            .build();
    return Http.CLIENT.send(request, BodyHandlers.discarding()).statusCode();
  }

  private static double lost(ServerProcess server) throws Exception {
    var found = LOST.matcher(Http.get(server.admin().path("/metrics")).body());
    assertThat(found.find()).isTrue();
    return Double.parseDouble(found.group(1));
  }

  @Test
  @DisplayName("F27: an access log that nobody reads holds up no client, no page and no stop")
  void anAccessLogThatNobodyReadsHoldsUpNoClientNoPageAndNoStop() throws Exception {
    try (ServerProcess server =
            ServerProcess.start(
                directory.resolve("data"), "--access-log", "combined", "--drain", "3s");
        Client open = server.connect("/echo/one")) {
      server.leaveUnread(true);
      for (int i = 0; i < REQUESTS; i++) {
        assertThat(get(server, "/")).isEqualTo(200);
      }
      assertThat(open.ask("still there")).isEqualTo("still there");
      assertThat(Http.get(server.admin().path("/healthz")).statusCode()).isEqualTo(200);
      try (Client later = server.connect("/echo/two")) {
        assertThat(later.ask("hello")).isEqualTo("hello");
      }
      server.terminate();
      assertThat(server.endsWithin(STOP_LIMIT)).isTrue();
    }
  }

  @Test
  @DisplayName("F27: lines of failing handlers, and what they print, are lost, counted and told")
  void linesOfFailingHandlersAndWhatTheyPrintAreLostCountedAndTold() throws Exception {
    try (ServerProcess server =
        ServerProcess.startTestActors(directory.resolve("data"), List.of(), "--drain", "3s")) {
      assertThat(lost(server)).isZero();
      server.leaveUnread(true);
      for (int i = 0; i < REQUESTS; i++) {
        assertThat(get(server, "/failing/one")).isEqualTo(500);
      }
      assertThat(lost(server)).isPositive();
      assertThat(Http.get(server.admin().path("/healthz")).statusCode()).isEqualTo(200);
      server.leaveUnread(false);
      server.awaitOutput(Pattern.compile("dormouse: \\d+ prints were lost while nobody read"));
      server.leaveUnread(true);
      for (int i = 0; i < REQUESTS; i++) {
        assertThat(get(server, "/failing/one")).isEqualTo(500);
      }
      server.terminate();
      assertThat(server.endsWithin(STOP_LIMIT)).isTrue();
    }
  }
}
