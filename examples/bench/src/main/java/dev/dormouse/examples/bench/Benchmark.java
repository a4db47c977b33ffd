package dev.dormouse.examples.bench;

import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/**
 * Runs the modes one after the other, with the two servers taking turns, and writes the results.
 */
@Command(
    name = "dormouse-bench",
    mixinStandardHelpOptions = true,
    version = "Dormouse 0.1.0",
    sortOptions = false,
    usageHelpAutoWidth = true,
    description =
        "Measures a Dormouse server against a stock Vert.x WebSocket server, each in a process of"
            + " its own, driven in turn from a third.")
final class Benchmark implements Callable<Integer> {
  /** The number of file handles that a process needs besides those of its connections. */
  private static final int HANDLES_RESERVED = 1_000;

  private static final int HANDLES = 20_000;
  private static final int QUICK_CONNECTIONS_MAX = 1_000;

  /** The modes of a run whose command line names none; each takes about ten seconds at most. */
  private static final List<Mode> QUICK_MODES =
      List.of(Mode.ECHO, Mode.ATTACH, Mode.WAKE, Mode.IDLE, Mode.BROADCAST);

  private static final long IDLE_MS = 500;

  /**
   * The time after the last message at which an actor is surely asleep: the idle time and a few
   * checks.
   */
  private static final long ASLEEP_MS = 2_000;

  @Option(
      names = "--modes",
      split = ",",
      converter = ModeConverter.class,
      completionCandidates = ModeNames.class,
      description =
          "What to measure; default: everything, or what --quick says."
              + " Of: ${COMPLETION-CANDIDATES}")
  private List<Mode> modes = List.of();

  @Option(
      names = "--rounds",
      defaultValue = "5",
      description = "Rounds of each. Default: ${DEFAULT-VALUE}")
  private int rounds;

  @Option(
      names = "--seconds",
      defaultValue = "4",
      description =
          "How long a round measures; it warms up half as long. Default: ${DEFAULT-VALUE}")
  private double seconds;

  @Option(
      names = "--connections",
      defaultValue = "0",
      description = "How many connections; default: as many as a mode is meant for")
  private int connections;

  @Option(
      names = "--bytes",
      defaultValue = "128",
      description = "The length of a message. Default: ${DEFAULT-VALUE}")
  private int bytes;

  @Option(
      names = "--per-second",
      defaultValue = "10000",
      description = "Messages a second in mode paced. Default: ${DEFAULT-VALUE}")
  private int perSecond;

  @Option(
      names = "--quick",
      description =
          "A look in less than a minute: one short round each, at most 1,000 connections; of echo,"
              + " attach, wake, idle and broadcast, unless --modes says more")
  private boolean isQuick;

  @Option(
      names = "--java",
      paramLabel = "FILE",
      description = "The java that runs the servers; default: the one that runs this")
  private Path java = Path.of(System.getProperty("java.home"), "bin", "java");

  @Option(
      names = "--jvm-args",
      paramLabel = "ARGS",
      split = " ",
      defaultValue = "-XX:+UseSerialGC -Xmx2g",
      description = "The servers' JVM arguments. Default: ${DEFAULT-VALUE}")
  private List<String> jvmArguments = List.of();

  @Option(
      names = "--out",
      paramLabel = "FOLDER",
      defaultValue = "bench-results",
      description = "Where results.json, .md and .svg go. Default: ${DEFAULT-VALUE}")
  private Path out = Path.of("bench-results");

  private final List<Figure> figures = new ArrayList<>();

  private Benchmark() {}

  /** Runs the benchmark that the command line describes, and ends the process. */
  public static void main(String[] args) {
    System.exit(run(args));
  }

  /** Runs the benchmark and returns the exit code, without ending the process. */
  static int run(String... args) {
    return new CommandLine(new Benchmark()).execute(args);
  }

  @Override
  public Integer call() throws IOException {
    if (isQuick) {
      rounds = 1;
      seconds = Math.min(seconds, 1);
    }
    if (modes.isEmpty()) {
      modes = isQuick ? QUICK_MODES : List.of(Mode.values());
    }
    Machine machine = new Machine(java, jvmArguments, Machine.canPin());
    System.out.println(machine.describe());
    for (Mode mode : modes) {
      System.out.println("\n" + mode.label() + ": " + mode.about());
      measure(machine, mode);
    }
    Report report = new Report(machine.describe(), figures);
    Files.createDirectories(out);
    Files.writeString(out.resolve("results.json"), report.json());
    Files.writeString(out.resolve("results.md"), report.markdown());
    Files.writeString(out.resolve("results.svg"), report.svg());
    System.out.println("\n" + report.markdown() + "\nAlso in " + out.toAbsolutePath());
    return 0;
  }

