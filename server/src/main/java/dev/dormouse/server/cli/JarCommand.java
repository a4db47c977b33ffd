package dev.dormouse.server.cli;

import dev.dormouse.storage.BackupException;
import dev.dormouse.storage.StoreOpenException;
import dev.dormouse.storage.codec.ValueCodec;
import dev.dormouse.storage.rows.CorruptRowException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * Describes a command of the server's command line that is run instead of a server: those that work
 * on a data folder ({@link FolderCommand}), and those that ask a node about its cluster ({@link
 * ClusterCommand}).
 */
abstract class JarCommand {
  static final int DONE = 0;
  static final int FAILED = 1;

  @Spec private @Nullable CommandSpec spec;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "A properties file with options. Default: none")
  @SuppressWarnings("UnusedVariable") // Settings reads this option before the others
  private Path config = Path.of("");

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this help message and exit.")
  @SuppressWarnings("UnusedVariable") // picocli reads this field
  private boolean isHelpWanted;

  /** Runs the command and returns the exit code of the process. */
  abstract int run();

  CommandLine line() {
    if (spec == null) {
      throw new IllegalStateException("not a command yet");
    }
    return spec.commandLine();
  }

  PrintWriter out() {
    return line().getOut();
  }

  /**
   * Prints a line that may contain text from clients. Characters that could control a terminal or
   * reverse text are printed as Unicode escapes, which are valid in texts of JSON.
   */
  void say(String text) {
    out().println(printable(text));
  }

  static String printable(String text) {
    StringBuilder shown = new StringBuilder(text.length());
    text.chars()
        .forEach(
            c -> {
              boolean turnsAround =
                  c == 0x200E
                      || c == 0x200F
                      || (c >= 0x2028 && c <= 0x202E)
                      || (c >= 0x2066 && c <= 0x2069);
              if (turnsAround || Character.isISOControl(c)) {
                shown.append("\\u%04x".formatted(c));
              } else {
                shown.append((char) c);
              }
            });
    return shown.toString();
  }

  int failed(String why) {
    line().getErr().println("dormouse: " + printable(why));
    return FAILED;
  }

  /**
   * Adds all commands to the server's command line.
   *
   * @param codecs returns the codec of an actor type; null if no type has the name
   */
  static void addTo(CommandLine line, Function<String, @Nullable ValueCodec> codecs) {
    line.addSubcommand(new BackupCommand());
    line.addSubcommand(new RestoreCommand());
    line.addSubcommand(new VerifyCommand(codecs));
    line.addSubcommand(new DumpCommand(codecs));
    line.addSubcommand(new SalvageCommand());
    line.addSubcommand(
        new CommandLine(new ClusterCommand()).addSubcommand(new ClusterWaitCommand()));
  }

  /**
   * Runs the command that was parsed.
   *
   * @return the exit code of the process
   * @throws ParameterException if the command line is at fault
   */
  static int run(CommandLine parent, CommandLine.ParseResult parsed) {
    CommandLine.ParseResult last = parsed;
    boolean isMisplaced = false;
    while (last.hasSubcommand()) {
      isMisplaced |= !last.matchedOptions().isEmpty();
      last = last.subcommand();
    }
    CommandLine line = last.commandSpec().commandLine();
    if (last.isUsageHelpRequested()) {
      line.usage(line.getOut());
      return DONE;
    }
    if (isMisplaced) {
      throw new ParameterException(
          parent, "options of '" + line.getCommandName() + "' must come after its name");
    }
    JarCommand command = line.getCommand();
    try {
      return command.run();
    } catch (BackupException | StoreOpenException | CorruptRowException e) {
      return command.failed(String.valueOf(e.getMessage()));
    }
  }
}
