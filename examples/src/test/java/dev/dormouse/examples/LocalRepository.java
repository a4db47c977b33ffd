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
import java.util.stream.Stream;

/**
 * A local repository of Maven that has the modules of this build, as {@code mvn install} would put
 * them there, and links to all else that the local repository of this build has.
 *
 * @param folder the folder of the repository
 */
record LocalRepository(Path folder) {
  private static final List<String> MODULES =
      List.of(
          "sdk",
          "storage",
          "server",
          "server/starter",
          "server/spring-boot-starter",
          "sdk/testkit",
          "examples/archetype");

  /** The options of a JVM that lives for some seconds. */
  static final String QUICK_START = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC";

  private static final Duration BUILDS_WITHIN = Duration.ofMinutes(10);
  private static final Path HOME =
      Path.of(System.getProperty("dormouse.test.java")).toAbsolutePath().getParent().getParent();

  /**
   * Makes a repository below {@code target}.
   *
   * @param name the name of its folder, which a test has for itself
   * @param version the version of the modules
   */
  static LocalRepository make(String name, String version) throws IOException {
    Path all = Path.of(System.getProperty("localRepository"));
    Path own = Path.of("target", name).toAbsolutePath();
    link(all, own, "dev");
    link(all.resolve("dev"), own.resolve("dev"), "dormouse");
    install(own, "dormouse-parent", version, Path.of("../pom.xml"));
    install(own, "dormouse-bom", version, Path.of("../sdk/bom/target/.flattened-pom.xml"));
    for (String module : MODULES) {
      Path folder = Path.of("..", module);
      String artifact = "dormouse-" + folder.getFileName();
      Path to = install(own, artifact, version, folder.resolve("pom.xml"));
      String jar = "%s-%s.jar".formatted(artifact, version);
      Files.copy(
          folder.resolve("target").resolve(jar),
          to.resolve(jar),
          StandardCopyOption.REPLACE_EXISTING);
    }
    return new LocalRepository(own);
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

  /** Runs Maven in a directory, with this repository; returns what it printed. */
  String maven(Path directory, List<String> arguments) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(System.getProperty("dormouse.test.maven"));
    command.addAll(List.of("-B", "-ntp", "-Dmaven.repo.local=" + folder));
    command.addAll(arguments);
    Map<String, String> environment =
        Map.of("JAVA_HOME", HOME.toRealPath().toString(), "MAVEN_OPTS", QUICK_START);
    try (Child maven = Child.start(directory, environment, command)) {
      int code = maven.awaitExit(BUILDS_WITHIN);
      assertThat(code).as(maven.output()).isZero();
      assertThat(maven.output()).doesNotContain("ERROR");
      return maven.output();
    }
  }
}
