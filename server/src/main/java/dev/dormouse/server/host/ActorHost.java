package dev.dormouse.server.host;

import dev.dormouse.log.Log;
import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ActorOptions;
import dev.dormouse.sdk.Alarm;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.host.alarm.AlarmClock;
import dev.dormouse.server.host.alarm.AlarmCounts;
import dev.dormouse.server.host.commit.AlarmOutcomes;
import dev.dormouse.server.host.commit.Answers;
import dev.dormouse.server.host.commit.CommitPipeline;
import dev.dormouse.server.host.commit.LostCloses;
import dev.dormouse.server.host.commit.OutputGate;
import dev.dormouse.server.host.commit.Repeats;
import dev.dormouse.server.host.commit.TurnWatch;
import dev.dormouse.server.host.rows.ActorRows;
import dev.dormouse.server.host.rows.Quarantine;
import dev.dormouse.server.host.rows.UnreadableCounts;
import dev.dormouse.server.host.turn.Activation;
import dev.dormouse.server.host.turn.ActorType;
import dev.dormouse.server.host.turn.AutoReplyRows;
import dev.dormouse.server.host.turn.BackgroundWork;
import dev.dormouse.server.host.turn.ClosingConnections;
import dev.dormouse.server.host.turn.Event;
import dev.dormouse.server.host.turn.Questions;
import dev.dormouse.server.host.turn.UnsettledTurns;
import dev.dormouse.server.observe.FailureLog;
import dev.dormouse.server.observe.Observers;
import dev.dormouse.server.protocol.Owner;
import dev.dormouse.server.protocol.Placement;
import dev.dormouse.server.protocol.Release;
import dev.dormouse.server.protocol.Time;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.server.protocol.Transport;
import dev.dormouse.storage.NodeStore;
import dev.dormouse.storage.codec.ValueCodec;
import dev.dormouse.storage.rows.DueAlarm;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Runs the actors of a node: brings each event to its actor's cell, makes cells when they are
 * needed, and has idle actors hibernate. All methods may be called from any thread, and return at
 * once unless they say that they read the store.
 */
public final class ActorHost {
  private static final Logger log = Log.of(ActorHost.class);

  private final Map<String, ActorType> types;
  private final NodeStore store;
  private final Transport transport;
  private final Time time;

  /** The limits of each actor type, by the type's name. */
  private final Map<String, HostOptions> limits;

  private final AlarmClock alarmClock;
  private final AlarmOutcomes alarms;
  private final FailureLog failures;
  private final BackgroundWork background;
  private final LongAdder eventsGivenUp = new LongAdder();
  private final TurnWatch watch;
  private final Questions questions;
  private final Receiver receiver = new Receiver();
  private final UnsettledTurns unsettled;
  private final HostRounds rounds;
  private final Quarantine quarantine = new Quarantine();
  private final ConcurrentHashMap<ActorId, ActorCell> cells = new ConcurrentHashMap<>();
  private final Consumer<ActorCell> onRetired = this::remove;
  private final LostCloses lostCloses = new LostCloses();
  private final LeftoverCloses leftovers;

  /** True if gateways and this host may lose each other, so that gateways send events again. */
  private final boolean mayRepeat;

  private volatile boolean isStopping;

  /**
   * Creates a host without actors in memory and without observers.
   *
   * @throws IllegalArgumentException if two types have the same name
   */
  public ActorHost(
      List<ActorType> types, NodeStore store, Transport transport, Time time, HostOptions options) {
    this(types, store, transport, time, options, new Observers(time));
  }

  /**
   * Creates a host without actors in memory whose events are reported to observers.
   *
   * @throws IllegalArgumentException if two types have the same name
   */
  public ActorHost(
      List<ActorType> types,
      NodeStore store,
      Transport transport,
      Time time,
      HostOptions options,
      Observers observers) {
    this(types, store, transport, Placement.fixed(new Owner("", 1)), time, options, observers);
  }

