package dev.dormouse.server.cli;

import dev.dormouse.log.Log;
import dev.dormouse.log.StandardStreams;
import dev.dormouse.server.gateway.limits.ConnectionLimits;
import dev.dormouse.server.gateway.limits.GatewayOptions;
import dev.dormouse.server.gateway.limits.Ranges;
import dev.dormouse.server.node.Node;
import dev.dormouse.server.observe.accesslog.AccessLogFormat;
import dev.dormouse.server.options.NetworkTransport;
import dev.dormouse.server.options.ServerOptions;
import dev.dormouse.server.options.ServerStartException;
import dev.dormouse.server.tls.TlsFiles;
import dev.dormouse.storage.Durability;
import dev.dormouse.storage.StoreOpenException;
import dev.dormouse.storage.codec.ValueCodec;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.TypeConversionException;

/** Parses the command line of a server, and starts the server or runs a command. */
@Command(
    name = "dormouse",
    mixinStandardHelpOptions = true,
    version = "Dormouse 0.1.0",
    sortOptions = false,
    usageHelpAutoWidth = true,
    description = {
      "Runs a server for actors that own WebSockets and sleep, or runs one of the commands"
          + " below on a data folder.",
      "",
      "Each option can also be given as an environment variable (--admin-port is",
      "DORMOUSE_ADMIN_PORT) or as a line of a properties file (admin-port=9090). The command line"
          + " wins over the environment, and the environment over the file.",
      ""
    },
    exitCodeOnInvalidInput = ServerCommand.BAD_USAGE)
public final class ServerCommand {
  private static final Logger log = Log.of(ServerCommand.class);

  static final int HELP_PRINTED = 0;
  static final int CANNOT_START = 1;
  static final int BAD_USAGE = 2;

  private static final Duration PING_MIN = Duration.ofSeconds(1);
  private static final Duration DAY = Duration.ofDays(1);

  @Option(
      names = "--host",
      paramLabel = "ADDRESS",
      defaultValue = "127.0.0.1",
      description =
          "The address to listen on; 0.0.0.0 for all addresses. Default:" + " ${DEFAULT-VALUE}")
  private String host = "";

  @Option(
      names = "--port",
      paramLabel = "PORT",
      defaultValue = "8080",
      description = "The port to listen on; 0 for any free port. Default: ${DEFAULT-VALUE}")
  private int port;

  @Option(
      names = "--data",
      paramLabel = "FOLDER",
      defaultValue = "./data",
      description =
          "The folder that keeps the state; it is made if it is missing. Default:"
              + " ${DEFAULT-VALUE}")
  private Path data = Path.of("data");

  @Option(
      names = "--durability",
      paramLabel = "LEVEL",
      defaultValue = "fsync",
      converter = DurabilityConverter.class,
      description = {
        "The failures that an answered write survives. Default: ${DEFAULT-VALUE}",
        "  fsync   a power cut: one fsync for all turns that wait",
        "  wal     kill -9; a power cut may lose the last seconds",
        "  memory  none: for tests"
      })
  private Durability durability = Durability.FSYNC;

  @Option(
      names = "--idle",
      paramLabel = "TIME",
      defaultValue = "10s",
      converter = DurationConverter.class,
      description =
          "The time without events after which an actor falls asleep, 10ms to 24h."
              + " Default: ${DEFAULT-VALUE}")
  private Duration idle = Duration.ZERO;

  @Option(
      names = "--max-actors-in-memory",
      paramLabel = "NUMBER",
      defaultValue = "100000",
      description =
          "The most actors in memory. Over it the least recently used actors leave"
              + " memory early; if too many are busy, upgrades and requests for others are"
              + " answered 503. Default: ${DEFAULT-VALUE}")
  private int maxActorsInMemory;

  @Option(
      names = "--drain",
      paramLabel = "TIME",
      defaultValue = "10s",
      converter = DurationConverter.class,
      description =
          "The longest time that a stop waits for clients and actors, 0s to 24h."
              + " Default: ${DEFAULT-VALUE}")
  private Duration drain = Duration.ZERO;

  @Option(
      names = "--stall-exit",
      paramLabel = "TIME",
      defaultValue = "60s",
      converter = TimeOrOffConverter.class,
      description =
          "The process ends with 75 if an event loop or the store makes no progress"
              + " for this time, 5s to 24h, or off. Default: ${DEFAULT-VALUE}")
  private TimeOrOff stallExit = new TimeOrOff(null);

  @Option(
      names = "--restart",
      description =
          "A stop tells clients that the server restarts (close code 1012) instead"
              + " of goes away (1001).")
  private boolean isRestart;

