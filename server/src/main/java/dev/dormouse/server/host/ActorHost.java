package dev.dormouse.server.host;

import dev.dormouse.log.Log;
import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ActorOptions;
import dev.dormouse.sdk.Alarm;
import dev.dormouse.sdk.CallFailedException.Reason;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.OutsideRef;
import dev.dormouse.sdk.WebSocketActor;
import dev.dormouse.server.host.alarm.AlarmClock;
import dev.dormouse.server.host.alarm.AlarmCounts;
import dev.dormouse.server.host.call.CallTypes;
import dev.dormouse.server.host.call.OpenCalls;
import dev.dormouse.server.host.call.StrangerRef;
import dev.dormouse.server.host.call.TellDelivery;
import dev.dormouse.server.host.commit.AlarmOutcomes;
import dev.dormouse.server.host.commit.Answers;
import dev.dormouse.server.host.commit.CommitPipeline;
import dev.dormouse.server.host.commit.LostCloses;
import dev.dormouse.server.host.commit.Outlet;
import dev.dormouse.server.host.commit.OutputGate;
import dev.dormouse.server.host.commit.Repeats;
import dev.dormouse.server.host.commit.TurnWatch;
import dev.dormouse.server.host.commit.Unanswered;
import dev.dormouse.server.host.owner.InFlight;
import dev.dormouse.server.host.owner.Ownership;
import dev.dormouse.server.host.owner.Ownership.Announcement;
import dev.dormouse.server.host.owner.Ownership.GivenUp;
import dev.dormouse.server.host.owner.Ownerships;
import dev.dormouse.server.host.rows.ActorRows;
import dev.dormouse.server.host.rows.Quarantine;
import dev.dormouse.server.host.rows.UnreadableCounts;
import dev.dormouse.server.host.turn.Activation;
import dev.dormouse.server.host.turn.ActorCalls;
import dev.dormouse.server.host.turn.ActorType;
import dev.dormouse.server.host.turn.AutoReplyRows;
import dev.dormouse.server.host.turn.BackgroundWork;
import dev.dormouse.server.host.turn.ClosingConnections;
import dev.dormouse.server.host.turn.Event;
import dev.dormouse.server.host.turn.Questions;
import dev.dormouse.server.host.turn.UnsettledTurns;
import dev.dormouse.server.observe.FailureLog;
import dev.dormouse.server.observe.Observers;
import dev.dormouse.server.protocol.CallReply;
import dev.dormouse.server.protocol.CallRequest;
import dev.dormouse.server.protocol.CallRoute;
import dev.dormouse.server.protocol.Owner;
import dev.dormouse.server.protocol.Placement;
import dev.dormouse.server.protocol.Release;
import dev.dormouse.server.protocol.Time;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.server.protocol.Transport;
import dev.dormouse.storage.CommitResult;
import dev.dormouse.storage.NodeStore;
import dev.dormouse.storage.OwnershipListener;
import dev.dormouse.storage.codec.ValueCodec;
import dev.dormouse.storage.rows.DueAlarm;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Runs the actors of a node: brings each event to its actor's cell, makes cells when they are
 * needed, and has idle actors hibernate. All methods may be called from any thread, and return at
 * once unless they say that they read the store.
 *
 * <p>If the {@link Placement} is not fixed, the host runs the actors of those groups of shards
 * alone that it owns. Every record of a gateway then passes the door of {@link Ownerships}, a cell
 * belongs to the ownership under which it was made, and releases leave by that ownership. If the
 * placement is fixed, there is no door, and releases go straight to the transport.
 */
public final class ActorHost implements Transport.HostEnd, OwnershipListener, Ownerships.Cells {
  private static final Logger log = Log.of(ActorHost.class);

  /** The route of a host that does not know how to reach the owners of other actors. */
  public static final CallRoute NO_ROUTE =
      (request, reply) -> reply.failed(Reason.CANNOT_WAKE, "this node does not own the actor");