  /**
   * Creates a host without actors in memory whose gateways may be in other processes.
   *
   * @param placement tells which hosts own which groups of shards
   * @throws IllegalArgumentException if two types have the same name
   */
  public ActorHost(
      List<ActorType> types,
      NodeStore store,
      Transport transport,
      Placement placement,
      Time time,
      HostOptions options,
      Observers observers) {
    this.mayRepeat = !placement.isFixed();
    this.types =
        types.stream()
            .collect(
                Collectors.toUnmodifiableMap(
                    ActorType::name,
                    Function.identity(),
                    (a, b) -> {
                      throw new IllegalArgumentException(
                          "two actor types have the name " + a.name());
                    }));
    this.store = store;
    this.transport = transport;
    this.time = time;
    this.limits =
        this.types.values().stream()
            .collect(
                Collectors.toUnmodifiableMap(ActorType::name, type -> options.of(type.options())));
    this.failures = new FailureLog(time);
    this.alarmClock = new AlarmClock(store, time, this.types.keySet(), this::accept);
    this.alarms = new AlarmOutcomes(alarmClock, failures, this::optionsOf);
    this.background = new BackgroundWork(failures);
    this.watch = new TurnWatch(observers, time);
    this.questions = new Questions(store.run());
    this.unsettled = new UnsettledTurns(options.unsettledBytesMax(), transport::underWayBytes);
    this.leftovers =
        new LeftoverCloses(store, store, this.types.keySet(), this::accept, quarantine, time);
    this.rounds =
        new HostRounds(
            cells.values(),
            time,
            options.activeActorsMax(),
            failures,
            this::beginRound,
            this::hibernateIfIdle);
  }

  /**
   * Takes a record of a gateway.
   *
   * @param gateway the run of the gateway's node
   * @param epoch the epoch in which the gateway believes that this host owns the record's group
   */
  public void accept(long gateway, long epoch, ToHost told) {
    accept(told);
  }

  /** Takes an event, or the answer to a question of an actor, from a gateway. */
  public void accept(ToHost told) {
    told.dispatch(receiver);
  }

  /** Takes each kind of record that gateways send. */
  private final class Receiver implements ToHost.Receiver {
    @Override
    public void event(ToHost.ClientEvent event) {
      accept(new Event.Client(event, watch.nowNsIfHeard()));
    }

    @Override
    public void delivered(ToHost.Delivered delivered) {
      questions.answer(delivered);
    }

    @Override
    public void seen(ToHost.Seen seen) {
      questions.answer(seen);
    }

    @Override
    public void announce(ToHost.Announce announce) {
      throw new AssertionError("an announcement is for the door of the host");
    }
  }

  void accept(Event.Client client) {
    ToHost.ClientEvent event = client.event();
    ActorType type = types.get(event.actor().type());
    if (type == null) {
      refuse(client, Answers.unknownType(event));
    } else if (isStopping && !(event instanceof ToHost.Closed)) {
      refuse(client, Answers.stopping(event));
    } else if (rounds.isCrowded()
        && Answers.isFromNewcomer(event)
        && !cells.containsKey(event.actor())) {
      watch.hit("actors-in-memory", "503", event.actor(), client.connection());
      refuse(client, Answers.crowded(event));
    } else {
      offer(event.actor(), type, client);
    }
  }

  private void accept(DueAlarm due) {
    ActorType type = types.get(due.actor().type());
    if (type == null) {
      throw new AssertionError("the clock passes over alarms of types that are not registered");
    }
    offer(
        due.actor(), type, new Event.Alarm(due, () -> alarmClock.ended(due), watch.nowNsIfHeard()));
  }

  private void refuse(Event.Client client, List<ToGateway> records) {
    if (!records.isEmpty()) {
      ActorId actor = client.event().actor();
      transport.toGateway(0, new Release(actor, store.epochOf(actor), records));
    }
    client.end();
  }

  private void offer(ActorId id, ActorType type, Event event) {
    ActorCell cell = cells.get(id); // takes no lock, and most often finds the cell
    while (cell == null || !cell.offer(event)) {
      cell = cells.computeIfAbsent(id, key -> newCell(key, type));
    }
  }

  /** Returns the options of an actor type; the defaults if there is no type of that name. */
  private ActorOptions optionsOf(String type) {
    ActorType known = types.get(type);
    return known == null ? ActorOptions.defaults() : known.options();
  }