  @Option(
      names = "--admin-port",
      paramLabel = "PORT",
      defaultValue = "9090",
      description =
          "The port of health checks, metrics and the dashboard; 0 for any free"
              + " port. Default: ${DEFAULT-VALUE}")
  private int adminPort;

  @Mixin private final AdminPortOptions admin = new AdminPortOptions();

  @Option(
      names = "--ping",
      paramLabel = "TIME",
      defaultValue = "30s",
      converter = TimeOrOffConverter.class,
      description =
          "A client that is silent for this time is pinged, and dropped after twice"
              + " this time; 1s to 24h, or off. Default: ${DEFAULT-VALUE}")
  private TimeOrOff ping = new TimeOrOff(null);

  @Option(
      names = "--max-connections",
      paramLabel = "NUMBER",
      description =
          "The most connections; further upgrades are answered 503. Default, and"
              + " never more than: the number for which the process has file handles")
  private @Nullable Integer maxConnections;

  @Option(
      names = "--max-connections-per-ip",
      paramLabel = "NUMBER",
      converter = NumberOrAnyConverter.class,
      description =
          "The most connections of one IPv4 address or IPv6 /64, counted from their"
              + " acceptance, or any for any number; further ones are answered 429."
              + " Default: seven eighths of all")
  private @Nullable NumberOrAny maxConnectionsPerIp;

  @Option(
      names = "--upgrades-per-second-per-ip",
      paramLabel = "NUMBER",
      defaultValue = "any",
      converter = NumberOrAnyConverter.class,
      description =
          "The most upgrades and plain requests to actors in a second from one IPv4"
              + " address or IPv6 /64, or any for any number; further ones are answered"
              + " 429. Default: ${DEFAULT-VALUE}")
  private NumberOrAny upgradesPerSecondPerIp = new NumberOrAny(null);

  @Mixin private final ClientOptions clients = new ClientOptions();

  @Mixin private final TlsOptions tls = new TlsOptions();

  @Mixin private final ClusterCommandOptions cluster = new ClusterCommandOptions();

  @Option(
      names = "--event-loops",
      paramLabel = "NUMBER",
      description =
          "The number of event loops that serve the sockets. Default: two for each" + " processor")
  private @Nullable Integer eventLoops;

  @Option(
      names = "--transport",
      paramLabel = "NAME",
      defaultValue = "auto",
      converter = TransportConverter.class,
      description = {
        "How the event loops use sockets. Default: ${DEFAULT-VALUE}",
        "  io_uring  the fastest; for a heap of 512 MiB and more",
        "  epoll     for every Linux",
        "  nio       for every system",
        "  auto      epoll where it works, and otherwise nio"
      })
  private NetworkTransport transport = NetworkTransport.AUTO;

