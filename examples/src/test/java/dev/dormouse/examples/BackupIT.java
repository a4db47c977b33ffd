package dev.dormouse.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs the guide's commands for backups, as they stand there, while clients write. */
@Tag("once") // files of a backup do not depend on the JVM
class BackupIT {
  private static final List<String> JOURNALS = List.of("diary", "other");
  private static final int ANSWERS_BEFORE = 50;
  private static final int DAMAGED = 3;

  @TempDir private Path directory;
  private final ExecutorService threads = Executors.newCachedThreadPool();

  @AfterEach
  void endThreads() {
    threads.shutdownNow();
  }

  /** Returns a line of the guide's block, with its jar replaced by the examples'. */
  private static String[] command(String name) throws Exception {
    String guide = Files.readString(Path.of("../server/README.md"));
    String section = guide.substring(guide.indexOf("\n## Back it up\n"));
    String block = section.substring(section.indexOf("```\n") + 4);
    String prefix = "java -jar app.jar " + name + " ";
    String line =
        block
            .substring(0, block.indexOf("```"))
            .lines()
            .filter(l -> l.startsWith(prefix))
            .findFirst()
            .orElseThrow();
    return line.substring("java -jar app.jar ".length()).split(" ");
  }

  private record Ended(int code, String output) {}

  /** Runs a command in the test's directory; the server's admin port is no secret of the guide. */
  private Ended run(int adminPort, String... command) throws Exception {
    Map<String, String> variables = Map.of("DORMOUSE_ADMIN_PORT", Integer.toString(adminPort));
    try (Child process = ServerProcess.launch(directory, variables, command)) {
      return new Ended(process.awaitExit(), process.output());
    }
  }

  @Test
  void whatWasAnsweredBeforeABackupIsInItAndEachTurnIsWhole() throws Exception {
    Files.createDirectory(directory.resolve("backups"));
    AtomicBoolean isOver = new AtomicBoolean();
    List<List<String>> answered = new ArrayList<>();
    List<Integer> before = new ArrayList<>();
    int adminPort;
    try (ServerProcess server = ServerProcess.start(directory.resolve("data"))) {
      adminPort = server.adminPort();
      List<Future<?>> writing = new ArrayList<>();
      for (String journal : JOURNALS) {
        List<String> answers = Collections.synchronizedList(new ArrayList<>());
        answered.add(answers);
        Client client = server.connect("/journal/" + journal);
        for (int i = 0; i < ANSWERS_BEFORE; i++) {
          answers.add(client.ask(journal + i));
        }
        writing.add(threads.submit(() -> write(client, journal, answers, isOver)));
      }
      answered.forEach(answers -> before.add(answers.size()));
      Ended backup = run(adminPort, command("backup"));
      assertThat(backup.code()).as(backup.output()).isZero();
      assertThat(backup.output()).contains(" files, ", "shared with the data folder");
      List<Integer> after = answered.stream().map(List::size).toList();
      assertThat(after.get(0)).as("it wrote on").isGreaterThan(before.get(0));

      Ended inUse = run(adminPort, "dump", "journal", "diary", "--data", "data");
      assertThat(inUse.code()).isEqualTo(1);
      assertThat(inUse.output()).contains("in use by process " + server.pid());
      isOver.set(true);
      for (Future<?> one : writing) {
        one.get(Child.LIMIT.toSeconds(), TimeUnit.SECONDS);
      }
    }
    Ended verified = run(adminPort, command("verify"));
    assertThat(verified.code()).as(verified.output()).isZero();
    assertThat(verified.output()).contains("2 actors, 2 connections, ", ", 0 alarms; whole\n");
    Ended restored = run(adminPort, command("restore"));
    assertThat(restored.code()).as(restored.output()).isZero();
    Ended dumped = run(adminPort, command("dump"));
    assertThat(dumped.code()).as(dumped.output()).isZero();
    checkDump(dumped.output(), before.get(0));

    try (ServerProcess server = ServerProcess.start(directory.resolve("restored"))) {
      assertThat(server.output()).contains("closed 2 connections that the last run left behind");
      for (int i = 0; i < JOURNALS.size(); i++) {
        check(server, JOURNALS.get(i), answered.get(i), before.get(i));
      }
    }
  }

  private static Void write(
      Client client, String journal, List<String> answers, AtomicBoolean isOver) throws Exception {
    while (!isOver.get()) {
      answers.add(client.ask(journal + answers.size()));
    }
    return null;
  }

  /**
   * Checks that the hash chain is whole: so is each turn, which writes a line, the count and the
   * hash.
   */
  private static void check(ServerProcess server, String journal, List<String> answered, int before)
      throws Exception {
    assertThat(server.admin().actor("journal", journal).connections()).isZero();
    List<String> lines = Http.get(server.http("/journal/" + journal)).body().lines().toList();
    assertThat(lines).hasSizeBetween(before, answered.size());
    assertThat(HashChain.answers(lines)).isEqualTo(answered.subList(0, lines.size()));
    try (Client client = server.connect("/journal/" + journal)) {
      List<String> longer = new ArrayList<>(lines);
      longer.add("after the restore");
      assertThat(client.ask("after the restore"))
          .isEqualTo(HashChain.answers(longer).get(lines.size()));
    }
  }

  private static void checkDump(String output, int before) {
    List<JsonObject> rows = output.lines().map(JsonObject::new).toList();
    assertThat(rows.get(0).getString("row")).isEqualTo("actor");
    assertThat(rows.get(0).getString("key")).isEqualTo("diary");
    List<String> lines =
        rows.stream()
            .filter(row -> String.valueOf(row.getString("key")).startsWith("line/"))
            .map(row -> row.getString("value"))
            .toList();
    assertThat(lines).hasSizeGreaterThanOrEqualTo(before);
    assertThat(lines.get(0)).isEqualTo("diary0");
    JsonObject connection =
        rows.stream().filter(row -> row.getString("row").equals("connection")).findFirst().get();
    assertThat(connection.getString("attachment")).isEqualTo(lines.get(lines.size() - 1));
  }

  @Test
  void aDamagedBackupIsNamedAndEndsWithThree() throws Exception {
    Files.createDirectory(directory.resolve("backups"));
    try (ServerProcess server = ServerProcess.start(directory.resolve("data"));
        Client client = server.connect("/journal/diary")) {
      client.ask("dear diary");
      assertThat(run(server.adminPort(), command("backup")).code()).isZero();
    }
    Path current = directory.resolve("backups/monday/rocksdb/CURRENT");
    Files.writeString(current, "MANIFEST-999999\n");
    Ended verified = run(0, command("verify"));
    assertThat(verified.code()).as(verified.output()).isEqualTo(DAMAGED);
    assertThat(verified.output()).contains("file CURRENT ").doesNotContain("\tat ");
    Ended restored = run(0, command("restore"));
    assertThat(restored.code()).isEqualTo(1);
    assertThat(restored.output()).contains("the backup is damaged: ", "CURRENT");
    assertThat(directory.resolve("restored")).doesNotExist();
  }
}
