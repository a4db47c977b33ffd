package dev.dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorOptions;
import dev.dormouse.server.gateway.limits.ConnectionLimits;
import dev.dormouse.server.gateway.limits.GatewayOptions;
import dev.dormouse.server.host.HostOptions;
import dev.dormouse.server.host.RetryPolicy;
import dev.dormouse.storage.NodeStore;
import io.netty.util.internal.PlatformDependent;
import java.io.File;
import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * Checks the table of limits in the server's guide against the limits that the code has, both ways.
 *
 * <p><b>How to add a limit.</b> Whatever the code bounds is a constant whose name ends in {@code
 * _MAX}, {@code _CEILING}, {@code _LIMIT}, {@code _FREE}, {@code _ENOUGH}, {@code BURST} or {@code
 * PER_SECOND}, or a number or duration of one of the classes in {@link #OPTIONS}. This test finds
 * it by reflection and fails until it is named in {@link #ROWS}, beside the first cell of its row
 * of the guide's table, or in {@link #NOT_FOR_USERS}, with the reason. In {@link #ROWS} the name
 * may be followed by {@code =} and the words that stand in the row; without them the row has to
 * show the value itself, as {@code 1,024}, {@code 64 KiB}, {@code 30 s} or {@code 250 ms}. A row of
 * the guide that nothing in {@link #ROWS} names fails the test, too.
 */
class LimitsTableTest {
  /** The limits that are options, with the values that they have unless a user chooses others. */
  private static final List<Object> OPTIONS =
      List.of(
          ActorOptions.defaults(),
          GatewayOptions.defaults(),
          ConnectionLimits.none(),
          HostOptions.defaults(),
          RetryPolicy.defaults());

  /** The code's limits by the first cell of their row. */
  private static final Map<String, List<String>> ROWS = new LinkedHashMap<>();

  /** The reason why a limit of the code stands in no row. */
  private static final Map<String, String> NOT_FOR_USERS = new TreeMap<>();

  private static void row(String firstCell, String... limits) {
    ROWS.put(firstCell, List.of(limits));
  }

  private static void notForUsers(String why, String... limits) {
    for (String limit : limits) {
      NOT_FOR_USERS.put(limit, why);
    }
  }

  static {
    row("actor key", "ActorId.KEY_BYTES_MAX");
    row("connections per actor", "ActorOptions.connectionsMax", "ActorOptions.CONNECTIONS_CEILING");
    row(
        "tags per connection",
        "ActorOptions.tagsMax",
        "ActorOptions.TAGS_CEILING",
        "Connection.TAG_BYTES_MAX");
    row("path and query that a connection keeps", "Connection.REQUEST_BYTES_MAX");
    row(
        "attachment, serialized",
        "ActorOptions.attachmentBytesMax",
        "ActorOptions.ATTACHMENT_BYTES_CEILING");
    row(
        "storage key, value",
        "ActorOptions.storageKeyBytesMax",
        "ActorOptions.STORAGE_KEY_BYTES_CEILING",
        "ActorOptions.storageValueBytesMax",
        "ActorOptions.STORAGE_VALUE_BYTES_CEILING");
    row("entries of one `list`, keys of one `getAll`", "Storage.LIST_MAX");
    row("what one `list` or `getAll` reads", "Storage.READ_BYTES_MAX", "ActorStore.READ_BYTES_MAX");
    row("ranges deleted in one turn", "Storage.DELETED_RANGES_MAX");
    row(
        "alarms of an actor",
        "ActorOptions.alarmsMax",
        "ActorOptions.ALARMS_CEILING",
        "Alarms.NAME_BYTES_MAX",
        "Alarms.DELAY_MAX=36,525 days");
    row(
        "attempts to handle an alarm",
        "ActorOptions.alarmAttemptsMax",
        "ActorOptions.ALARM_ATTEMPTS_CEILING");
    row(
        "alarms under way at a time",
        "AlarmClock.FLIGHTS_MAX",
        "AlarmClock.FLIGHTS_OF_ACTOR_MAX",
        "AlarmClock.SLOW_FLIGHTS_MAX");
    row(
        "message from a client",
        "ActorOptions.messageBytesMax",
        "ActorOptions.MESSAGE_BYTES_CEILING");
    row("message to a client", "ActorOptions.MESSAGE_BYTES_CEILING");
    row(
        "messages of a connection not yet handled",
        "Window.HELD_BYTES_ENOUGH",
        "Window.WAITING_BYTES_ENOUGH");
    row(
        "memory held for all clients",
        "GatewayOptions.clientHeapBytesMax=a quarter of the heap",
        "GatewayOptions.clientDirectBytesMax=a quarter of the direct memory");
    row("fragments of a message", "MessageAssembler.FRAGMENTS_FREE");
    row(
        "events that wait for an actor",
        "HostOptions.mailboxMax",
        "ActorOptions.mailboxMax=option",
        "ActorOptions.MAILBOX_CEILING");
    row(
        "bytes that wait for a client that does not take them",
        "GatewayOptions.outboundBytesMax",
        "GatewayOptions.reading",
        "ActorOptions.outboundBytesMax=option per actor type",
        "ActorOptions.OUTBOUND_BYTES_CEILING");
    row("bytes that wait for a client that goes on taking them", "GatewayOptions.burstBytesMax");
    row("key of a message", "Connection.KEY_BYTES_MAX");
    row("control frames and messages answered automatically", "ClientSocket.LIGHT_FRAMES_MAX");
    row("messages of a client in a second", "ActorOptions.messagesPerSecondMax=any number");
    row("a silent client", "GatewayOptions.pingInterval");
    row(
        "file handles of the process",
        "FileHandles.STORE_MAX",
        "FileHandles.HTTP_MAX",
        "FileHandles.ADMIN_MAX");
    row("file handles that the store needs while others have taken all");
    row("connections of a node", "ConnectionLimits.connectionsMax=`--max-connections`");
    row(
        "TCP connections of a node, HTTP's included",
        "FileHandles.HTTP_MAX",
        "GatewayOptions.httpConnectionsMax");
    row("an HTTP connection without a request", "GatewayOptions.keepAlive");
    row("connections of an IPv4 address or IPv6 /64", "ConnectionLimits.perAddressMax=any number");
    row(
        "its TCP connections, HTTP's and silent ones included; not of `--trusted-proxies`, whose"
            + " clients are counted instead",
        "FileHandles.HTTP_MAX=32 more");
    row(
        "upgrades, and plain requests to actors, in a second of an IPv4 address or IPv6 /64",
        "ConnectionLimits.upgradesPerSecondPerAddress=any number");
    row(
        "automatic replies of an actor",
        "ActorOptions.autoRepliesMax",
        "ActorOptions.AUTO_REPLIES_CEILING",
        "ActorOptions.autoReplyBytesMax",
        "ActorOptions.AUTO_REPLY_BYTES_CEILING");
    row("request and reply of a heartbeat", "ActorOptions.HEARTBEAT_CHARS_MAX");
    row("platform threads for handlers", "HandlerThreads.PLATFORM_THREADS_MAX");
    row(
        "handlers that begin in 5 ms, besides those that run already",
        "HandlerThreads.BEGIN_ENOUGH");
    row(
        "a turn",
        "HostOptions.turnLimit",
        "ActorOptions.turnLimit=option",
        "ActorOptions.TURN_CEILING");
    row(
        "what turns of all actors together have sent and stored: in the first second of an open"
            + " turn, while it waits for the store, and on its way to an event loop",
        "HostOptions.unsettledBytesMax=an eighth of the heap");
    row(
        "what turns together have sent and stored that are open for more than a second, if they are"
            + " several",
        "HostOptions.unsettledBytesMax=a sixteenth of the heap");
    row(
        "what one turn sends and stores",
        "ActorOptions.turnBytesMax",
        "ActorOptions.TURN_BYTES_CEILING");
    row(
        "attempts to activate an actor for an event, or to read the store in its turn",
        "RetryPolicy.attemptsMax",
        "ActorOptions.activationAttemptsMax=option",
        "ActorOptions.ACTIVATION_ATTEMPTS_CEILING",
        "RetryPolicy.firstRest",
        "RetryPolicy.restMax",
        "RetryPolicy.patience");
    row("background work of an actor under way (`inBackground`)", "BackgroundWork.STAGES_MAX");
    row("a call to an actor, its answer", "Call.BYTES_MAX");
    row("the deadline of an `ask`", "ActorRef.DEADLINE_MAX");
    row("calls of a node that wait for an answer", "OpenCalls.OPEN_MAX");
    row(
        "calls that an actor has told and that have not taken effect yet (`tell`)",
        "ActorRef.TELLS_MAX",
        "TellDelivery.TOLD_BYTES_MAX");
    row("attempts to handle a call that was told", "ActorRef.TELL_ATTEMPTS_MAX");
    row("actors of which each waits for the next one", "TurnRef.WAITING_MAX");
    row("actions of one turn after its commit (`afterCommit`)", "Turn.AFTER_COMMIT_MAX");
    row(
        "log lines that nobody reads",
        "Log.BYTES_MAX=256 KiB to 8 MiB, a 64th of the heap",
        "Log.LINE_CHARS_MAX",
        "Log.LAST_LINES_LIMIT",
        "StandardStreams.BYTES_MAX");
    row(
        "log lines about clients that a limit closes or refuses, silent ones too, or that break a"
            + " protocol, with the option that helps",
        "LimitLog.BURST");
    row("log lines about failures", "FailureLog.BURST", "FailureLog.PER_SECOND=10 a second");
    row("a handshake", "GatewayOptions.handshake");
    row("body of a plain HTTP request", "HttpRequest.BODY_BYTES_MAX", "GatewayOptions.message");
    row("answer to a plain HTTP request", "GatewayOptions.request");
    row(
        "first line of a request, with its URL",
        "GatewayOptions.requestLineBytesMax",
        "GatewayOptions.HEAD_PART_BYTES_CEILING");
    row("headers of a request", "GatewayOptions.headersBytesMax");
    row("parameters of a query", "IncomingRequest.PARAMETERS_MAX");
    row("the PROXY header, the TLS handshake and the first head, together", "GatewayOptions.head");
    row("half a request head", "GatewayOptions.head");
    row("half a frame, half a message", "GatewayOptions.frame", "GatewayOptions.message");
    row("time without a host of the actor, in a cluster", "OwnerLink.LIMBO_MAX");
    row(
        "nodes of a cluster; groups of its shards, fixed when it is made",
        "ClusterOptions.NODES_MAX",
        "ClusterOptions.GROUPS_MAX");
    row("answers to what a client sent before it closed", "GatewayOptions.drain");
    row("what a client still sends after its end", "GatewayOptions.close", "GatewayOptions.drain");
    row("reason of a close", "CloseReason.REASON_BYTES_MAX");
    row("depth of a stored value", "ValueKryo.DEPTH_MAX");
    row("what the data folder's disk must have free", "DiskRoom.RESERVE_BYTES_MAX");
    row("actors in memory", "HostOptions.activeActorsMax");
    row(
        "an actor without events",
        "HostOptions.idle",
        "ActorOptions.idle=option",
        "ActorOptions.IDLE_CEILING");
    row("TCP connections to the admin port", "FileHandles.ADMIN_MAX");
    row(
        "at the admin port: a request's head, its body, a connection without a request",
        "GatewayOptions.head",
        "AdminServer.BODY_MAX",
        "GatewayOptions.keepAlive");
    row("wrong tokens of an address at the admin port", "WrongTokens.OF_A_MINUTE_MAX");

    notForUsers(
        "between gateways and hosts that can lose each other, which those of one process cannot",
        "Announce.PART_MAX",
        "FrameReader.FRAME_BYTES_MAX",
        "Link.RESENT_MAX",
        "Link.SILENT_MAX",
        "Ownership.HELD_BYTES_MAX",
        "Ownership.HELD_RELEASES_MAX",
        "RecordCodec.BYTES_MAX",
        "RequestRow.BODY_BYTES_MAX",
        "RequestRow.HEADER_BYTES_MAX",
        "Values.CLAIM_DEPTH_MAX");
    notForUsers(
        "is of the links between the nodes of a cluster and of their log",
        "ClusterNode.RUN_LIMIT",
        "ClusterSecret.BYTES_MAX",
        "EntryLog.WAL_BYTES_MAX",
        "Greeting.NAME_BYTES_MAX",
        "LinkConnection.GREETING_BYTES_MAX",
        "NodeLinks.LINES_BURST",
        "RaftGroup.APPLIED_BYTES_MAX",
        "RaftGroup.APPLIED_MAX",
        "RaftGroup.COALESCED_BYTES_MAX",
        "RaftGroup.COALESCED_MAX",
        "RaftGroup.OPEN_MAX",
        "RaftWatch.PAUSE_DOUBLINGS_MAX",
        "RaftWatch.RESTARTS_MAX",
        "RaftWatch.TRANSFER_LIMIT",
        "ReplicatedLog.ENTRY_BYTES_MAX");
    notForUsers("is of actors in memory, which only tests run", "MemoryGateway.PARAMETERS_MAX");
    notForUsers("is a pair of texts, no number", "ActorOptions.heartbeat");
    notForUsers("bounds a number that the server makes", "ConnectionId.NUMBER_MAX");
    notForUsers("bounds a number that the server makes", "ConnectionId.RUN_MAX");
    notForUsers("sizes the store's caches, as is said below the table", "NativeMemory.CACHE_MAX");
    notForUsers(
        "is a size of the engine's",
        "DataFolder.TEXT_BYTES_MAX",
        "NativeMemory.CACHE_MAX",
        "RowKeys.SHARDS_MAX",
        "RocksTables.MEMTABLES_MAX",
        "RocksTables.WAL_BYTES_MAX",
        "GroupCommit.ROUND_COMMITS_MAX",
        "GroupCommit.ROUND_BYTES_MAX",
        "GroupCommit.CALLER_ROUNDS_MAX",
        "EngineWriter.RECOVERY_NS_MAX",
        "EngineWriter.RANGES_MAX",
        "ReadTables.OPEN_FILES_MAX",
        "Scratch.ATTEMPTS_MAX");
    notForUsers(
        "bounds what is kept for later, nothing is refused over it",
        "Activation.COUNTS_MAX",
        "KryoCodec.STOCK_MAX",
        "KryoCodec.BUFFER_BYTES_KEPT_MAX",
        "RequestRows.GATEWAYS_MAX",
        "RequestRows.NUMBERS_MAX",
        "ValueKryo.FAULTS_MAX",
        "AddressRates.ADDRESSES_MAX",
        "WrongTokens.ADDRESSES_MAX",
        "Quarantine.KNOWN_MAX",
        "AccessCheck.LINES_PER_SECOND",
        "HttpGuard.BYTES_MAX",
        "SocketWriter.UNSENT_BYTES_MAX");
    notForUsers(
        "is the length of something that a standard fixes",
        "OutboundFrames.LENGTH_7_MAX",
        "OutboundFrames.LENGTH_16_MAX",
        "OutboundFrames.HEADER_BYTES_MAX",
        "MemorySocket.LENGTH_7_MAX",
        "MemorySocket.LENGTH_16_MAX",
        "MemorySocket.HEADER_BYTES_MAX",
        "Addresses.CHARACTERS_MAX",
        "ProxyHeader.EXTRA_BYTES_MAX",
        "Utf8Check.CONTINUATION_MAX");
    notForUsers(
        "is of the admin's pages",
        "ActorSearch.LOOKED_MAX",
        "AdminServer.LINE_BYTES_MAX",
        "AdminToken.LENGTH_MAX",
        "LoginPage.FORM_BYTES_MAX",
        "StoreReads.WAITING_MAX");
    notForUsers(
        "is a step of the server's own work",
        "AlarmClock.PAGES_OF_LANE_MAX",
        "LeftoverCloses.PAGES_MAX",
        "OwedCloses.REST_MAX",
        "RetryPolicy.DOUBLINGS_MAX",
        "HttpListeners.OPENING_LIMIT",
        "Node.EVENT_LOOPS_LIMIT",
        "ProcessEnd.CAUSES_MAX",
        "ProcessEnd.LAST_WORDS_LIMIT",
        "Watchdog.FRAMES_MAX",
        "Watchdog.STEP_NS_MAX",
        "VerifyCommand.NAMED_MAX",
        "RowCheck.NOTES_MAX",
        "BackupCommand.CONNECT_LIMIT",
        "Contents.BYTES_MAX");
  }

  private static final Pattern LIMIT =
      Pattern.compile("(.*_)?(MAX|CEILING|LIMIT|FREE|ENOUGH|BURST|PER_SECOND)");

  /** Matches the classes of the admin pages and the access log, whose limits users do not meet. */
  private static final Pattern PAGES =
      Pattern.compile(
          "dev\\.dormouse\\.server\\.(admin\\.dashboard|admin\\.inspector|observe\\.accesslog)\\..*");

  @Test
  @DisplayName("every limit of the code is in the guide's table, or is named as none of users'")
  void everyLimitOfTheCodeIsInTheTable() throws Exception {
    Set<String> known = new TreeSet<>(NOT_FOR_USERS.keySet());
    ROWS.values().forEach(limits -> limits.forEach(limit -> known.add(nameOf(limit))));

    Set<String> inRows = new TreeSet<>(known);
    inRows.removeAll(NOT_FOR_USERS.keySet());
    Set<String> unknown = new TreeSet<>(limitsOfTheCode().keySet());
    unknown.removeAll(known);
    assertThat(unknown).as("limits that this test does not know; see its head").isEmpty();
    inRows.removeAll(limitsOfTheCode().keySet());
    assertThat(inRows).as("limits that the code does not have any more").isEmpty();
  }

  @Test
  @DisplayName("every row of the guide's table is one of the code's limits, with its value")
  void everyRowShowsWhatTheCodeSays() throws Exception {
    Map<String, Object> code = limitsOfTheCode();
    Map<String, String> table = table();
    Set<String> rowsOnly = new TreeSet<>(table.keySet());
    rowsOnly.removeAll(ROWS.keySet());
    assertThat(rowsOnly)
        .as("rows of the guide that ROWS does not have; see the test's head")
        .isEmpty();
    Set<String> noRows = new TreeSet<>(ROWS.keySet());
    noRows.removeAll(table.keySet());
    assertThat(noRows).as("rows that the guide does not have").isEmpty();
    List<String> wrong = new ArrayList<>();
    ROWS.forEach(
        (firstCell, limits) -> {
          for (String limit : limits) {
            String row = table.get(firstCell);
            Object value = code.get(nameOf(limit));
            List<String> words =
                limit.contains("=")
                    ? List.of(limit.substring(limit.indexOf('=') + 1))
                    : wordsFor(limit, value);
            if (words.stream().noneMatch(word -> isIn(row, word))) {
              wrong.add(firstCell + ": " + limit + " is one of " + words + ", the row says " + row);
            }
          }
        });
    assertThat(wrong).isEmpty();
  }

  @Test
  @DisplayName("the limits that depend on the process are as the table says")
  void limitsOfTheProcessAreAsTheTableSays() {
    assertThat(GatewayOptions.defaults().clientHeapBytesMax())
        .isEqualTo(Runtime.getRuntime().maxMemory() / 4);
    assertThat(GatewayOptions.defaults().clientDirectBytesMax())
        .isEqualTo(PlatformDependent.maxDirectMemory() / 4);
  }

  private static String nameOf(String limit) {
    return limit.contains("=") ? limit.substring(0, limit.indexOf('=')) : limit;
  }

  private static boolean isIn(String row, String word) {
    return Pattern.compile("(?<![\\d,])" + Pattern.quote(word) + "(?![\\d,]\\d|\\d)")
        .matcher(row)
        .find();
  }

  private static List<String> wordsFor(String limit, Object value) {
    if (value instanceof Optional<?> chosen) {
      return wordsFor(limit, chosen.orElseThrow());
    }
    if (value instanceof Duration time) {
      return List.of(
          time.toMillis() + " ms",
          time.toSeconds() + " s",
          time.toMinutes() + " min",
          time.toHours() + " h");
    }
    long number = ((Number) value).longValue();
    if (limit.toUpperCase(Locale.ROOT).contains("BYTES")) {
      return number < 1 << 10
          ? List.of(number + " bytes")
          : number < 1 << 20 ? List.of((number >> 10) + " KiB") : List.of((number >> 20) + " MiB");
    }
    return List.of(String.format(Locale.ROOT, "%,d", number));
  }

  /** Returns the first cell of each row, and the other cells. */
  private static Map<String, String> table() throws Exception {
    List<String> lines = Files.readAllLines(Path.of("README.md"));
    Map<String, String> rows = new LinkedHashMap<>();
    for (String line : lines.subList(lines.indexOf("## Limits"), lines.size())) {
      if (line.startsWith("| ") && !line.startsWith("| what |")) {
        int end = line.indexOf(" |");
        rows.put(line.substring(2, end), line.substring(end));
      } else if (line.startsWith("## ") && !rows.isEmpty()) {
        break;
      }
    }
    return rows;
  }

  private static Map<String, Object> limitsOfTheCode() throws Exception {
    Map<String, Object> limits = new TreeMap<>();
    for (String name : classes()) {
      Class<?> found = Class.forName(name, false, LimitsTableTest.class.getClassLoader());
      for (Field field : found.getDeclaredFields()) {
        Class<?> type = field.getType();
        boolean isNumber = type == int.class || type == long.class || type == Duration.class;
        if (isNumber
            && Modifier.isStatic(field.getModifiers())
            && LIMIT.matcher(field.getName()).matches()) {
          field.setAccessible(true);
          Object old = limits.put(found.getSimpleName() + "." + field.getName(), field.get(null));
          assertThat(old).as("a second limit named " + field).isNull();
        }
      }
    }
    for (Object options : OPTIONS) {
      for (Method method : options.getClass().getMethods()) {
        Class<?> type = method.getReturnType();
        boolean isNumber =
            Set.of(int.class, long.class, Duration.class, OptionalInt.class, Optional.class)
                .contains(type);
        if (isNumber
            && method.getParameterCount() == 0
            && method.getDeclaringClass() == options.getClass()
            && !method.getName().equals("hashCode")) {
          limits.put(
              options.getClass().getSimpleName() + "." + method.getName(), method.invoke(options));
        }
      }
    }
    return limits;
  }

  /** Returns the names of all classes of the product but those of pages. */
  private static Set<String> classes() throws Exception {
    Set<String> names = new TreeSet<>();
    for (Class<?> ofModule : List.of(ActorOptions.class, NodeStore.class, HostOptions.class)) {
      Path place = Path.of(ofModule.getProtectionDomain().getCodeSource().getLocation().toURI());
      if (Files.isDirectory(place)) {
        names.addAll(classesUnder(place));
      } else {
        try (FileSystem jar = FileSystems.newFileSystem(place)) {
          names.addAll(classesUnder(jar.getPath("/")));
        }
      }
    }
    names.removeIf(PAGES.asMatchPredicate());
    return names;
  }

  private static Set<String> classesUnder(Path root) throws IOException {
    try (Stream<Path> files = Files.walk(root)) {
      return files
          .map(file -> root.relativize(file).toString())
          .filter(file -> file.startsWith("dev") && file.endsWith(".class"))
          .filter(file -> !file.endsWith("package-info.class"))
          .map(file -> file.replace(".class", "").replace(File.separatorChar, '.'))
          .map(file -> file.replace('/', '.'))
          .collect(Collectors.toSet());
    }
  }
}