  @Option(
      names = "--access-log",
      paramLabel = "FORMAT",
      defaultValue = "off",
      converter = AccessLogConverter.class,
      description = {
        "The format of the access log, which has a line for each answered request,"
            + " and two for each connection, at its 101 and its close; queries are left"
            + " out. The log goes to the logger dormouse.access. Default:"
            + " ${DEFAULT-VALUE}",
        "  combined  as Apache does, with more fields at the end",
        "  json      a JSON object in each line",
        "  off       no access log"
      })
  private AccessLogFormat accessLog = AccessLogFormat.OFF;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "A properties file with options. Default: none")
  @SuppressWarnings("UnusedVariable") // Settings reads this option before the others
  private Path config = Path.of("");

  private ServerCommand() {}

  /**
   * Parses the command line, starts the server and prints the start screen. Returns empty if the
   * server is up, else the exit code of the process.
   *
   * @param codecs returns the codec of an actor type; null if no type has the name
   */
  public static OptionalInt run(
      Function<ServerOptions, Node> opening,
      Function<String, @Nullable ValueCodec> codecs,
      String... args) {
    return run(
        options -> {
          StandardStreams.queue(); // before any thread that must not wait logs
          return opening.apply(options);
        },
        codecs,
        args,
        System.getenv(),
        new PrintWriter(System.out, true, StandardCharsets.UTF_8),
        new PrintWriter(System.err, true, StandardCharsets.UTF_8));
  }

  /**
   * Prints the mistakes in the application's actor types, and returns the exit code of the process.
   */
  public static int refuse(List<String> mistakes) {
    mistakes.forEach(mistake -> System.err.println("dormouse: " + mistake));
    return BAD_USAGE;
  }

  static OptionalInt run(
      Function<ServerOptions, Node> opening,
      Function<String, @Nullable ValueCodec> codecs,
      String[] args,
      Map<String, String> environment,
      PrintWriter out,
      PrintWriter err) {
    ServerCommand command = new ServerCommand();
    CommandLine line = new CommandLine(command);
    JarCommand.addTo(line, codecs);
    line.setOut(out).setErr(err);
    ServerOptions options;
    try {
      line.setDefaultValueProvider(Settings.read(line, args, environment));
      CommandLine.ParseResult parsed = line.parseArgs(args);
      if (parsed.hasSubcommand()) {
        return OptionalInt.of(JarCommand.run(line, parsed));
      }
      if (line.isUsageHelpRequested() || line.isVersionHelpRequested()) {
        print(line, out);
        return OptionalInt.of(HELP_PRINTED);
      }
      options = command.options(line);
    } catch (ParameterException e) {
      err.println("dormouse: " + e.getMessage());
      err.println("Try --help.");
      return OptionalInt.of(BAD_USAGE);
    }
    return start(opening, options, out, err);
  }

  private static void print(CommandLine line, PrintWriter out) {
    if (line.isUsageHelpRequested()) {
      line.usage(out);
    } else {
      line.printVersionHelp(out);
    }
  }

  private static OptionalInt start(
      Function<ServerOptions, Node> opening,
      ServerOptions options,
      PrintWriter out,
      PrintWriter err) {
    long startedNs = options.time().nowNs();
    Node node;
    try {
      node = opening.apply(options);
    } catch (StoreOpenException | ServerStartException | IllegalArgumentException e) {
      Log.flush(); // log lines about the failure come before its message
      err.println("dormouse: " + e.getMessage());
      return OptionalInt.of(CANNOT_START);
    }
    Thread.setDefaultUncaughtExceptionHandler(
        (thread, failure) -> {
          Log.caught(failure); // exhausted memory ends the process, whichever thread meets it
          log.error(
              "the thread {} has ended by an exception that it did not catch",
              thread.getName(),
              failure);
        });
    Runtime.getRuntime().addShutdownHook(new Thread(node::closeWithProcess, "dormouse-stop"));
    StopSignals.exitWithZero();
    out.println(StartScreen.of(node, options, (options.time().nowNs() - startedNs) / 1_000_000));
    return OptionalInt.empty();
  }

  private ServerOptions options(CommandLine line) {
    ServerOptions options =
        ServerOptions.defaults()
            .host(host)
            .adminHost(admin.host())
            .adminTokenFile(admin.tokenFile())
            .data(data)
            .durability(durability)
            .restarts(isRestart)
            .transport(transport)
            .accessLog(accessLog);
    options = with(line, "--port", options, o -> o.port(port));
    options = with(line, "--admin-port", options, o -> o.adminPort(adminPort));
    options = with(line, "--idle", options, o -> o.idle(idle));
    options =
        with(line, "--max-actors-in-memory", options, o -> o.actorsInMemoryMax(maxActorsInMemory));
    options = with(line, "--drain", options, o -> o.drain(drain));
    options = with(line, "--stall-exit", options, this::stallExit);
    options = with(line, "--event-loops", options, this::eventLoops);
    GatewayOptions gateway = clients.in(line, options.gateway()).limits(limits(line));
    options = options.gateway(with(line, "--ping", gateway, this::ping));
    options = cluster.in(line, options);
    TlsFiles files = tls.files(line);
    return files == null ? options : options.tls(files);
  }

  private ServerOptions stallExit(ServerOptions options) {
    return stallExit.time == null ? options.withoutStallExit() : options.stallExit(stallExit.time);
  }

  private ServerOptions eventLoops(ServerOptions options) {
    return eventLoops == null ? options : options.eventLoops(eventLoops);
  }

  private GatewayOptions ping(GatewayOptions gateway) {
    return ping.time == null
        ? gateway.withoutPings()
        : gateway.pingInterval(Ranges.check("pingInterval", ping.time, PING_MIN, DAY));
  }

  private ConnectionLimits limits(CommandLine line) {
    ConnectionLimits limits =
        maxConnectionsPerIp == null ? ConnectionLimits.shared() : ConnectionLimits.none();
    limits = with(line, "--max-connections", limits, this::connections);
    limits = with(line, "--max-connections-per-ip", limits, this::connectionsPerIp);
    return with(line, "--upgrades-per-second-per-ip", limits, this::upgradesPerSecond);
  }

  private ConnectionLimits connections(ConnectionLimits limits) {
    return maxConnections == null ? limits : limits.connectionsMax(maxConnections);
  }

  private ConnectionLimits connectionsPerIp(ConnectionLimits limits) {
    return maxConnectionsPerIp == null || maxConnectionsPerIp.number == null
        ? limits
        : limits.perAddressMax(maxConnectionsPerIp.number);
  }

  private ConnectionLimits upgradesPerSecond(ConnectionLimits limits) {
    return upgradesPerSecondPerIp.number == null
        ? limits
        : limits.upgradesPerSecondPerAddress(upgradesPerSecondPerIp.number);
  }

  /**
   * Returns the options after a change.
   *
   * @throws ParameterException if the change is refused; its message has the name of the command
   *     line's option in place of the name of the method
   */
  static <T> T with(CommandLine line, String option, T options, UnaryOperator<T> change) {
    try {
      return change.apply(options);
    } catch (IllegalArgumentException e) {
      String why = String.valueOf(e.getMessage()).replaceFirst("^[a-z]\\w* (?=-?\\d)", "");
      throw new ParameterException(line, option + ": " + why, e);
    }
  }

  /** A time; null if it is {@code off}. */
  record TimeOrOff(@Nullable Duration time) {}

  /** A number; null if it is {@code any}. */
  record NumberOrAny(@Nullable Integer number) {}

  /** Converts {@code off}, and times as {@link DurationConverter} does. */
  static final class TimeOrOffConverter implements ITypeConverter<TimeOrOff> {
    @Override
    public TimeOrOff convert(String text) {
      return text.strip().equalsIgnoreCase("off")
          ? new TimeOrOff(null)
          : new TimeOrOff(new DurationConverter().convert(text));
    }
  }

  /** Converts {@code any}, and numbers. */
  static final class NumberOrAnyConverter implements ITypeConverter<NumberOrAny> {
    @Override
    public NumberOrAny convert(String text) {
      if (text.strip().equalsIgnoreCase("any")) {
        return new NumberOrAny(null);
      }
      try {
        return new NumberOrAny(Integer.parseInt(text.strip()));
      } catch (NumberFormatException e) {
        throw new TypeConversionException("'" + text + "' is not a number, and not any");
      }
    }
  }

  /** Converts times such as {@code 500ms}, {@code 10s}, {@code 5m} and {@code 1h}. */
  static final class DurationConverter implements ITypeConverter<Duration> {
    @Override
    public Duration convert(String text) {
      String value = text.strip().toLowerCase(Locale.ROOT);
      String digits = value.replaceFirst("[a-z]+$", "");
      String unit = value.substring(digits.length());
      if (!digits.matches("[0-9]{1,9}")) {
        throw new TypeConversionException(
            "'" + text + "' is not a time such as 500ms, 10s, 5m or 1h");
      }
      long number = Long.parseLong(digits);
      return switch (unit) {
        case "ms" -> Duration.ofMillis(number);
        case "s" -> Duration.ofSeconds(number);
        case "m" -> Duration.ofMinutes(number);
        case "h" -> Duration.ofHours(number);
        default ->
            throw new TypeConversionException(
                "'" + text + "' has no unit; write it as 500ms, 10s, 5m or 1h");
      };
    }
  }

  /** Converts {@code fsync}, {@code wal} and {@code memory}. */
  static final class DurabilityConverter implements ITypeConverter<Durability> {
    @Override
    public Durability convert(String text) {
      return switch (text.strip().toLowerCase(Locale.ROOT)) {
        case "fsync" -> Durability.FSYNC;
        case "wal" -> Durability.WAL;
        case "memory" -> Durability.MEMORY;
        default -> throw new TypeConversionException("'" + text + "' is not fsync, wal or memory");
      };
    }
  }

  /** Converts {@code off}, {@code combined} and {@code json}. */
  static final class TransportConverter implements ITypeConverter<NetworkTransport> {
    @Override
    public NetworkTransport convert(String text) {
      return switch (text.strip().toLowerCase(Locale.ROOT)) {
        case "auto" -> NetworkTransport.AUTO;
        case "io_uring" -> NetworkTransport.IO_URING;
        case "epoll" -> NetworkTransport.EPOLL;
        case "nio" -> NetworkTransport.NIO;
        default ->
            throw new TypeConversionException("'" + text + "' is not auto, io_uring, epoll or nio");
      };
    }
  }

  static final class AccessLogConverter implements ITypeConverter<AccessLogFormat> {
    @Override
    public AccessLogFormat convert(String text) {
      return switch (text.strip().toLowerCase(Locale.ROOT)) {
        case "off" -> AccessLogFormat.OFF;
        case "combined" -> AccessLogFormat.COMBINED;
        case "json" -> AccessLogFormat.JSON;
        default -> throw new TypeConversionException("'" + text + "' is not off, combined or json");
      };
    }
  }
}