  /** The time for the open turns of a group that the log hands to another node. */
  private static final Duration LEAVE_WITHIN = Duration.ofSeconds(2);

  private final Map<String, ActorType> types;
  private final NodeStore store;
  private final Time time;
  private final Placement placement;

  /** The groups that this host owns; null if it owns everything for ever. */
  private final @Nullable Ownerships ownerships;

  private final Outlet outlet;

  /** The limits of each actor type, by the type's name. */
  private final Map<String, HostOptions> limits;

  private final AlarmClock alarmClock;
  private final AlarmOutcomes alarms;
  private final FailureLog failures;
  private final BackgroundWork background;
  private final LongAdder eventsGivenUp = new LongAdder();
  private final TurnWatch watch;
  private final Questions questions;

  /** Takes the records of gateways if this host owns everything. */
  private final Receiver receiver = new Receiver(null);

  private final CallTypes callTypes;
  private final OpenCalls calls;
  private final TellDelivery tells;
  private final UnsettledTurns unsettled;
  private final HostRounds rounds;
  private final Quarantine quarantine = new Quarantine();
  private final ConcurrentHashMap<ActorId, ActorCell> cells = new ConcurrentHashMap<>();

  /** The ends of dropped cells, some of whose commits are on their way. */
  private final ConcurrentHashMap<ActorId, CompletableFuture<Void>> leaving =
      new ConcurrentHashMap<>();

