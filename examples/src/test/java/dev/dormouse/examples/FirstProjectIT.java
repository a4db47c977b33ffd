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
 * Makes a first project as a newcomer does: the project has the files of the README and nothing
 * else, and is built and started by the README's commands. Maven may download its own plugins.
 */
@Tag("full")
class FirstProjectIT {
  private static final Pattern FILE =
      Pattern.compile("(?s)<!-- file: (\\S+) -->\\n(?:<!--[^\\n]*\\n)*```\\w*\\n(.*?\\n)```\\n");
  private static final Pattern COMMANDS =
      Pattern.compile("Run it: `mvn ([^`&]+) && java -jar ([^`]+)`");
  private static final Pattern VERSION =
      Pattern.compile("<artifactId>dormouse-server</artifactId><version>([^<]+)</version>");
  private static final Duration BUILDS_WITHIN = Duration.ofMinutes(10);

  @TempDir private Path project;

  @Test
  void theFilesAndCommandsOfTheReadmeMakeAServerThatAnswers() throws Exception {
    String readme = Files.readString(Path.of("../README.md"));
    List<String> files = new ArrayList<>();
    for (Matcher file = FILE.matcher(readme); file.find(); ) {
      Path to = project.resolve(file.group(1));
      Files.createDirectories(to.getParent());
      Files.writeString(to, file.group(2));
      files.add(file.group(1));
    }
    assertThat(files).contains("pom.xml").hasSizeGreaterThanOrEqualTo(2);
    Matcher commands = COMMANDS.matcher(readme);
    assertThat(commands.find()).isTrue();
    build(commands.group(1));
    start(commands.group(2));
  }

  private void build(String arguments) throws Exception {
    Matcher version = VERSION.matcher(Files.readString(project.resolve("pom.xml")));
    assertThat(version.find()).isTrue();
    List<String> command = new ArrayList<>();
    command.add(System.getProperty("dormouse.test.maven"));
    command.add("-B");
    command.add("-Dmaven.repo.local=" + repository(version.group(1)));
    command.addAll(List.of(arguments.split(" ")));
    Path java = Path.of(System.getProperty("dormouse.test.java")).toRealPath();
    String home = java.getParent().getParent().toString();
    try (Child maven = Child.start(project, Map.of("JAVA_HOME", home), command)) {
      int code = maven.awaitExit(BUILDS_WITHIN);
      assertThat(maven.output()).doesNotContain("ERROR");
      assertThat(code).isZero();
    }
  }

  private void start(String jar) throws Exception {
    List<String> command =
        List.of(System.getProperty("dormouse.test.java"), "-jar", jar, "--port", "0");
    List<String> more = List.of("--admin-port", "0", "--data", project.resolve("data").toString());
    Child child =
        Child.start(project, Map.of(), Stream.of(command, more).flatMap(List::stream).toList());
    try (ServerProcess server = ServerProcess.of(child);
        Client ada = server.connect("/chat/lobby?name=ada")) {
      assertThat(ada.next()).isEqualTo(new Client.Text("welcome"));
      assertThat(ada.ask("hello")).isEqualTo("ada: hello");
      assertThat(server.output()).doesNotContain("SLF4J", "WARN", "ERROR");
    }
  }

  /**
   * Returns a local repository of Maven with the modules that this build has made, as {@code mvn
   * install} would make it. The rest of it are links to the local repository of this build.
   */
  private static Path repository(String version) throws IOException {
    Path all = Path.of(System.getProperty("localRepository"));
    Path own = Path.of("target", "first-project").toAbsolutePath();
    link(all, own, "dev");
    link(all.resolve("dev"), own.resolve("dev"), "dormouse");
    install(own, "dormouse-parent", version, Path.of(".."));
    for (String module : List.of("sdk", "storage", "server")) {
      Path folder = Path.of("..", module);
      String name = "dormouse-" + module;
      Path to = install(own, name, version, folder);
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
  private static Path install(Path repository, String name, String version, Path module)
      throws IOException {
    Path to = repository.resolve(Path.of("dev", "dormouse", name, version));
    Files.createDirectories(to);
    Files.copy(
        module.resolve("pom.xml"),
        to.resolve("%s-%s.pom".formatted(name, version)),
        StandardCopyOption.REPLACE_EXISTING);
    return to;
  }
}
