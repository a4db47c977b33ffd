package dev.dormouse.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Builds and tests the project {@code examples/spring-boot} with its own parent, which is that of
 * Spring Boot, once for each version of Spring Boot. Maven may load what it does not have yet.
 */
@Tag("full")
class SpringBootIT {
  private static final Path EXAMPLE = Path.of("spring-boot");
  private static final Pattern BOOT =
      Pattern.compile("(<artifactId>spring-boot-starter-parent</artifactId>\\s+<version>)[^<]+");
  private static final Pattern VERSION =
      Pattern.compile("<artifactId>dormouse-bom</artifactId>\\s+<version>([^<]+)");

  @TempDir private Path project;

  @ParameterizedTest
  @ValueSource(strings = {"3.5.7", "4.0.7"})
  void theExampleRunsOnEachSpringBoot(String boot) throws Exception {
    String pom = Files.readString(EXAMPLE.resolve("pom.xml"));
    Matcher version = VERSION.matcher(pom);
    assertThat(version.find()).isTrue();
    Files.writeString(project.resolve("pom.xml"), BOOT.matcher(pom).replaceFirst("$1" + boot));
    copy(EXAMPLE.resolve("src"), project.resolve("src"));

    LocalRepository repository = LocalRepository.make("spring-boot", version.group(1));
    String output =
        repository.maven(project, List.of("test", "-DargLine=" + LocalRepository.QUICK_START));

    assertThat(output)
        .contains("Tests run: 2, Failures: 0, Errors: 0, Skipped: 0", "(v" + boot + ")")
        .doesNotContain(" WARN ");
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> all = Files.walk(from)) {
      for (Path path : all.toList()) {
        Path copy = to.resolve(from.relativize(path));
        if (Files.isDirectory(path)) {
          Files.createDirectories(copy);
        } else {
          Files.copy(path, copy);
        }
      }
    }
  }
}
