package dev.dormouse.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Compares the signatures of the test kit with a file, so that a review sees each change of them.
 */
// The signatures are the same on each JVM.
@Tag("once")
class SignaturesTest {
  private static final String RENEW = "dormouse.api.renew";
  private static final Path FILE = Path.of("src/test/resources/api.txt");
  private static final Path SOURCES = Path.of("src/main/java");

  @Test
  void theSignaturesAreThoseOfTheFile() throws Exception {
    List<String> now = new ArrayList<>();
    for (String name : names()) {
      Class<?> type = Class.forName(name);
      if (Modifier.isPublic(type.getModifiers())) {
        now.add(type.toGenericString());
        members(type).sorted().forEach(member -> now.add("  " + member));
        now.add("");
      }
    }
    if (Boolean.getBoolean(RENEW)) {
      Files.write(FILE, now);
    }
    assertThat(Files.readAllLines(FILE))
        .as(
            "the API; if the change is meant, put it into CHANGELOG.md and renew the file with"
                + " mvn test -pl sdk/testkit -am -Dtest=SignaturesTest"
                + " -Dsurefire.failIfNoSpecifiedTests=false -D%s=true",
            RENEW)
        .isEqualTo(now);
  }

  private static List<String> names() throws Exception {
    try (Stream<Path> files = Files.walk(SOURCES)) {
      return files
          .map(file -> SOURCES.relativize(file).toString())
          .filter(file -> file.endsWith(".java") && !file.endsWith("-info.java"))
          .map(file -> file.replace(".java", "").replace('/', '.'))
          .sorted()
          .toList();
    }
  }

  private static Stream<String> members(Class<?> type) {
    Stream<String> methods =
        Stream.of(type.getDeclaredMethods())
            .filter(method -> Modifier.isPublic(method.getModifiers()) && !method.isSynthetic())
            .map(Method::toGenericString);
    Stream<String> constructors =
        Stream.of(type.getDeclaredConstructors())
            .filter(constructor -> Modifier.isPublic(constructor.getModifiers()))
            .map(Constructor::toGenericString);
    return Stream.concat(constructors, methods);
  }
}
