package dev.dormouse.server.host;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ActorOptions;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.FailurePolicy;
import dev.dormouse.sdk.Header;
import dev.dormouse.sdk.RequestHead;
import dev.dormouse.server.host.turn.ActorType;
import dev.dormouse.server.observe.Observers;
import dev.dormouse.server.protocol.DirectTransport;
import dev.dormouse.server.protocol.FromHost;
import dev.dormouse.server.protocol.Owner;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.protocol.Placement;
import dev.dormouse.server.protocol.Release;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.storage.MemoryDisk;
import dev.dormouse.storage.Stores;
import dev.dormouse.storage.codec.Codecs;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * A host on a disk of memory, with a clock and an executor that the test drives; it keeps
 * everything that the host said.
 */
final class TestHost {
  static final ActorId ROOM = new ActorId("room", "one");
  static final Duration TICK = Duration.ofMillis(250);

  final ManualTime time;
  final Steps steps = new Steps();
  final HeldStore store;
  final ActorHost host;
  final Observers observers;
  final List<ToGateway> said = new ArrayList<>();
  private final Map<ConnectionId, Long> sequences = new HashMap<>();
  private long connections;
  private final boolean isLosable;
  private final Set<Long> gateways = new HashSet<>();
  private boolean isFailing;
  private long requests;

  TestHost(
      MemoryDisk disk, Script script, FailurePolicy policy, HostOptions options, ManualTime time) {
    this(disk, script, policy, options, time, List.of(Script.Note.class, Script.Tally.class));
  }

  /** Creates a host whose actors know these classes only. */
  TestHost(MemoryDisk disk, Script script, List<Class<?>> classes) {
    this(disk, script, FailurePolicy.KEEP_OPEN, HostOptions.defaults(), new ManualTime(), classes);
  }

  /** Creates a host whose actors have limits of their own. */
  TestHost(MemoryDisk disk, Script script, ActorOptions type) {
    this(disk, script, type, HostOptions.defaults(), new ManualTime(), List.of(Script.Note.class));
  }

  private TestHost(
      MemoryDisk disk,
      Script script,
      FailurePolicy policy,
      HostOptions options,
      ManualTime time,
      List<Class<?>> classes) {
    this(disk, script, ActorOptions.defaults().failurePolicy(policy), options, time, classes);
  }

  private TestHost(
      MemoryDisk disk,
      Script script,
      ActorOptions typeOptions,
      HostOptions options,
      ManualTime time,
      List<Class<?>> classes) {
    this(disk, script, typeOptions, options, time, classes, false);
  }

  /** Creates a host that may lose its gateways, so that they send events again. */
  static TestHost losable(MemoryDisk disk, Script script, FailurePolicy policy) {
    return new TestHost(
        disk,
        script,
        ActorOptions.defaults().failurePolicy(policy),
        HostOptions.defaults(),
        new ManualTime(),
        List.of(Script.Note.class, Script.Tally.class),
        true);
  }

  private TestHost(
      MemoryDisk disk,
      Script script,
      ActorOptions typeOptions,
      HostOptions options,
      ManualTime time,
      List<Class<?>> classes,
      boolean isLosable) {
    this.time = time;
    this.isLosable = isLosable;
    store = new HeldStore(Stores.memory(disk));
    ActorType type =
        new ActorType(
            "room", () -> new Script.Actor(script), Codecs.kryo(classes), id -> steps, typeOptions);
    observers = new Observers(time);
    DirectTransport transport = new DirectTransport();
    Placement placement = isLosable ? new OwnerOfAll() : Placement.fixed(new Owner("", 1));
    host =
        new ActorHost(
            List.of(type),
            store,
            transport,
            "",
            placement,
            ActorHost.NO_ROUTE,
            time,
            options,
            observers);
    transport.connect(host, this::hear);
    if (isLosable) {
      store.listen(host);
    }
  }

  TestHost(Script script, HostOptions options) {
    this(new MemoryDisk(), script, FailurePolicy.KEEP_OPEN, options);
  }

  TestHost(MemoryDisk disk, Script script, ManualTime time) {
    this(disk, script, FailurePolicy.KEEP_OPEN, HostOptions.defaults(), time);
  }

  TestHost(MemoryDisk disk, Script script, FailurePolicy policy, HostOptions options) {
    this(disk, script, policy, options, new ManualTime());
  }

  TestHost(MemoryDisk disk, Script script) {
    this(disk, script, FailurePolicy.KEEP_OPEN, HostOptions.defaults());
  }

  TestHost(Script script) {
    this(new MemoryDisk(), script);
  }

  /** Makes the hand-over of the next release fail. */
  void failNextRelease() {
    isFailing = true;
  }

  /** The placement of the one node of a cluster, which owns everything. */
  private final class OwnerOfAll implements Placement {
    @Override
    public int groups() {
      return store.groups().groups();
    }

