package dev.dormouse.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Makes a project by the README's command, as a newcomer does, and builds, tests and starts it.
 * Maven has no network: whatever the project needs, the build of Dormouse has needed before.
 */
@Tag("full")
class OwnProjectIT {
  private static final Pattern COMMANDS =
      Pattern.compile(
          "mvn -B archetype:generate ([^\\n]+)\\n"
              + "cd (\\w+) && mvn package && java -jar (\\S+)\\n");
  private static final Pattern VERSION = Pattern.compile("-DarchetypeVersion=(\\S+)");

  @TempDir private Path folder;

  @Test
  void theCommandsOfTheReadmeMakeATestedServerThatAnswers() throws Exception {
    Matcher commands = COMMANDS.matcher(Files.readString(Path.of("../README.md")));
    assertThat(commands.find()).isTrue();
    Matcher version = VERSION.matcher(commands.group(1));
    assertThat(version.find()).isTrue();
    LocalRepository repository = LocalRepository.make("own-project", version.group(1));
    Path project = folder.resolve(commands.group(2));

    List<String> generate = new ArrayList<>(List.of(commands.group(1).split(" ")));
    generate.addAll(0, List.of("-o", System.getProperty("dormouse.test.archetype") + ":generate"));
    repository.maven(folder, generate);
    assertThat(project.resolve("AGENTS.md")).exists();
    assertThat(project.resolve("Dockerfile")).exists();
    assertThat(project.resolve(".dockerignore")).exists();

    String output = repository.maven(project, List.of("-o", "package"));
    assertThat(output).contains("Tests run: 3, Failures: 0, Errors: 0, Skipped: 0");
    start(project, commands.group(3));
  }

  private static void start(Path project, String jar) throws Exception {
    List<String> command =
        List.of(
            System.getProperty("dormouse.test.java"),
            "-jar",
            jar,
            "--port",
            "0",
            "--admin-port",
            "0");
    try (ServerProcess server = ServerProcess.of(Child.start(project, Map.of(), command));
        Client ada = server.connect("/chat/lobby?name=ada")) {
      assertThat(ada.next()).isEqualTo(new Client.Text("welcome, ada"));
      assertThat(ada.ask("hello")).isEqualTo("ada: hello");
      assertThat(server.output()).doesNotContain("SLF4J", "logback", "WARN", "ERROR");
      assertThat(server.stop()).isZero();
    }
  }
}
