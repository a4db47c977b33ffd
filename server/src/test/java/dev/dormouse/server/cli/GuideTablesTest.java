package dev.dormouse.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Compares the tables of the server's guide with the options, close codes and metrics of the code.
 */
@Tag("once")
class GuideTablesTest {
  private static final Path GUIDE = Path.of("README.md");
  private static final Path SOURCES = Path.of("src/main/java");
  private static final Pattern DEFAULT =
      Pattern.compile("Default(?:, and never more than)?: (.*)$");
  private static final Pattern CODE = Pattern.compile("(?:int|short) [A-Z_]+ = (10[01]\\d);");
  private static final Pattern METER =
      Pattern.compile("\"((?:dormouse|http\\.server)\\.[a-z._]+)\"");
  private static final Pattern METRIC = Pattern.compile("`((?:dormouse|http_server)_[a-z_]+)`");

  private static String section(String heading) throws IOException {
    String text = Files.readString(GUIDE);
    int start = text.indexOf("\n## " + heading + "\n");
    assertThat(start).as("section '%s' of the server's guide", heading).isNotNegative();
    int end = text.indexOf("\n## ", start + 1);
    return text.substring(start, end < 0 ? text.length() : end);
  }

  /** Returns the second cell of each row of a section, by the first cell. */
  private static Map<String, String> rows(String heading) throws IOException {
    Map<String, String> rows = new TreeMap<>();
    section(heading)
        .lines()
        .filter(line -> line.startsWith("| ") && !line.startsWith("|---"))
        .map(line -> line.split(" \\| "))
        .forEach(cells -> rows.put(cells[0].substring(2).strip(), cells[1].strip()));
    return rows;
  }

  private static CommandLine line() {
    CommandLine line = new CommandLine(ServerCommand.class);
    JarCommand.addTo(line, type -> null);
    return line;
  }

  /** Returns the default that the help tells; a dash if it tells none. */
  private static String defaultOf(OptionSpec option) {
    for (String paragraph : option.description()) {
      Matcher told = DEFAULT.matcher(paragraph);
      if (told.find()) {
        return told.group(1).replace("${DEFAULT-VALUE}", String.valueOf(option.defaultValue()));
      }
    }
    return "–";
  }

  @Test
  void everyOptionStandsInTheGuideWithItsDefault() throws IOException {
    Map<String, String> expected = new TreeMap<>();
    for (OptionSpec option : line().getCommandSpec().options()) {
      expected.put("`" + option.longestName() + "`", defaultOf(option));
    }
    expected.remove("`--help`");
    expected.remove("`--version`");
    expected.put("`--help`, `--version`", "–");
    Map<String, String> rows = rows("Options");
    rows.remove("option");
    assertThat(rows).isEqualTo(expected);
    assertThat(rows).hasSizeGreaterThan(25);
  }

  @Test
  void everyCommandAndItsOptionsStandInTheGuide() throws IOException {
    checkCommands(line(), section("Options") + section("Back it up"));
  }

  @Test
  void theSectionOfClustersNamesOptionsThatAreThere() throws IOException {
    Set<String> known = new TreeSet<>(List.of("--timeout"));
    line().getCommandSpec().options().forEach(option -> known.add(option.longestName()));
    Set<String> named = new TreeSet<>();
    Matcher option =
        Pattern.compile("(?<![\\w-])--[a-z][a-z-]+|DORMOUSE_[A-Z_]+")
            .matcher(section("Several machines"));
    while (option.find()) {
      String name = option.group().replace("DORMOUSE", "-").replace('_', '-');
      named.add(name.toLowerCase(Locale.ROOT));
    }
    assertThat(named).isSubsetOf(known).hasSizeGreaterThan(7);
  }

  private static void checkCommands(CommandLine line, String text) {
    line.getSubcommands()
        .forEach(
            (name, command) -> {
              assertThat(text).contains("`" + name + "`");
              for (OptionSpec option : command.getCommandSpec().options()) {
                assertThat(text).as("option of %s", name).contains(option.longestName());
              }
              checkCommands(command, text);
            });
  }

  private static Set<String> found(Pattern pattern, String under) throws IOException {
    Set<String> found = new TreeSet<>();
    try (Stream<Path> files = Files.walk(SOURCES.resolve("dev/dormouse/server").resolve(under))) {
      for (Path file : files.filter(f -> f.toString().endsWith(".java")).toList()) {
        Matcher matcher = pattern.matcher(Files.readString(file));
        while (matcher.find()) {
          found.add(matcher.group(1));
        }
      }
    }
    return found;
  }

  @Test
  void everyCloseCodeOfTheServerStandsInTheGuide() throws IOException {
    Set<String> codes = found(CODE, "");
    assertThat(codes).contains("1001", "1013").hasSizeGreaterThan(7);
    assertThat(rows("Close codes").keySet()).containsAll(codes);
  }

  @Test
  void everyMetricStandsInTheGuideAndEveryMetricOfTheGuideIsThere() throws IOException {
    Set<String> meters = new TreeSet<>();
    found(METER, "admin/metrics").forEach(name -> meters.add(name.replace('.', '_')));
    assertThat(meters).hasSizeGreaterThan(40);
    Set<String> told = new TreeSet<>();
    Matcher metric = METRIC.matcher(section("Metrics"));
    while (metric.find()) {
      told.add(metric.group(1));
    }
    assertThat(meters)
        .as("meters without a row")
        .allMatch(meter -> told.stream().anyMatch(name -> name.startsWith(meter)));
    assertThat(told)
        .as("rows without a meter")
        .allMatch(name -> meters.stream().anyMatch(name::startsWith));
  }
}
