package dev.dormouse.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
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
  private static final Duration BUILDS_WITHIN = Duration.ofMinutes(10);
  private static final Path HOME =
      Path.of(System.getProperty("dormouse.test.java")).toAbsolutePath().getParent().getParent();

  @TempDir private Path folder;

  @Test
  void theCommandsOfTheReadmeMakeATestedServerThatAnswers() throws Exception {
    Matcher commands = COMMANDS.matcher(Files.readString(Path.of("../README.md")));
    assertThat(commands.find()).isTrue();
    Matcher version = VERSION.matcher(commands.group(1));
    assertThat(version.find()).isTrue();
    Path repository = repository(version.group(1));
    Path project = folder.resolve(commands.group(2));

    List<String> generate = new ArrayList<>(List.of(commands.group(1).split(" ")));
    generate.add(0, System.getProperty("dormouse.test.archetype") + ":generate");
    maven(repository, folder, generate);
    assertThat(project.resolve("AGENTS.md")).exists();
    assertThat(project.resolve("Dockerfile")).exists();
    assertThat(project.resolve(".dockerignore")).exists();

    String output = maven(repository, project, List.of("package"));
    assertThat(output).contains("Tests run: 3, Failures: 0, Errors: 0, Skipped: 0");
    start(project, commands.group(3));
  }

  private static String maven(Path repository, Path directory, List<String> arguments)
      throws Exception {
    List<String> command = new ArrayList<>();
    command.add(System.getProperty("dormouse.test.maven"));
    command.addAll(List.of("-o", "-B", "-Dmaven.repo.local=" + repository));
    command.addAll(arguments);
    String home = HOME.toRealPath().toString();
    try (Child maven = Child.start(directory, Map.of("JAVA_HOME", home), command)) {
      int code = maven.awaitExit(BUILDS_WITHIN);
      assertThat(code).as(maven.output()).isZero();
      assertThat(maven.output()).doesNotContain("ERROR");
      return maven.output();
    }
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

  /**
   * Returns a local repository of Maven with the modules that this build has made, as {@code mvn
   * install} would make it. The rest of it are links to the local repository of this build.
   */
  private static Path repository(String version) throws IOException {
    Path all = Path.of(System.getProperty("localRepository"));
    Path own = Path.of("target", "own-project").toAbsolutePath();
    link(all, own, "dev");
    link(all.resolve("dev"), own.resolve("dev"), "dormouse");
    install(own, "dormouse-parent", version, Path.of("../pom.xml"));
    install(own, "dormouse-bom", version, Path.of("../sdk/bom/target/.flattened-pom.xml"));
    for (String module :
        List.of(
            "sdk", "storage", "server", "server/starter", "sdk/testkit", "examples/archetype")) {
      Path folder = Path.of("..", module);
      String name = "dormouse-" + folder.getFileName();
      Path to = install(own, name, version, folder.resolve("pom.xml"));
      String jar = "%s-%s.jar".formatted(name, version);
      Files.copy(
          folder.resolve("target").resolve(jar),
          to.resolve(jar),
          StandardCopyOption.REPLACE_EXISTING);
    }
    return own;
  }

  private static void link(Path from, Path to, String except) throws IOException {
    Files.createDirectories(to);
    if (!Files.isDirectory(from)) {
      return;
    }
    try (Stream<Path> entries = Files.list(from)) {
      for (Path entry : entries.toList()) {
        Path name = entry.getFileName();
        Path link = to.resolve(name);
        if (!name.toString().equals(except) && !Files.exists(link, LinkOption.NOFOLLOW_LINKS)) {
          Files.createSymbolicLink(link, entry.toAbsolutePath());
        }
      }
    }
  }

  /** Puts the description of a module into a repository, and returns its folder there. */
  private static Path install(Path repository, String name, String version, Path pom)
      throws IOException {
    Path to = repository.resolve(Path.of("dev", "dormouse", name, version));
    Files.createDirectories(to);
    Files.copy(
        pom, to.resolve("%s-%s.pom".formatted(name, version)), StandardCopyOption.REPLACE_EXISTING);
    return to;
  }
}
