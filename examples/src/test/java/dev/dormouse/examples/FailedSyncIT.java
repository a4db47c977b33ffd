package dev.dormouse.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Lets the system call fail that the engine makes for each round of commits. The test needs strace.
 */
@Tag("full")
@Tag("once")
class FailedSyncIT {
  private static final int IO_ERROR = 74;
  private static final Duration ENDS_WITHIN = Duration.ofSeconds(5);

  @TempDir private Path directory;

  @Test
  void afterASyncThatFailedNothingIsAnsweredAndTheProcessEnds() throws Exception {
    Path data = directory.resolve("data");
    List<String> lines = new ArrayList<>();
    List<String> answered = new ArrayList<>();
    try (ServerProcess server = ServerProcess.start(data);
        Client left = server.connect("/journal/left");
        Client right = server.connect("/journal/right")) {
      for (int i = 0; i < 20; i++) {
        lines.add("line " + i);
        answered.add(left.ask("line " + i));
        right.ask("line " + i);
      }
      try (Child strace = failingSyncs(server.pid())) {
        long failedNs = System.nanoTime();
        left.send("lost");
        right.send("lost");
        assertThat(left.next()).isInstanceOfAny(Client.Closed.class, Client.Lost.class);
        assertThat(right.next()).isInstanceOfAny(Client.Closed.class, Client.Lost.class);
        assertThat(server.awaitExit()).isEqualTo(IO_ERROR);
        Duration took = Duration.ofNanos(System.nanoTime() - failedNs);
        System.out.println("FailedSyncIT: the process ended after " + took.toMillis() + " ms");
        assertThat(took).isLessThan(ENDS_WITHIN);
        assertThat(server.output()).contains("the store failed; the process ends");
        strace.awaitExit();
        assertThat(strace.output()).contains("EIO").contains("INJECTED");
      }
    }
    try (ServerProcess again = ServerProcess.start(data)) {
      for (String journal : List.of("left", "right")) {
        List<String> kept = Http.get(again.http("/journal/" + journal)).body().lines().toList();
        // The failed writes were made and may have been kept; no client was told that they were.
        assertThat(kept).startsWith(lines.toArray(String[]::new));
        assertThat(HashChain.answers(kept)).startsWith(answered.toArray(String[]::new));
        assertThat(kept.subList(lines.size(), kept.size())).isIn(List.of(), List.of("lost"));
      }
    }
  }

  /** Makes every fdatasync of a process fail from here on. */
  private Child failingSyncs(long pid) throws Exception {
    String why;
    try {
      Child strace =
          Child.start(
              directory,
              Map.of(),
              List.of(
                  "strace",
                  "-f",
                  "-e",
                  "trace=fdatasync",
                  "-e",
                  "inject=fdatasync:error=EIO",
                  "-p",
                  Long.toString(pid)));
      try {
        strace.awaitOutput(Pattern.compile("attached"));
        return strace;
      } catch (AssertionError e) {
        strace.close();
        why = e.getMessage();
      }
    } catch (IOException e) {
      why = e.getMessage();
    }
    Machine.lacks("strace cannot trace a process here: " + why);
    throw new AssertionError("does not come here");
  }
}