  private ActorCell newCell(ActorId id, ActorType type) {
    HostOptions options = Objects.requireNonNull(limits.get(type.name()));
    long epoch = store.epochOf(id);
    Executor executor = type.executor().apply(id);
    Mailbox mailbox = new Mailbox(options.mailboxMax());
    ActorRows rows = new ActorRows(store, id, quarantine);
    ClosingConnections closing = new ClosingConnections();
    AutoReplyRows autoReplies = new AutoReplyRows(rows, type.options());
    OutputGate gate = new OutputGate(transport, questions, unsettled);
    CommitPipeline pipeline =
        new CommitPipeline(
            id,
            epoch,
            executor,
            store,
            rows,
            gate,
            alarms,
            questions,
            unsettled,
            lostCloses,
            type.options().turnBytesMax(),
            mayRepeat);
    Recovery recovery =
        new Recovery(
            id,
            type.options().failurePolicy(),
            options.retries(),
            () -> isStopping,
            time,
            failures,
            quarantine,
            alarms,
            eventsGivenUp,
            mailbox,
            rows,
            pipeline,
            closing);
    Supplier<Activation> activations =
        () ->
            new Activation(
                id,
                type,
                rows,
                autoReplies,
                closing,
                time,
                epoch,
                alarms.running(),
                background,
                questions,
                mayRepeat,
                pipeline::sendNow);
    return new ActorCell(
        id,
        executor,
        options,
        time,
        watch,
        failures,
        unsettled,
        mailbox,
        rows,
        autoReplies,
        closing,
        gate,
        pipeline,
        recovery,
        new Repeats(rows, mayRepeat),
        activations,
        onRetired);
  }

  private void remove(ActorCell retired) {
    cells.remove(retired.id(), retired);
  }

  /**
   * Has idle actors hibernate, abandons turns that take too long, and starts attempts that are due;
   * or ends the round that {@link #tick(int)} has begun. Must be called regularly, by one thread at
   * a time.
   */
  public void tick() {
    tick(1);
  }

  /**
   * Does a part of the round that {@link #tick()} does at once, so that a message need not wait
   * until all actors that became idle together have hibernated.
   *
   * @param parts the number of calls that make a whole round, at least 1
   */
  public void tick(int parts) {
    unsettled.look();
    rounds.tick(parts);
  }

  private void beginRound() {
    failures.tick();
    if (!isStopping) {
      lostCloses.retry(this::accept);
    }
  }

  private void hibernateIfIdle(ActorId id) {
    hibernate(id, new Event.Hibernate(true, false, new CompletableFuture<>()));
  }

  /**
   * Hands alarms that are due to their actors, and goes on with the closes of stored connections
   * that have no socket. Reads the store. Must be called several times a second, by a thread that
   * may wait for the disk, once {@link #closeLeftovers} has completed. A call while another one is
   * under way does nothing.
   *
   * @return whether more alarms are due than may be under way, so that the caller should call again
   *     soon
   */
  public boolean ringAlarms() {
    leftovers.goOn();
    return alarmClock.ring();
  }

  /** Returns the counts of alarms since the start, by what became of them. */
  public AlarmCounts alarmCounts() {
    return alarms.counts();
  }

  /**
   * Lists the alarms of an actor as they are stored, in the order in which they are due. Reads the
   * store.
   */
  public List<Alarm> alarms(ActorId id) {
    return alarms.list(store, id);
  }

  /**
   * Drops an actor from memory as soon as the events that wait for it now are handled.
   *
   * @return a future that completes with true once the actor object is gone and all it did is in
   *     the store, at once if the actor was not in memory; with false if the next event has brought
   *     the actor back before
   * @throws IllegalArgumentException if there is no such actor type
   */
  public CompletableFuture<Boolean> hibernate(ActorId id) {
    checkHosted(id);
    CompletableFuture<Boolean> dropped = new CompletableFuture<>();
    hibernate(id, new Event.Hibernate(false, false, dropped));
    return dropped;
  }

  /**
   * Resets an actor: its object is dropped without {@code onHibernate}, its connections stay, and
   * the next event makes a new object. An open turn is abandoned, as one that takes too long is; if
   * no turn is open, the events that wait now are handled first.
   *
   * @param why the reason, for the log
   * @return a future that completes with true once the object is dropped, at once if the actor is
   *     not in memory; with false if the next event has brought the actor back before
   * @throws IllegalArgumentException if there is no such actor type
   */
  public CompletableFuture<Boolean> reset(ActorId id, String why) {
    checkHosted(id);
    Event.Hibernate reset = new Event.Hibernate(false, true, new CompletableFuture<>());
    ActorCell cell = cells.get(id);
    if (cell == null || !cell.reset(reset, why)) {
      reset.dropped().complete(true);
    } else {
      log.warn("actor {} is reset: {}", id, why);
    }
    return reset.dropped();
  }

