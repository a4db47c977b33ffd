package dev.dormouse.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs applications with other loggers, locales or libraries than those of the examples. */
class SurroundingsIT {
  private static final int CANNOT_START = 1;
  private static final int LINES_MAX = 60;
  private static final String PROVIDER = "META-INF/services/org.slf4j.spi.SLF4JServiceProvider";

  @TempDir private Path directory;

  /** Returns a copy of the jar without this file. */
  private Path jarWithout(String file) throws Exception {
    Path jar = Files.copy(Path.of(ServerProcess.jar()), directory.resolve("app.jar"));
    try (FileSystem files = FileSystems.newFileSystem(jar)) {
      Files.delete(files.getPath(file));
    }
    return jar;
  }

  private Child launch(List<String> jvm, String classPath) throws Exception {
    String tests = TestActors.class.getProtectionDomain().getCodeSource().getLocation().getPath();
    List<String> command = new ArrayList<>(List.of(System.getProperty("dormouse.test.java")));
    command.addAll(
        List.of("-XX:+IgnoreUnrecognizedVMOptions", "--enable-native-access=ALL-UNNAMED"));
    command.addAll(jvm);
    command.addAll(List.of("-cp", classPath + File.pathSeparator + tests));
    command.addAll(List.of(TestActors.class.getName(), "--data", "data"));
    command.addAll(List.of("--port", "0", "--admin-port", "0"));
    return Child.start(directory, Map.of(), command);
  }

  private static void fails(ServerProcess server) throws Exception {
    assertThat(Http.get(server.http("/failing/one")).statusCode()).isEqualTo(500);
  }

  @Test
  @Tag("N1")
  @DisplayName("N1: without a logger, failures are on the standard error stream, in any locale")
  void withoutALoggerFailuresAreOnTheStandardErrorStreamInAnyLocale() throws Exception {
    List<String> locale = List.of("-Duser.language=ar", "-Duser.country=EG");
    Path jar = jarWithout(PROVIDER);
    try (ServerProcess server = ServerProcess.of(launch(locale, jar.toString()))) {
      fails(server);
      server.awaitOutput(Pattern.compile("ERROR \\[[^]]*] FailureLog: .*failing.*\n"));
      server.awaitOutput(Pattern.compile("IllegalStateException: fails as asked\n\tat "));
      assertThat(server.stop()).isZero();
      assertThat(server.output())
          .doesNotContain("DEBUG")
          .containsPattern("pid [0-9]+, up in [0-9]");
    }
  }

  @Test
  @Tag("N2")
  @DisplayName("N2: a logger without configuration is not flooded by the libraries below")
  void aLoggerWithoutConfigurationIsNotFloodedByTheLibrariesBelow() throws Exception {
    Path jar = jarWithout("logback.xml");
    List<String> turkish = List.of("-Duser.language=tr", "-Duser.country=TR");
    try (ServerProcess server = ServerProcess.of(launch(turkish, jar.toString()))) {
      fails(server);
      server.awaitOutput(Pattern.compile("IllegalStateException: fails as asked"));
      assertThat(server.stop()).isZero();
      assertThat(server.output())
          .doesNotContainPattern("(DEBUG|TRACE) io\\.(netty|vertx)")
          .doesNotContain("Unsafe");
      assertThat(server.output().lines().filter(line -> line.contains(" - ")).count())
          .isLessThan(LINES_MAX);
    }
  }

  @Test
  @Tag("N3")
  @DisplayName("N3: an older Netty ends the start with one line that names both versions")
  void anOlderNettyEndsTheStartWithOneLineThatNamesBothVersions() throws Exception {
    Path older = Files.createDirectories(directory.resolve("older/META-INF"));
    Files.writeString(
        older.resolve("io.netty.versions.properties"), "netty-common.version=4.1.128.Final\n");
    String classPath = older.getParent() + File.pathSeparator + ServerProcess.jar();
    try (Child server = launch(List.of(), classPath)) {
      assertThat(server.awaitExit()).isEqualTo(CANNOT_START);
      assertThat(server.output())
          .hasLineCount(1)
          .startsWith("dormouse: Netty 4.1.128.Final (netty-common) and ")
          .contains("<netty.version>");
    }
  }
}
