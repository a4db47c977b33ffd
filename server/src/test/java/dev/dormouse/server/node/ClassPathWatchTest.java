package dev.dormouse.server.node;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("F44")
class ClassPathWatchTest {
  @TempDir private Path folder;

  private Path jar;
  private Path other;

  @BeforeEach
  void make() throws IOException {
    jar = Files.write(folder.resolve("app.jar"), new byte[20_000]);
    other = Files.write(folder.resolve("other.jar"), "other".repeat(4_000).getBytes(UTF_8));
  }

  private ClassPathWatch watch() {
    String absent = folder.resolve("absent.jar").toString();
    return new ClassPathWatch(String.join(File.pathSeparator, absent, folder + "", jar + "", ""));
  }

  private void touch(int number) throws IOException {
    Files.setLastModifiedTime(jar, FileTime.from(Instant.ofEpochSecond(1_000_000_000L + number)));
  }

  @Test
  @DisplayName("F44: a jar that was overwritten in place is noticed once nobody writes to it")
  void aJarThatWasOverwrittenIsNoticed() throws IOException {
    ClassPathWatch watch = watch();
    assertThat(watch.overwritten()).isNull();
    Files.write(jar, Files.readAllBytes(other));
    touch(1);
    assertThat(watch.overwritten()).as("somebody is still writing").isNull();
    touch(2);
    assertThat(watch.overwritten()).as("somebody is still writing").isNull();
    assertThat(watch.overwritten()).isEqualTo(jar);
  }

  @Test
  @DisplayName(
      "F44: a jar that another was moved over, or that was touched or deleted, does no harm")
  void aJarThatTheJvmStillHasDoesNoHarm() throws IOException {
    ClassPathWatch watch = watch();
    touch(1);
    for (int i = 0; i < 3; i++) {
      assertThat(watch.overwritten()).isNull();
    }
    Files.move(other, jar, StandardCopyOption.REPLACE_EXISTING);
    for (int i = 0; i < 3; i++) {
      assertThat(watch.overwritten()).isNull();
    }
    Files.delete(jar);
    assertThat(watch.overwritten()).isNull();
  }
}