    @Override
    public int groupOf(ActorId actor) {
      return store.groupOf(actor);
    }

    @Override
    public Owner ownerOf(int group) {
      return new Owner("", store.epoch(group));
    }

    @Override
    public boolean isFixed() {
      return false;
    }
  }

  /** Brings a record of a gateway, which announces that it has no sockets before its first one. */
  void tell(ToHost.ForActor record) {
    if (!isLosable) {
      host.accept(record);
      return;
    }
    long gateway =
        record instanceof ToHost.Request request
            ? new ConnectionId(request.request()).run()
            : ((ToHost.ClientEvent) record).connection().run();
    int group = store.groupOf(record.actor());
    long epoch = store.epoch(group);
    if (gateways.add(gateway)) {
      host.accept(gateway, epoch, new ToHost.Announce(group, 0, new long[0], true, true));
    }
    host.accept(gateway, epoch, record);
  }

  private void hear(FromHost record) {
    if (record instanceof Release release) {
      hear(release);
    }
  }

  private void hear(Release release) {
    if (isFailing) {
      isFailing = false;
      throw new IllegalStateException("as asked");
    }
    said.addAll(release.records());
  }

  /** Returns the messages that were released since the last call. */
  List<ToGateway> heard() {
    List<ToGateway> heard = List.copyOf(said);
    said.clear();
    return heard;
  }

  /** Returns the texts that were sent to a connection, as {@code connection number:text}. */
  List<String> texts() {
    List<String> texts = new ArrayList<>();
    for (ToGateway record : heard()) {
      if (record instanceof ToGateway.Send send && send.payload() instanceof Payload.Text text) {
        texts.add(send.connection().number() + ":" + text.string());
      } else if (record instanceof ToGateway.Broadcast all
          && all.payload() instanceof Payload.Text text) {
        texts.add("all:" + text.string());
      }
    }
    return texts;
  }

  /** Begins an upgrade, and returns the id of the future connection. */
  ConnectionId offerUpgrade(String name) {
    return offerUpgrade(name, null);
  }

  /** Begins the upgrade of a client that gets a subprotocol, unless that is null. */
  ConnectionId offerUpgrade(String name, String subprotocol) {
    ConnectionId id = ConnectionId.of(store.run(), ++connections);
    tell(new ToHost.Open(ROOM, id, head("name", name), subprotocol));
    return id;
  }

  /** Returns the upgrade of a run's first connections. */
  static ToHost open(int number) {
    return new ToHost.Open(ROOM, ConnectionId.of(1, number), head("name", "n"), null);
  }

  /** Connects a client. */
  ConnectionId connect(String name) {
    ConnectionId id = offerUpgrade(name);
    steps.runAll();
    return id;
  }

  void offer(ConnectionId from, String text) {
    tell(new ToHost.Message(ROOM, from, sequences.merge(from, 1L, Long::sum), Payload.text(text)));
  }

  void message(ConnectionId from, String text) {
    offer(from, text);
    steps.runAll();
  }

  void close(ConnectionId gone, int code) {
    tell(new ToHost.Closed(ROOM, gone, new CloseReason(code, "", CloseReason.Cause.CLIENT)));
    steps.runAll();
  }

  long request() {
    tell(new ToHost.Request(ROOM, ++requests, head("a", "b"), new byte[0]));
    steps.runAll();
    return requests;
  }

  /** Sends a plain request and returns the text of the answer; all other output is dropped. */
  String ask() {
    long number = request();
    return heard().stream()
        .filter(said -> said instanceof ToGateway.Responded answer && answer.request() == number)
        .map(said -> ((ToGateway.Responded) said).response().body())
        .map(body -> new String(body, StandardCharsets.UTF_8))
        .findFirst()
        .orElse("no answer");
  }

  boolean hibernate() {
    CompletableFuture<Boolean> dropped = host.hibernate(ROOM);
    steps.runAll();
    return dropped.isDone();
  }

  /** Lets time pass as the server's timer sees it. */
  void pass(Duration by) {
    long ticks = by.dividedBy(TICK);
    for (long i = 0; i < ticks; i++) {
      tickAfter(TICK);
    }
  }

  void tickAfter(Duration by) {
    time.advance(by);
    host.tick();
    steps.runAll();
  }

  void ring() {
    host.ringAlarms();
    steps.runAll();
  }

  void ringAfter(Duration by) {
    time.advance(by);
    ring();
  }

  ActorStatus status() {
    return host.status(ROOM);
  }

  /** The address of every client. */
  static final String CLIENT = "192.0.2.7";

  static RequestHead head(String name, String value) {
    return new RequestHead(
        "GET", "/room/one", Map.of(name, List.of(value)), List.of(new Header("Host", "x")), CLIENT);
  }
}
