package dev.dormouse.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs Autobahn's fuzzing client against the server: groups 1 to 7 and 10, and the first case of
 * each part of group 9, whose other cases are longer messages of the same kind. {@code
 * -Ddormouse.test.autobahn=all} runs the whole of group 9, which takes two minutes more. The
 * reports are left in {@code target/autobahn/reports}.
 */
@Tag("full")
// Frames are read and written by code that knows no JVM, and the client takes minutes.
@Tag("once")
class AutobahnIT {
  private static final boolean ALL = "all".equals(System.getProperty("dormouse.test.autobahn"));
  private static final int CASES = ALL ? 301 : 255;
  private static final List<String> ALWAYS =
      List.of("1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "10.*");
  private static final Duration LIMIT = Duration.ofMinutes(10);
  private static final Path DIRECTORY = Path.of("target", "autobahn").toAbsolutePath();
  private static final Path REPORTS = DIRECTORY.resolve("reports");

  @TempDir private Path data;

  /** The client's verdict about a case, and about the close of its connection. */
  private record Verdict(String behavior, String close) {}

  @Test
  void noCaseOfAutobahnFails() throws Exception {
    Map<String, Verdict> verdicts = run();
    verdicts.forEach(
        (id, verdict) -> {
          if (!verdict.equals(new Verdict("OK", "OK"))) {
            System.out.println("Autobahn " + id + ": " + verdict);
          }
        });
    assertThat(verdicts).hasSize(CASES);
    assertThat(verdicts.values())
        .extracting(Verdict::behavior)
        .isSubsetOf("OK", "NON-STRICT", "INFORMATIONAL");
    assertThat(verdicts.values()).extracting(Verdict::close).isSubsetOf("OK", "INFORMATIONAL");
  }

  private Map<String, Verdict> run() throws Exception {
    deleteReports();
    try (ServerProcess server = ServerProcess.start(data.resolve("data"))) {
      List<String> command = new ArrayList<>();
      command.addAll(
          List.of(
              System.getProperty("dormouse.test.java"),
              "-XX:TieredStopAtLevel=1",
              "-Dpython.cachedir.skip=true",
              "-jar",
              DIRECTORY.resolve("jython.jar").toString(),
              Path.of("src/test/python/autobahn.py").toAbsolutePath().toString(),
              DIRECTORY.resolve("suite.jar").toString(),
              "ws://127.0.0.1:" + server.port() + "/echo/autobahn",
              REPORTS.toString()));
      command.addAll(ALWAYS);
      if (ALL) {
        command.add("9.*");
      } else {
        IntStream.rangeClosed(1, 8).forEach(part -> command.add("9." + part + ".1"));
      }
      try (Child client = Child.start(DIRECTORY, Map.of(), command)) {
        assertThat(client.awaitExit(LIMIT)).as(client.output()).isZero();
      }
    }
    return read();
  }

  /** Deletes the reports of an earlier run. */
  private static void deleteReports() throws Exception {
    if (Files.exists(REPORTS)) {
      try (var files = Files.list(REPORTS)) {
        for (Path file : files.toList()) {
          Files.delete(file);
        }
      }
    }
  }

  private static Map<String, Verdict> read() throws Exception {
    JsonObject index = new JsonObject(Files.readString(REPORTS.resolve("index.json")));
    Map<String, Verdict> verdicts = new TreeMap<>(Comparator.comparing(AutobahnIT::sortable));
    JsonObject cases = index.getJsonObject("dormouse");
    for (String id : cases.fieldNames()) {
      JsonObject report = cases.getJsonObject(id);
      verdicts.put(
          id, new Verdict(report.getString("behavior"), report.getString("behaviorClose")));
    }
    return verdicts;
  }

  /** Pads the numbers of a case's id, so that {@code 9.1.10} sorts after {@code 9.1.2}. */
  private static String sortable(String id) {
    StringBuilder padded = new StringBuilder();
    for (String part : id.split("\\.", -1)) {
      padded.append("%4s".formatted(part));
    }
    return padded.toString();
  }
}