  private final Consumer<ActorCell> onRetired = this::remove;
  private final LostCloses lostCloses = new LostCloses();
  private final LeftoverCloses leftovers;

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
   * Creates a host of a node that owns everything, without actors in memory, whose events are
   * reported to observers.
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
    this(
        types,
        store,
        transport,
        "",
        Placement.fixed(new Owner("", store.epoch(0))),
        NO_ROUTE,
        time,
        options,
        observers);
  }

  /**
   * Creates a host without actors in memory whose events are reported to observers. If the
   * placement is not fixed, the host owns nothing until {@link #onOwned}; it listens to the store
   * by {@link NodeStore#listen}.
   *
   * @param node the name of the host's node
   * @param others takes the calls to actors that this host does not own
   * @throws IllegalArgumentException if two types have the same name, or the groups of the
   *     placement are not those of the store
   */
  public ActorHost(
      List<ActorType> types,
      NodeStore store,
      Transport transport,
      String node,
      Placement placement,
      CallRoute others,
      Time time,
      HostOptions options,
      Observers observers) {
    if (!placement.isFixed() && placement.groups() != store.groups().groups()) {
      throw new IllegalArgumentException(
          "the placement has %s groups, and the store has %s"
              .formatted(placement.groups(), store.groups().groups()));
    }
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
    this.time = time;
    this.placement = placement;
    Ownerships owned =
        placement.isFixed()
            ? null
            : new Ownerships(node, placement, transport::toGateway, time, this);
    this.ownerships = owned;
    this.outlet =
        owned == null ? (release, gateways) -> transport.toGateway(0, release) : owned::send;
    this.limits =
        this.types.values().stream()
            .collect(
                Collectors.toUnmodifiableMap(ActorType::name, type -> options.of(type.options())));
    this.failures = new FailureLog(time);
    this.alarmClock =
        new AlarmClock(
            store, store.run(), time, this.types.keySet(), this::accept, placement.isFixed());
    this.alarms = new AlarmOutcomes(alarmClock, failures, this::optionsOf);
    this.background = new BackgroundWork(failures);
    this.watch = new TurnWatch(observers, time);
    this.questions = new Questions(store.run());
    this.callTypes =
        new CallTypes(
            types.stream()
                .map(
                    type ->
                        new CallTypes.Callable(
                            type.name(), type.calls(), type.codec(), type.executor()))
                .toList());
    CallRoute own = this::accept;
    CallRoute route =
        (request, reply) -> (owns(request.target()) ? own : others).send(request, reply);
    this.calls = new OpenCalls(time, observers, route);
    this.tells =
        new TellDelivery(
            store,
            time,
            callTypes,
            route,
            placement.isFixed(),
            options.retries()::restNs,
            failures,
            observers);
    this.unsettled = new UnsettledTurns(options.unsettledBytesMax(), transport::underWayBytes);
    this.leftovers =
        new LeftoverCloses(
            store, store, this.types.keySet(), this::accept, this::accept, quarantine, time);
    this.rounds =
        new HostRounds(
            cells.values(),
            time,
            options.activeActorsMax(),
            failures,
            this::beginRound,
            this::hibernateIfIdle);
  }

  @Override
  public void accept(long gateway, long epoch, ToHost told) {
    if (ownerships == null) {
      accept(told);
    } else {
      ownerships.accept(gateway, epoch, told);
    }
  }

  @Override
  public void broken(long gateway) {
    if (ownerships != null) {
      ownerships.broken(gateway);
    }
  }

  /**
   * Takes an event, or the answer to a question of an actor, from the gateway of a node that owns
   * everything.
   */
  public void accept(ToHost told) {
    told.dispatch(receiver);
  }

  /** Takes each kind of record that gateways send and that has passed the door, if there is one. */
  private final class Receiver implements ToHost.Receiver {
    private final @Nullable Ownership ownership;

    Receiver(@Nullable Ownership ownership) {
      this.ownership = ownership;
    }

    @Override
    public void event(ToHost.ClientEvent event) {
      accept(ownership, new Event.Client(event, watch.nowNsIfHeard()));
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

  /** Takes a close that the host itself makes; one of an actor that is not owned is dropped. */
  void accept(Event.Client client) {
    Ownership ownership = ownershipOf(client.event().actor());
    if (ownerships == null || ownership != null) {
      accept(ownership, client);
    }
  }

  private @Nullable Ownership ownershipOf(ActorId actor) {
    return ownerships == null ? null : ownerships.of(actor);
  }

  private void accept(@Nullable Ownership ownership, Event.Client client) {
    ToHost.ClientEvent event = client.event();
    ActorType type = types.get(event.actor().type());
    if (type == null) {
      refuse(ownership, client, Answers.unknownType(event));
    } else if (isStopping && !(event instanceof ToHost.Closed)) {
      refuse(ownership, client, Answers.stopping(event));
    } else if (rounds.isCrowded()
        && Answers.isFromNewcomer(event)
        && !cells.containsKey(event.actor())) {
      watch.hit("actors-in-memory", "503", event.actor(), client.connection());
      refuse(ownership, client, Answers.crowded(event));
    } else {
      offer(ownership, event.actor(), type, client);
    }
  }

  /**
   * Takes a finding about what a gateway knows; one about an actor that is not owned is dropped.
   */
  private void accept(Event.Difference difference) {
    ActorId actor = difference.actor();
    ActorType type = types.get(actor.type());
    Ownership ownership = ownershipOf(actor);
    if (type != null && ownership != null) {
      offer(ownership, actor, type, difference);
    }
  }

  private void accept(DueAlarm due) {
    ActorType type = types.get(due.actor().type());
    if (type == null) {
      throw new AssertionError("the clock passes over alarms of types that are not registered");
    }
    Ownership ownership = ownershipOf(due.actor());
    if (ownerships == null || ownership != null) {
      offer(
          ownership,
          due.actor(),
          type,
          new Event.Alarm(due, () -> alarmClock.ended(due), watch.nowNsIfHeard()));
    }
  }

  /**
   * Takes a call to an actor. If this host does not own the actor, the call fails.
   *
   * @param reply told once what became of the call
   */
  public void accept(CallRequest request, CallReply reply) {
    ActorId actor = request.target();
    ActorType type = types.get(actor.type());
    Ownership ownership = ownershipOf(actor);
    if (type == null) {
      reply.failed(Reason.UNKNOWN, "there is no actor type " + actor.type());
    } else if (isStopping) {
      reply.failed(Reason.STOPPING, "the server is stopping");
    } else if (ownerships != null && ownership == null) {
      reply.failed(Reason.CANNOT_WAKE, "this node does not own the actor");
    } else if (rounds.isCrowded() && !cells.containsKey(actor)) {
      watch.hit("actors-in-memory", "call failed", actor, null);
      reply.failed(Reason.BUSY, "the server has as many busy actors in memory as it may");
    } else {
      offer(ownership, actor, type, new Event.Call(request, reply, watch.nowNsIfHeard()));
    }
  }

  /**
   * Returns a reference to an actor for callers that are not actors.
   *
   * @throws IllegalArgumentException if there is no actor type of this class or more than one, or
   *     the key cannot be one
   */
  public <T extends WebSocketActor<?>> OutsideRef<T> actor(Class<T> type, String key) {
    return new StrangerRef<>(type, key, callTypes, calls);
  }

  private void refuse(@Nullable Ownership ownership, Event.Client client, List<ToGateway> records) {
    if (!records.isEmpty()) {
      ActorId actor = client.event().actor();
      outlet.send(new Release(actor, epochOf(ownership, actor), records), Outlet.NO_GATEWAYS);
    }
    client.end();
  }

  private long epochOf(@Nullable Ownership ownership, ActorId actor) {
    return ownership == null ? store.epochOf(actor) : ownership.epoch();
  }

  /**
   * Offers an event to the actor's cell.
   *
   * @param ownership the ownership under which the event came; null if this host owns everything.
   *     If it is not in force any more, the event is passed over: no gateway waits for this host
   */
  private void offer(@Nullable Ownership ownership, ActorId id, ActorType type, Event event) {
    ActorCell cell = cells.get(id); // takes no lock, and most often finds the cell
    while (cell == null || !isOffered(cell, ownership, event)) {
      if (ownership != null && !ownership.isServing()) {
        ActorCell.passOver(event);
        return;
      }
      cell = cells.computeIfAbsent(id, key -> newCell(key, type, ownership));
      if (ownership != null && !ownership.isServing()) {
        drop(cell); // the cell may have been made after the others of the group were dropped
        ActorCell.passOver(event);
        return;
      }
    }
  }

  /** Returns whether the event is the cell's business, or nobody's. */
  private boolean isOffered(ActorCell cell, @Nullable Ownership ownership, Event event) {
    Ownership ofCell = cell.ownership();
    if (ofCell == ownership) {
      return cell.offer(event);
    }
    if (ofCell != null && ofCell.isOver()) {
      drop(cell);
      return false;
    }
    ActorCell.passOver(event);
    return true; // the ownership under which the event came is over
  }

  /** Returns the options of an actor type; the defaults if there is no type of that name. */
  private ActorOptions optionsOf(String type) {
    ActorType known = types.get(type);
    return known == null ? ActorOptions.defaults() : known.options();
  }

  private ActorCell newCell(ActorId id, ActorType type, @Nullable Ownership ownership) {
    HostOptions options = Objects.requireNonNull(limits.get(type.name()));
    long epoch = epochOf(ownership, id);
    Executor executor = type.executor().apply(id);
    Unanswered unanswered = ownership == null ? null : new Unanswered();
    Mailbox mailbox = new Mailbox(options.mailboxMax(), unanswered);
    ActorRows rows = new ActorRows(store, id, quarantine);
    ClosingConnections closing = new ClosingConnections();
    AutoReplyRows autoReplies = new AutoReplyRows(rows, type.options());
    OutputGate gate =
        new OutputGate(
            outlet,
            unanswered,
            ownership == null ? null : () -> fenced(ownership),
            questions,
            unsettled);
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
            tells,
            background,
            type.options().turnBytesMax(),
            ownership == null ? null : () -> confirm(ownership));
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
                alarms.running(id),
                background,
                questions,
                ownership != null,
                new ActorCalls(callTypes, calls, tells, pipeline::awaitEarlier),
                pipeline::sendNow);
    return new ActorCell(
        id,
        ownership,
        leaving.get(id),
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
        new Repeats(rows, closing, ownership != null),
        activations,
        onRetired);
  }

  private void remove(ActorCell retired) {
    cells.remove(retired.id(), retired);
  }

  // Groups of shards. The methods of Cells are called by the door alone.

  /** Begins the ownership of a group: the host runs its actors, and rings their alarms. */
  @Override
  public void onOwned(int group, long epoch) {
    door().begin(group, epoch);
    alarmClock.owned(group);
    tells.owned(group);
  }

  /** Leaves the ownership of a group in good order, since another node is about to take it. */
  @Override
  public CompletionStage<Void> onLeaving(int group) {
    return giveUp(group, null, LEAVE_WITHIN);
  }

  /** Ends the ownership of a group at once; nothing of its actors leaves any more. */
  @Override
  public void onLost(int group, String why) {
    door().lose(group, why);
  }

  /**
   * Leaves the ownership of a group in good order: open turns end, {@code onHibernate} is called,
   * and everything that was sent goes out. At the deadline the group is dropped, as it is then.
   *
   * @param next the owner that follows; null if none is known
   * @param within the time until the deadline
   * @return completes when the host has nothing to do with the group any more
   */
  public CompletionStage<Void> giveUp(int group, @Nullable Owner next, Duration within) {
    return door().leave(group, next, time.nowNs() + within.toNanos());
  }

  /**
   * Leaves the ownership of all groups in good order, as {@link #giveUp} leaves that of one. The
   * store may hand them to this host again, until it is closed.
   */
  public CompletionStage<Void> giveUpAll(Duration within) {
    return CompletableFuture.allOf(
        IntStream.range(0, placement.groups())
            .mapToObj(group -> giveUp(group, null, within).toCompletableFuture())
            .toArray(CompletableFuture[]::new));
  }

  private Ownerships door() {
    if (ownerships == null) {
      throw new IllegalStateException("a node that is alone owns everything for ever");
    }
    return ownerships;
  }

  /** Returns whether this host owns the group of an actor. */
  public boolean owns(ActorId actor) {
    return ownerships == null || ownerships.of(actor) != null;
  }

  /** Returns the number of groups that this host owns. */
  public int ownedGroups() {
    return ownerships == null ? placement.groups() : ownerships.count();
  }

  /**
   * Returns the number of releases that were dropped because their gateway did not announce its
   * sockets in time.
   */
  public long droppedReleases() {
    return ownerships == null ? 0 : ownerships.dropped();
  }

  private CompletionStage<CommitResult> confirm(Ownership ownership) {
    return store.confirm(ownership.group(), ownership.epoch());
  }

  private void fenced(Ownership ownership) {
    door().lose(ownership, "the store has a later epoch");
  }

  @Override
  public void take(Ownership ownership, ToHost.ForActor record) {
    record.dispatch(new Receiver(ownership));
  }

  @Override
  public void forgetQueued(int group, long gateway, InFlight inFlight) {
    for (ActorCell cell : cells.values()) {
      if (placement.groupOf(cell.id()) == group) {
        cell.forget(gateway, inFlight);
      }
    }
  }

  @Override
  public void compare(Ownership ownership, Announcement announcement) {
    leftovers.compare(ownership, announcement);
  }

  @Override
  public void closeAll(Ownership ownership, GivenUp gateways) {
    questions.unanswerable(
        (actor, connection) ->
            placement.groupOf(actor) == ownership.group() && gateways.has(connection.run()));
    leftovers.closeAll(ownership, gateways);
  }

  @Override
  public CompletionStage<Void> settle(int group) {
    alarmClock.lost(group);
    tells.lost(group);
    List<CompletableFuture<Void>> ends = new ArrayList<>();
    for (ActorCell cell : cells.values()) {
      if (placement.groupOf(cell.id()) == group) {
        ends.add(cell.finish().toCompletableFuture());
      }
    }
    return CompletableFuture.allOf(ends.toArray(CompletableFuture[]::new));
  }

  @Override
  public void drop(int group) {
    alarmClock.lost(group);
    tells.lost(group);
    for (ActorCell cell : cells.values()) {
      Ownership ownership = cell.ownership();
      if (ownership != null && ownership.group() == group && ownership.isOver()) {
        drop(cell);
      }
    }
    questions.unanswerable((actor, connection) -> placement.groupOf(actor) == group);
  }

  /** Drops a cell; the actor's next one waits until this one has ended. */
  private void drop(ActorCell cell) {
    ActorId id = cell.id();
    CompletableFuture<Void> end = new CompletableFuture<>();
    CompletableFuture<Void> known = leaving.put(id, end);
    CompletableFuture<Void> before =
        known == null ? CompletableFuture.completedFuture(null) : known;
    cells.remove(id, cell);
    var unused =
        cell.drop()
            .toCompletableFuture()
            .runAfterBoth(
                before,
                () -> {
                  leaving.remove(id, end);
                  end.complete(null);
                });
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
    calls.tick(time.nowNs());
    if (ownerships != null) {
      ownerships.tick();
    }
    rounds.tick(parts);
  }

  private void beginRound() {
    failures.tick();
    if (!isStopping) {
      lostCloses.retry(closed -> accept(Event.Client.ofHost(closed)));
    }
  }

  private void hibernateIfIdle(ActorId id) {
    hibernate(id, new Event.Hibernate(true, false, new CompletableFuture<>()));
  }

  /**
   * Hands alarms that are due to their actors, delivers calls that were told before, and goes on
   * with the closes of stored connections that have no socket. Reads the store. Must be called
   * several times a second, by a thread that may wait for the disk, once {@link #closeLeftovers}
   * has completed. A call while another one is under way does nothing.
   *
   * @return whether more alarms are due than may be under way, or more stored connections are to be
   *     looked at, so that the caller should call again soon
   */
  public boolean ringAlarms() {
    boolean isMore = leftovers.goOn();
    tells.goOn();
    return alarmClock.ring() || isMore;
  }

  /**
   * Returns the number of calls that actors of this host have told and that wait to take effect.
   */
  public int waitingTells() {
    return tells.waiting();
  }

  /** Returns the number of calls that were told and given up since the start. */
  public long tellsGivenUp() {
    return tells.givenUp();
  }

  /** Returns the counts of alarms since the start, by what became of them. */
  public AlarmCounts alarmCounts() {
    return alarms.counts();
  }

  /**
   * Counts the alarms that have been due for more than {@value AlarmClock#OVERDUE_MS} ms, up to
   * {@value AlarmClock#OVERDUE_COUNTED}; see {@link AlarmClock#overdue}. Reads the store.
   */
  public int overdueAlarms() {
    return alarmClock.overdue();
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
   * Nothing happens if the connection is not open, or this host does not own the actor.
   *
   * @throws IllegalArgumentException if the code may not be sent, or the reason is too long
   */
  public void close(ActorId id, ConnectionId connection, int code, String reason) {
    CloseReason.checkSendable(code, reason);
    Ownership ownership = ownershipOf(id);
    if (ownerships == null || ownership != null) {
      ToGateway close = new ToGateway.Close(connection, code, reason);
      outlet.send(new Release(id, epochOf(ownership, id), List.of(close)), Outlet.NO_GATEWAYS);
    }
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

  /** Returns the bytes of turns that are open or wait for the store. */
  long unsettledBytes() {
    return unsettled.bytes();
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
    tells.stop();
    log.debug("stopping with {} actors in memory", cells.size());
    return CompletableFuture.allOf(
            Stream.concat(cells.keySet().stream().map(this::hibernate), leaving.values().stream())
                .toArray(CompletableFuture[]::new))
        .thenCompose(
            dropped -> {
              calls.stop();
              return background.drained();
            });
  }
}
