package dev.dormouse.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Drives the script that runs three nodes on this machine. */
@Tag("full")
class ClusterScriptIT {
  private static final Path SCRIPT = Path.of("bin/dormouse-cluster").toAbsolutePath();
  private static final Path HOME =
      Path.of(System.getProperty("dormouse.test.java")).getParent().getParent();
  private static final String WHOLE = "the cluster is whole: 3 nodes and 8 groups, as node . knows";
  private static final int USAGE = 2;

  /** The longest time for the start of three nodes, on a machine that does much else. */
  private static final Duration START = Duration.ofMinutes(2);

  private static final int[] OFFSETS = {0, 1, 2, 3, 11, 12, 13, 21, 22, 23};

  @TempDir private Path folder;

  private Child launch(String... args) throws IOException {
    List<String> command = Stream.concat(Stream.of(SCRIPT.toString()), Stream.of(args)).toList();
    return Child.start(
        folder, Map.of("JAVA_HOME", HOME.toString(), "TMPDIR", folder.toString()), command);
  }

  /** Returns a port for the balancer such that those of the nodes are free, too. */
  private static int freePort() {
    return IntStream.generate(() -> ThreadLocalRandom.current().nextInt(20_000, 32_000))
        .limit(100)
        .filter(port -> IntStream.of(OFFSETS).allMatch(offset -> isFree(port + offset)))
        .findFirst()
        .orElseThrow();
  }

  private static boolean isFree(int port) {
    try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
      return socket.isBound();
    } catch (IOException e) {
      return false;
    }
  }

  @Test
  @DisplayName("a killed node takes nothing with it, and starts again; at the end nothing is left")
  void aKilledNodeTakesNothingWithIt() throws Exception {
    int port = freePort();
    try (Child script = launch("--port", "" + port, ServerProcess.jar())) {
      script.awaitOutput(Pattern.compile(WHOLE), START);
      int entry = script.output().contains("HAProxy is not installed") ? port + 1 : port;
      List<ProcessHandle> nodes = ProcessHandle.of(script.pid()).orElseThrow().children().toList();
      try (Client balanced = Client.connect(URI.create("ws://127.0.0.1:" + entry + "/counter/k"));
          Client third =
              Client.connect(URI.create("ws://127.0.0.1:" + (port + 3) + "/counter/k"))) {
        assertThat(balanced.ask("")).isEqualTo("1 1");
        assertThat(third.ask("")).isEqualTo("1 2");
        script.tell("k 2");
        script.awaitOutput(Pattern.compile("node 2 \\(b\\) is killed\n"));
        assertThat(third.ask("")).as("a message during the takeover").isEqualTo("2 3");
        script.tell("r 2");
        script.awaitOutput(Pattern.compile("(?s)node 2 \\(b\\) starts\n.*" + WHOLE), START);
        assertThat(third.ask("")).isEqualTo("3 4");
      }
      script.tell("p 1");
      script.awaitOutput(Pattern.compile("node 1 \\(a\\) is paused\n"));
      script.tell("c 1");
      script.awaitOutput(Pattern.compile("node 1 \\(a\\) continues\n"));
      script.tell("k 4");
      script.awaitOutput(Pattern.compile("which node\\? k 1, k 2 or k 3\n"));
      script.tell("q");
      assertThat(script.awaitExit()).as(script.output()).isZero();
      assertThat(nodes).noneMatch(ProcessHandle::isAlive);
      try (var left = Files.list(folder)) {
        assertThat(left.filter(path -> path.toString().contains("dormouse-cluster"))).isEmpty();
      }
    }
  }

  @Test
  void whatItCannotRunItNames() throws Exception {
    for (String[] args : new String[][] {{"no.jar"}, {"--port", "many"}, {"--port", "65513"}}) {
      try (Child script = launch(args)) {
        assertThat(script.awaitExit()).isEqualTo(USAGE);
        assertThat(script.output())
            .startsWith("dormouse-cluster: ")
            .containsAnyOf(
                "there is no file no.jar; build it with",
                "--port needs a number",
                "--port: 65513 is not 1 to 65512");
      }
    }
  }
}
