package dev.dormouse.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Runs the script that picks the JVM's options, in a process of its own, on the JDK of the tests.
 */
class LauncherIT {
  private static final Path SCRIPT = Path.of("bin/dormouse").toAbsolutePath();
  private static final Path HOME =
      Path.of(System.getProperty("dormouse.test.java")).getParent().getParent();
  private static final int JDK = Runtime.version().feature(); // the tests run on this JDK, too
  private static final int USAGE = 2;

  @TempDir private Path directory;
  private Path jar;

  @BeforeEach
  void copyTheJar() throws Exception {
    jar = Files.copy(Path.of(ServerProcess.jar()), directory.resolve("app.jar"));
    // This jar stands for an application whose manifest lacks the permissions of the examples'
    // manifest.
    try (FileSystem files = FileSystems.newFileSystem(jar)) {
      Path manifest = files.getPath("META-INF/MANIFEST.MF");
      String text = Files.readString(manifest);
      Files.writeString(manifest, text.replaceAll("Enable-Native-Access: .*\r?\n", ""));
    }
  }

  private Child launch(Map<String, String> variables, String... args) throws Exception {
    List<String> command = new ArrayList<>(List.of(SCRIPT.toString()));
    command.addAll(List.of(args));
    return Child.start(directory, variables, command);
  }

  private ServerProcess start(String javaOptions, String... args) throws Exception {
    List<String> all = new ArrayList<>(List.of(args));
    all.addAll(List.of("--port", "0", "--admin-port", "0", "--data", "data"));
    Map<String, String> variables =
        Map.of("JAVA_HOME", HOME.toString(), "JAVA_OPTIONS", javaOptions);
    return ServerProcess.of(launch(variables, all.toArray(String[]::new)));
  }

  @Test
  @Tag("N7")
  @DisplayName("N7: the jar runs with the options that this JDK has, and without a warning")
  void theJarRunsWithTheOptionsThatThisJdkHas() throws Exception {
    try (ServerProcess server = start("-Xmx300m -Dsome=thing", jar.toString());
        Client client = server.connect("/echo/one")) {
      client.send("hello");
      assertThat(client.nextText()).isEqualTo("hello");
      ProcessHandle.Info process = ProcessHandle.of(server.pid()).orElseThrow().info();
      List<String> options = List.of(process.arguments().orElseThrow());
      assertThat(options)
          .containsSubsequence(
              "-XX:+ExitOnOutOfMemoryError", "-Xmx300m", "-Dsome=thing", "-jar", jar.toString());
      assertThat(options.contains("-XX:+UseCompactObjectHeaders")).isEqualTo(JDK >= 25);
      assertThat(options.contains("--enable-native-access=ALL-UNNAMED")).isEqualTo(JDK >= 22);
      assertThat(server.output()).doesNotContainIgnoringCase("warning");
      server.terminate();
      assertThat(server.awaitExit()).isZero();
    }
  }

  @Test
  void aTrainedCacheIsUsedUntilTheJarIsNewer() throws Exception {
    assertThat(classesFromTheCache()).isZero();
    Path cache = directory.resolve(JDK >= 25 ? "app.aot" : "app.jsa");
    for (int i = 0; i < 2; i++) { // an existing cache is replaced
      try (ServerProcess server = start("", "--train", jar.toString())) {
        server.stop();
        assertThat(server.output()).doesNotContainIgnoringCase("warning");
      }
      assertThat(cache).isNotEmptyFile();
      assertThat(classesFromTheCache()).isGreaterThan(200);
    }
    FileTime written = Files.getLastModifiedTime(cache);
    Files.setLastModifiedTime(jar, FileTime.from(written.toInstant().plusSeconds(1)));
    assertThat(classesFromTheCache()).isZero();
  }

  /** Returns the number of Dormouse's own classes that a start takes from a cache. */
  private long classesFromTheCache() throws Exception {
    Path loaded = directory.resolve("loaded");
    try (ServerProcess server = start("-Xlog:class+load:file=" + loaded, jar.toString())) {
      server.stop();
      assertThat(server.output()).doesNotContainIgnoringCase("warning");
    }
    try (Stream<String> lines = Files.lines(loaded)) {
      return lines
          .filter(line -> line.contains(" dev.dormouse."))
          .filter(line -> line.contains("source: shared objects file"))
          .count();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "'', which jar? dormouse [--train] app.jar [options of the application]",
    "--train, which jar? dormouse [--train] app.jar [options of the application]",
    "no.jar, there is no file no.jar",
    "--port, there is no file --port",
  })
  void whatItCannotRunItNames(String argument, String told) throws Exception {
    try (Child script = launch(Map.of("JAVA_HOME", HOME.toString()), argument)) {
      assertThat(script.awaitExit()).isEqualTo(USAGE);
      assertThat(script.output()).isEqualTo("dormouse: " + told + "\n");
    }
  }

  @Test
  void aHomeWithoutJavaIsNamed() throws Exception {
    try (Child script = launch(Map.of("JAVA_HOME", directory.toString()), jar.toString())) {
      assertThat(script.awaitExit()).isEqualTo(USAGE);
      assertThat(script.output())
          .isEqualTo(
              "dormouse: JAVA_HOME is %s, where there is no bin/java\n".formatted(directory));
    }
  }

  @Test
  void anOldJavaIsNamed() throws Exception {
    Path java = Files.createDirectories(directory.resolve("bin")).resolve("java");
    Files.writeString(java, "#!/bin/sh\nexit 3\n");
    assertThat(java.toFile().setExecutable(true)).isTrue();
    Files.writeString(directory.resolve("release"), "JAVA_VERSION=\"11.0.2\"\n");
    try (Child script = launch(Map.of("JAVA_HOME", directory.toString()), jar.toString())) {
      assertThat(script.awaitExit()).isEqualTo(USAGE);
      assertThat(script.output())
          .isEqualTo("dormouse: %s is of JDK 11; it takes 17 or later\n".formatted(java));
    }
  }
}