  private void measure(Machine machine, Mode mode) {
    Map<Mode.Reported, Values> values = new LinkedHashMap<>();
    mode.reported().forEach(reported -> values.put(reported, new Values()));
    int left = rounds;
    while (left > 0) {
      int together = mode.wearsServersOut() ? 1 : left;
      measure(machine, mode, together, values);
      left -= together;
    }
    values.forEach(
        (reported, both) ->
            figures.add(
                new Figure(
                    mode,
                    reported.name(),
                    reported.unit(),
                    reported.isMoreBetter(),
                    both.dormouse,
                    both.baseline)));
  }

  /** Measures this number of rounds with the same two servers. */
  private void measure(Machine machine, Mode mode, int number, Map<Mode.Reported, Values> values) {
    try (ServerProcess dormouse = ServerProcess.dormouse(machine, mode.durability(), IDLE_MS);
        ServerProcess baseline = mode.hasBaseline() ? ServerProcess.baseline(machine) : null) {
      int unmeasured = isQuick ? 0 : mode.roundsToWarmUp();
      for (int round = -unmeasured; round < number; round++) {
        JsonObject ours = ours(machine, mode, dormouse);
        JsonObject theirs =
            baseline == null ? null : ClientProcess.run(machine, task(mode, baseline));
        if (round >= 0) {
          values.forEach((reported, both) -> both.add(reported.key(), ours, theirs));
          System.out.println("  a round: " + line(values));
        }
      }
    }
  }

  private JsonObject ours(Machine machine, Mode mode, ServerProcess dormouse) {
    Task task = task(mode, dormouse);
    JsonObject figures = ClientProcess.run(machine, task);
    if (mode == Mode.WAKE_LARGE) {
      JsonObject small = ClientProcess.run(machine, withOneConnection(task));
      figures.put("largeToSmall", figures.getDouble("coldP50Us") / small.getDouble("coldP50Us"));
    }
    return figures;
  }

  private Task task(Mode mode, ServerProcess server) {
    int wanted = connections == 0 ? mode.connections() : connections;
    int most = Math.min(HANDLES - HANDLES_RESERVED, isQuick ? QUICK_CONNECTIONS_MAX : HANDLES);
    long measuredMs = (long) (seconds * 1_000);
    return new Task(
        mode.load(),
        server.port(),
        server.adminPort(),
        server.pid(),
        mode.path(),
        Math.min(wanted, most),
        bytes,
        measuredMs / 2,
        measuredMs,
        perSecond,
        ASLEEP_MS);
  }

  /** Returns the same task for an actor that has one connection only. */
  private static Task withOneConnection(Task task) {
    return new Task(
        task.load(),
        task.port(),
        task.adminPort(),
        task.pid(),
        task.path() + "-small",
        1,
        task.bytes(),
        task.warmUpMs(),
        task.measuredMs(),
        task.perSecond(),
        task.idleMs());
  }

  private static String line(Map<Mode.Reported, Values> values) {
    StringBuilder line = new StringBuilder();
    values.forEach(
        (reported, both) -> {
          int last = both.dormouse.size() - 1;
          line.append(reported.name()).append(' ');
          line.append(Report.number(both.dormouse.get(last))).append(' ').append(reported.unit());
          if (!both.baseline.isEmpty()) {
            double ratio = both.dormouse.get(last) / both.baseline.get(last);
            line.append(" (").append(Report.number(ratio)).append(" R)");
          }
          line.append("; ");
        });
    return line.toString();
  }

  /** The values of a figure, one for each round so far. */
  private static final class Values {
    final List<Double> dormouse = new ArrayList<>();
    final List<Double> baseline = new ArrayList<>();

    void add(String key, JsonObject ours, @Nullable JsonObject theirs) {
      ToDoubleFunction<JsonObject> value = figures -> figures.getDouble(key);
      dormouse.add(value.applyAsDouble(ours));
      if (theirs != null && theirs.containsKey(key)) {
        baseline.add(value.applyAsDouble(theirs));
      }
    }
  }

  /** The names of the modes on the command line. */
  static final class ModeNames extends ArrayList<String> {
    private static final long serialVersionUID = 1;

    ModeNames() {
      super(Arrays.stream(Mode.values()).map(Mode::label).toList());
    }
  }

  /**
   * Reads a mode from its name on the command line: {@code wake-large} is {@link Mode#WAKE_LARGE}.
   */
  static final class ModeConverter implements ITypeConverter<Mode> {
    @Override
    public Mode convert(String text) {
      return Arrays.stream(Mode.values())
          .filter(mode -> mode.label().equals(text))
          .findFirst()
          .orElseThrow(
              () ->
                  new TypeConversionException(
                      "'%s' is none of %s"
                          .formatted(
                              text, Arrays.stream(Mode.values()).map(Mode::label).toList())));
    }
  }
}
