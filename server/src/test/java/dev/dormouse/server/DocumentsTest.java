package dev.dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Reads the documents that name classes and folders, and looks whether they are still there. */
@Tag("once")
class DocumentsTest {
  private static final Path ROOT = Path.of("").toAbsolutePath().getParent();
  private static final Pattern CLASS = Pattern.compile("`([A-Z]\\w+)`");
  private static final Pattern ROW =
      Pattern.compile("\\| ([^|]+\\?) \\| `([a-z/]+)` \\| (`[A-Z][^|]*) \\|");

  /** Returns the folder of every class of main code, by its name. */
  private static Map<String, List<String>> foldersByClass() throws IOException {
    Map<String, List<String>> folders = new TreeMap<>();
    for (String module : List.of("sdk", "storage", "server", "examples")) {
      Path sources = ROOT.resolve(module).resolve("src/main/java");
      try (Stream<Path> files = Files.walk(sources)) {
        files
            .filter(file -> file.toString().endsWith(".java"))
            .forEach(
                file ->
                    folders
                        .computeIfAbsent(
                            file.getFileName().toString().replace(".java", ""),
                            name -> new ArrayList<>())
                        .add(folder(file)));
      }
    }
    return folders;
  }

  /**
   * Returns the folder of a file: the module, and the package below {@code dev.dormouse} and
   * module.
   */
  private static String folder(Path file) {
    String path = ROOT.relativize(file.getParent()).toString().replace('\\', '/');
    return path.replaceFirst("^(\\w+)/src/main/java/dev/dormouse/\\1", "$1");
  }

  private static String section(String file, String heading) {
    String text;
    try {
      text = Files.readString(ROOT.resolve(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    int start = text.indexOf("\n## " + heading + "\n");
    assertThat(start).as("section '%s' of %s", heading, file).isNotNegative();
    int end = text.indexOf("\n## ", start + 1);
    return text.substring(start, end < 0 ? text.length() : end);
  }

  @Test
  void everyStopOfAJourneyIsAClass() throws IOException {
    Map<String, List<String>> folders = foldersByClass();
    List<String> unknown = new ArrayList<>();
    int stops = 0;
    Matcher names = CLASS.matcher(section("server/README.md", "How it works"));
    while (names.find()) {
      stops++;
      if (!folders.containsKey(names.group(1))) {
        unknown.add(names.group(1));
      }
    }
    assertThat(unknown).as("classes that server/README.md names and that are gone").isEmpty();
    assertThat(stops).isGreaterThan(60);
  }

  @Test
  void everyAnswerOfTheMapIsAFolderThatHasTheClasses() throws IOException {
    Map<String, List<String>> folders = foldersByClass();
    List<String> wrong = new ArrayList<>();
    int rows = 0;
    Matcher row = ROW.matcher(section("CONTRIBUTING.md", "Where is what"));
    while (row.find()) {
      rows++;
      Matcher names = CLASS.matcher(row.group(3));
      while (names.find()) {
        if (!folders.getOrDefault(names.group(1), List.of()).contains(row.group(2))) {
          wrong.add(names.group(1) + " is in " + folders.get(names.group(1)));
        }
      }
    }
    assertThat(wrong).as("classes that are not in the folder of CONTRIBUTING's map").isEmpty();
    assertThat(rows).isGreaterThanOrEqualTo(12);
  }
}
