package dev.dormouse.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExamplesJarIT {

  @TempDir private Path directory;

  @Test
  void runsFromTheJar() throws Exception {
    String jar = System.getProperty("dormouse.examples.jar");
    String java = System.getProperty("dormouse.test.java");
    assertThat(run(new File("."), java, "-jar", jar)).containsExactly("Dormouse examples");
  }

  @Test
  @Tag("full")
  void nodeDrivesChromium() throws Exception {
    assertThat(run(new File("src/test/js"), "node", "smoke.mjs")).containsExactly("ok");
  }

  private List<String> run(File where, String... command) throws Exception {
    Path out = directory.resolve("out");
    Process process =
        new ProcessBuilder(command)
            .directory(where)
            .redirectErrorStream(true)
            .redirectOutput(out.toFile())
            .start();
    try {
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    List<String> lines = Files.readAllLines(out, StandardCharsets.UTF_8);
    assertThat(process.exitValue()).as(() -> String.join("\n", lines)).isZero();
    return lines;
  }
}
