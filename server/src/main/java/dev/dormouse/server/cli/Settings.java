package dev.dormouse.server.cli;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;

/**
 * Provides values of options from the environment and from a properties file. A name that is not an
 * option's is an error.
 */
final class Settings implements IDefaultValueProvider {
  private static final String PREFIX = "DORMOUSE_";
  private static final String CONFIG = "config";

  private final Map<String, String> values;

  private Settings(Map<String, String> values) {
    this.values = values;
  }

  /**
   * Reads the environment and the properties file.
   *
   * @throws ParameterException if one of them has a name that is not an option's, or the file
   *     cannot be read
   */
  static Settings read(CommandLine line, String[] args, Map<String, String> environment) {
    Set<String> known =
        line.getCommandSpec().options().stream()
            .map(Settings::nameOf)
            .filter(name -> !name.equals("help") && !name.equals("version"))
            .collect(Collectors.toCollection(TreeSet::new));
    Map<String, String> fromEnvironment = new HashMap<>();
    environment.forEach(
        (variable, value) -> {
          if (variable.startsWith(PREFIX) && !isServiceLink(variable, value)) {
            String name =
                variable.substring(PREFIX.length()).toLowerCase(Locale.ROOT).replace('_', '-');
            checkKnown(line, known, name, "the environment variable " + variable);
            fromEnvironment.put(name, value);
          }
        });
    String fromLine = configFile(args);
    String file = fromLine == null ? fromEnvironment.get(CONFIG) : fromLine;
    Map<String, String> values = new HashMap<>();
    if (file != null) {
      Properties properties = readFile(line, Path.of(file));
      for (String name : properties.stringPropertyNames()) {
        checkKnown(line, known, name, "'" + name + "' in " + file);
        values.put(name, properties.getProperty(name));
      }
    }
    values.putAll(fromEnvironment);
    return new Settings(values);
  }

  /**
   * Matches the variables that Kubernetes sets in a process for each service of its namespace. The
   * variables of a service named {@code dormouse…} look like options.
   */
  private static final Pattern SERVICE_LINK =
      Pattern.compile(
          PREFIX
              + "(?:[A-Z0-9_]+_)?"
              + "(?:SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9_]+)?"
              + "|PORT_[0-9]+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)");

  /**
   * Matches names that end in PORT. Kubernetes sets such a variable to a URL, and the option --port
   * has a number; so only variables with a URL are Kubernetes's.
   */
  private static final Pattern SERVICE_PORT = Pattern.compile(PREFIX + "(?:[A-Z0-9_]+_)?PORT");

  private static final Pattern SERVICE_URL = Pattern.compile("(?:tcp|udp|sctp)://.*");

  private static boolean isServiceLink(String variable, String value) {
    return SERVICE_LINK.matcher(variable).matches()
        || (SERVICE_PORT.matcher(variable).matches() && SERVICE_URL.matcher(value).matches());
  }

  private static void checkKnown(CommandLine line, Set<String> known, String name, String where) {
    if (!known.contains(name)) {
      throw new ParameterException(
          line, where + " is no option; the options are " + String.join(", ", known));
    }
  }

  private static @Nullable String configFile(String[] args) {
    for (int i = 0; i < args.length; i++) {
      if (args[i].startsWith("--config=")) {
        return args[i].substring("--config=".length());
      }
      if (args[i].equals("--config") && i + 1 < args.length) {
        return args[i + 1];
      }
    }
    return null;
  }

  private static Properties readFile(CommandLine line, Path file) {
    Properties properties = new Properties();
    try (Reader reader = Files.newBufferedReader(file)) {
      properties.load(reader);
      return properties;
    } catch (NoSuchFileException e) {
      throw new ParameterException(line, "--config: there is no file " + file, e);
    } catch (IOException | IllegalArgumentException e) {
      throw new ParameterException(line, "--config: " + file + " cannot be read: " + e, e);
    }
  }

  private static String nameOf(OptionSpec option) {
    return option.longestName().replaceFirst("^--", "");
  }

  @Override
  public @Nullable String defaultValue(ArgSpec argument) {
    return argument instanceof OptionSpec option ? values.get(nameOf(option)) : null;
  }
}