  /**
   * Closes a connection at once, without a turn of its actor; the actor's {@code onClose} follows.
   * Nothing happens if the connection is not open.
   *
   * @throws IllegalArgumentException if the code may not be sent, or the reason is too long
   */
  public void close(ActorId id, ConnectionId connection, int code, String reason) {
    CloseReason.checkSendable(code, reason);
    transport.toGateway(
        0,
        new Release(id, store.epochOf(id), List.of(new ToGateway.Close(connection, code, reason))));
  }

  private void checkHosted(ActorId id) {
    if (!types.containsKey(id.type())) {
      throw new IllegalArgumentException(
          "there is no actor type '%s'; there are %s"
              .formatted(id.type(), types.keySet().stream().sorted().toList()));
    }
  }

  private void hibernate(ActorId id, Event.Hibernate wish) {
    ActorCell cell = cells.get(id);
    if (cell == null || !cell.offer(wish)) {
      wish.dropped().complete(true);
    }
  }

  /**
   * Closes the connections that earlier runs left in the store: each gets its close event once, a
   * page of connections at a time. Connections of actors that cannot be read are left as they are.
   *
   * @return a future that completes with the number of connections once each close is handled, or
   *     owed because its actor cannot be activated: see {@link #owedCloses}
   */
  public CompletableFuture<Long> closeLeftovers() {
    return leftovers.closeEarlierRuns();
  }

  /** Describes an actor; an actor that never had an event is inactive, with 0 activations. */
  public ActorStatus status(ActorId id) {
    return search().status(id);
  }

  /**
   * Finds a page of actors, also of types that are not registered. Reads the store, and may take
   * seconds.
   */
  public ActorPage find(ActorQuery query) {
    return search().page(query);
  }

  private ActorSearch search() {
    return new ActorSearch(cells, store, time.nowNs());
  }

  /** Counts the actors in memory, for each registered type. */
  public Map<String, Integer> activeByType() {
    Map<String, Integer> active = new TreeMap<>();
    types.keySet().forEach(type -> active.put(type, 0));
    cells.keySet().forEach(id -> active.merge(id.type(), 1, Integer::sum));
    return active;
  }

  /**
   * Lists actors of a type, in no order: those in memory, those with connections, and those that
   * cannot be read. Reads the store.
   *
   * @param limit the most actors to return; no more than about 20,000 stored actors are looked at
   */
  public List<ActorStatus> actors(String type, int limit) {
    return search().list(type, limit);
  }

  /** Returns the codec of an actor type; null if there is no type of that name. */
  public @Nullable ValueCodec codec(String type) {
    ActorType known = types.get(type);
    return known == null ? null : known.codec();
  }

  /** Returns whether there is an actor type of that name. */
  public boolean hosts(String type) {
    return types.containsKey(type);
  }

  /** Returns the number of questions that gateways have not answered yet. */
  int openQuestions() {
    return questions.size();
  }

  /** Returns the counts of stored parts that could not be read since the host was made. */
  public UnreadableCounts counts() {
    return quarantine.counts();
  }

  /** Returns whether an actor is in memory. */
  public boolean isActive(ActorId id) {
    return cells.containsKey(id);
  }

  /** Counts the actors in memory. */
  public int activeActors() {
    return cells.size();
  }

  /**
   * Counts the connections that have ended and whose {@code onClose} has not taken effect yet,
   * because the actor cannot be activated or the store has failed. This process, or the next one,
   * tries those closes again.
   */
  public long owedCloses() {
    return lostCloses.size() + cells.values().stream().mapToLong(ActorCell::owedCloses).sum();
  }

  /**
   * Counts the events that were given up because their actor could not be activated or the store
   * could not be read.
   */
  public long eventsGivenUp() {
    return eventsGivenUp.sum();
  }

  /**
   * Stops the host: new events are refused, no more alarms ring, every actor handles the events
   * that wait for it and is dropped, and background work is awaited. An actor that rests after a
   * failure makes its last attempt now.
   *
   * @return a future that completes once no actor is in memory, all that actors did is in the
   *     store, and no background work is under way
   */
  public CompletableFuture<Void> stop() {
    isStopping = true;
    alarmClock.stop();
    log.debug("stopping with {} actors in memory", cells.size());
    return CompletableFuture.allOf(
            cells.keySet().stream().map(this::hibernate).toArray(CompletableFuture[]::new))
        .thenCompose(dropped -> background.drained());
  }
}
