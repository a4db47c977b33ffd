package dev.dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorOptions;
import java.io.IOException;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Checks that the code in the README and the guides is the code that the build compiles.
 *
 * <p>A comment on the line before a block names the source of the block: {@code <!-- code:
 * examples/src/test/java/com/example/TinyChat.java -->} is a whole file, and {@code <!-- code:
 * …/Tasks.java#history -->} is the part of the file between the lines {@code // tag::history} and
 * {@code // end::history}, moved to the left margin. In XML they are {@code <!-- tag::history -->}
 * and {@code <!-- end::history -->}. Every block in Java needs such a comment. A block of text
 * after {@code <!-- api: dev.dormouse.sdk.Alarms -->} has the signatures of that type. A block in
 * XML needs one, or a comment {@code <!-- file: pom.xml -->}: such a block is a file of the
 * README's first project, which another test builds and runs.
 *
 * <p>With {@code -Ddormouse.docs.renew=true} this test writes the code into the documents.
 */
@Tag("once")
class DocumentCodeTest {
  private static final Path ROOT = Path.of("").toAbsolutePath().getParent();
  private static final Pattern SOURCE = Pattern.compile("<!-- code: ([^ #]+)(?:#([\\w-]+))? -->");
  private static final Pattern API = Pattern.compile("<!-- api: ([\\w.]+) -->");
  private static final Pattern FILE = Pattern.compile("<!-- file: \\S+ -->");
  private static final Pattern LINK = Pattern.compile("\\]\\((?!https?:)([^)#]*)(?:#([^)]*))?\\)");
  private static final List<String> CHECKED = List.of("```java", "```xml");
  private static final boolean IS_RENEWAL = Boolean.getBoolean("dormouse.docs.renew");

  /** The README and the guides; the changelog also shows code of the past. */
  private static List<Path> documents() throws IOException {
    List<Path> documents = new ArrayList<>(List.of(ROOT.resolve("README.md")));
    documents.add(ROOT.resolve("CONTRIBUTING.md"));
    for (String module :
        List.of("sdk", "sdk/client-js", "storage", "server", "examples", "examples/bench")) {
      try (Stream<Path> files = Files.list(ROOT.resolve(module))) {
        files
            .filter(file -> file.toString().endsWith(".md") || file.endsWith("llms.txt"))
            .sorted()
            .forEach(documents::add);
      }
    }
    return documents;
  }

  /** Returns the code that a comment names, without the white space that all lines begin with. */
  private static List<String> code(Matcher source) throws IOException {
    List<String> lines = Files.readAllLines(ROOT.resolve(source.group(1)));
    String region = source.group(2);
    if (region == null) {
      return lines;
    }
    List<String> stripped = lines.stream().map(DocumentCodeTest::comment).toList();
    int start = stripped.indexOf("// tag::" + region);
    int end = stripped.indexOf("// end::" + region);
    assertThat(start).as("line '// tag::%s' in %s", region, source.group(1)).isNotNegative();
    assertThat(end).as("line '// end::%s' in %s", region, source.group(1)).isGreaterThan(start);
    List<String> part =
        lines.subList(start + 1, end).stream()
            .filter(line -> !comment(line).matches("// (tag|end)::[\\w-]+"))
            .toList();
    int margin =
        part.stream()
            .filter(line -> !line.isBlank())
            .mapToInt(line -> line.length() - line.stripLeading().length())
            .min()
            .orElse(0);
    String code =
        part.stream()
            .map(line -> line.isBlank() ? "" : line.substring(margin))
            .collect(Collectors.joining("\n"));
    return code.strip().lines().toList();
  }

  /** Returns a line without the white space around it; a comment of XML as one of Java. */
  private static String comment(String line) {
    return line.strip().replaceFirst("^<!-- (.*) -->$", "// $1");
  }

  /** Returns the comments on the lines right before a line. */
  private static String commentsBefore(List<String> lines, int line) {
    StringBuilder comments = new StringBuilder();
    for (int i = line - 1; i >= 0 && lines.get(i).startsWith("<!--"); i--) {
      comments.append(lines.get(i)).append('\n');
    }
    return comments.toString();
  }

  /** Returns the signatures of a type of the SDK, which another test compares with the code. */
  private static List<String> signatures(String type) throws IOException {
    List<String> lines = Files.readAllLines(ROOT.resolve("sdk/src/test/resources/api.txt"));
    Pattern head = Pattern.compile("[a-z ]+ \\Q" + type + "\\E\\b(?![.\\w]).*");
    int start = 0;
    while (start < lines.size() && !head.matcher(lines.get(start)).matches()) {
      start++;
    }
    assertThat(start).as("signatures of %s", type).isLessThan(lines.size());
    List<String> rest = lines.subList(start, lines.size());
    return rest.subList(0, rest.indexOf(""));
  }

  /**
   * Returns whether the block that begins at a line differs from what it should be; in a renewal,
   * the block becomes what it should be.
   */
  private static boolean differs(List<String> lines, int start, List<String> wanted) {
    List<String> rest = lines.subList(start, lines.size());
    List<String> block = rest.subList(0, rest.indexOf("```"));
    if (IS_RENEWAL) {
      block.clear();
      lines.addAll(start, wanted);
      return false;
    }
    return !block.equals(wanted);
  }

  @Test
  void theCodeInTheDocumentsIsTheCodeThatIsCompiled() throws IOException {
    List<String> wrong = new ArrayList<>();
    int compared = 0;
    for (Path document : documents()) {
      List<String> lines = new ArrayList<>(Files.readAllLines(document));
      for (int i = 0; i < lines.size(); i++) {
        String comments = commentsBefore(lines, i);
        String where = ROOT.relativize(document) + ":" + (i + 1);
        Matcher api = API.matcher(comments);
        if (lines.get(i).equals("```text") && api.find()) {
          if (differs(lines, i + 1, signatures(api.group(1)))) {
            wrong.add(where + " differs from the signatures of " + api.group(1));
          }
        }
        if (!CHECKED.contains(lines.get(i))) {
          continue;
        }
        Matcher source = SOURCE.matcher(comments);
        if (source.find()) {
          compared++;
          if (differs(lines, i + 1, code(source))) {
            wrong.add(where + " differs from " + source.group());
          }
        } else if (lines.get(i).equals("```java") || !FILE.matcher(comments).find()) {
          wrong.add(where + " has no comment that names its source");
        }
      }
      if (IS_RENEWAL) {
        Files.write(document, lines);
      }
    }
    assertThat(wrong)
        .as("blocks of code; -Ddormouse.docs.renew=true writes the compiled code into them")
        .isEmpty();
    assertThat(compared).isGreaterThanOrEqualTo(2);
  }

  @Test
  void thePageForAgentsHasTheReadmesCommandThatMakesAProject() throws IOException {
    List<String> commands =
        Files.readAllLines(ROOT.resolve("README.md")).stream()
            .filter(line -> line.startsWith("mvn -B archetype:generate "))
            .toList();

    assertThat(commands).hasSize(1);
    assertThat(Files.readAllLines(ROOT.resolve("sdk/llms.txt"))).containsAll(commands);
  }

  @Test
  void theReadmeHasAtMost150Lines() throws IOException {
    assertThat(Files.readAllLines(ROOT.resolve("README.md"))).hasSizeLessThanOrEqualTo(150);
  }

  @Test
  void everyOptionOfAnActorTypeStandsInTheGuide() throws IOException {
    String guide = Files.readString(ROOT.resolve("sdk/README.md"));
    String table = guide.substring(guide.indexOf("\n## Options of an actor type\n"));
    List<String> options =
        Stream.of(ActorOptions.class.getMethods())
            .filter(method -> method.getReturnType() == ActorOptions.class)
            .filter(method -> !Modifier.isStatic(method.getModifiers()))
            .map(method -> "`" + method.getName() + "`")
            .distinct()
            .toList();
    assertThat(table).contains(options);
    assertThat(options).hasSizeGreaterThan(10);
  }

  @Test
  void everyLinkInTheDocumentsLeadsToAFileOrAHeading() throws IOException {
    List<String> broken = new ArrayList<>();
    int links = 0;
    for (Path document : documents()) {
      Matcher link = LINK.matcher(Files.readString(document));
      while (link.find()) {
        links++;
        Path target = document.resolveSibling(link.group(1)).normalize();
        Path page = link.group(1).isEmpty() ? document : target;
        if (!Files.exists(page)
            || (link.group(2) != null && !headings(page).contains(link.group(2)))) {
          broken.add(ROOT.relativize(document) + ": " + link.group());
        }
      }
    }
    assertThat(broken).isEmpty();
    assertThat(links).isGreaterThan(20);
  }

  /** Returns the anchors that GitHub gives to the headings of a page. */
  private static List<String> headings(Path page) throws IOException {
    return Files.readAllLines(page).stream()
        .filter(line -> line.startsWith("#"))
        .map(line -> line.replaceFirst("^#+ ", "").toLowerCase(Locale.ROOT))
        .map(heading -> heading.replaceAll("[^\\w -]", "").replace(' ', '-'))
        .toList();
  }
}
