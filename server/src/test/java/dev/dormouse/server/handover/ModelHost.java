package dev.dormouse.server.handover;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.server.handover.ModelStore.Proposal;
import dev.dormouse.server.handover.ModelStore.Row;
import dev.dormouse.server.handover.ModelStore.Rows;
import dev.dormouse.server.handover.ModelStore.What;
import dev.dormouse.server.handover.ModelStore.Write;
import dev.dormouse.server.host.owner.InFlight;
import dev.dormouse.server.host.owner.Ownership;
import dev.dormouse.server.host.owner.Ownership.Announcement;
import dev.dormouse.server.host.owner.Ownership.GivenUp;
import dev.dormouse.server.host.owner.Ownerships;
import dev.dormouse.server.protocol.FromHost;
import dev.dormouse.server.protocol.Owner;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.protocol.Placement;
import dev.dormouse.server.protocol.Release;
import dev.dormouse.server.protocol.Time;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * A host: the production {@link Ownerships}, and a small model of the actor's cell, its turns, and
 * the passes over the stored connections.
 *
 * <p>The actor does what the letter of a message says: {@code m} appends the message to the stored
 * list, answers its sender and tells all connections; {@code p} answers and writes nothing; {@code
 * t} tags the other connections; {@code k} closes the other connections.
 */
final class ModelHost implements Ownerships.Cells, Ownership.Ways, Placement, Time, Canon.Clocked {

  /** The events that wait in the mailbox. */
  private sealed interface Work {
    /** An event of a gateway. */
    record Client(long gateway, ToHost.ClientEvent event) implements Work {}

    /** A close that the host makes up, since the connection has no socket. */
    record Gone(long connection, boolean isSaid) implements Work {}

    /** Tells a gateway the state of a connection again. */
    record Refresh(long connection) implements Work {}

    /** The alarm rings. */
    record Alarm() implements Work {}
  }

  /** A turn whose commit is not reported. */
  private static final class Turn {
    final long epoch;
    final Proposal proposal;
    final @Nullable Work work;
    final Map<Long, List<ToGateway>> says;

    Turn(long epoch, Proposal proposal, Work work, Map<Long, List<ToGateway>> says) {
      this.epoch = epoch;
      this.proposal = proposal;
      this.work = work;
      this.says = says;
    }
  }

  /** The actor in memory. */
  private static final class Cell {
    Rows rows;
    final ArrayDeque<Work> mailbox = new ArrayDeque<>();
    final ArrayDeque<Turn> turns = new ArrayDeque<>();

    Cell(Rows rows) {
      this.rows = rows;
    }
  }

  /** A pass over the stored connections. */
  private sealed interface Pass {
    /** Returns the ownership that the pass is made for. */
    Ownership ownership();

    record Compare(Ownership ownership, Announcement announcement) implements Pass {}

    record CloseAll(Ownership ownership, GivenUp gone) implements Pass {}
  }

  private final transient World world;
  private final transient int index;
  private transient long clockNs;
  Ownerships ownerships;
  @Nullable Owner view;
  private @Nullable Rows replica;
  private @Nullable Cell cell;
  private final ArrayDeque<Pass> passes = new ArrayDeque<>();
  private boolean isLeaving;
  private transient @Nullable CompletableFuture<Void> settled;

  ModelHost(World world, int index) {
    this.world = world;
    this.index = index;
    this.ownerships = new Ownerships(name(), this, this, this, this);
  }

  private String name() {
    return World.HOSTS.get(index);
  }

  boolean owns() {
    return ownerships.of(0) != null;
  }

  // Steps.

  /** Hears who owns the group. */
  void learn(Owner owner) {
    view = owner;
    if (owner.node().equals(name())) {
      ownerships.begin(0, owner.epoch());
      replica = world.has(ModelFault.NO_BARRIER) ? world.firstRows : world.store.rows;
    } else {
      ownerships.lose(0, "another host owns it");
    }
  }

  boolean canTurn() {
    return world.scenario.isQueued() && isReady();
  }

  private boolean isReady() {
    return cell != null
        && !cell.mailbox.isEmpty()
        && cell.turns.size() < world.scenario.pipeline()
        && !isLeaving
        && owns();
  }

  /** Handles the first event of the mailbox. */
  void turn() {
    Cell actor = cell();
    handle(actor, actor.mailbox.removeFirst());
  }

  /** Does at once what the scenario does not leave for later. */
  void hurry() {
    while (!world.scenario.isSlow() && hasPass()) {
      goOver();
    }
    while (!world.scenario.isQueued() && isReady()) {
      turn();
    }
  }

  boolean canReport() {
    return cell != null && !cell.turns.isEmpty() && cell.turns.getFirst().proposal.isDone != null;
  }

  /** Hears what became of the first turn's commit. */
  void report() {
    Cell actor = cell();
    Turn turn = actor.turns.removeFirst();
    if (turn.proposal.isDone == null || !turn.proposal.isDone) {
      ownerships.lose(0, "a commit was fenced");
      return;
    }
    replica = world.store.rows;
    say(turn);
    if (isLeaving) {
      settle();
    }
  }

  boolean waits() {
    return cell != null && !cell.turns.isEmpty();
  }

  /** Does not hear what became of the commits: the ownership ends. */
  void unknown() {
    ownerships.lose(0, "the outcome of a commit is unknown");
  }

  boolean canRing() {
    return owns()
        && cell().rows.hasAlarm
        && cell().mailbox.stream().noneMatch(work -> work instanceof Work.Alarm)
        && !isLeaving;
  }

  void ring() {
    cell().mailbox.add(new Work.Alarm());
  }

  void leave(Owner next) {
    var unused = ownerships.leave(0, next);
  }

  boolean isLeaving() {
    return isLeaving;
  }

  void pass(long ns) {
    clockNs += ns;
    ownerships.tick();
  }

  void die() {
    drop(0);
    ownerships = new Ownerships(name(), this, this, this, this);
    view = null;
  }

  boolean hasPass() {
    return !passes.isEmpty();
  }

  boolean isIdle() {
    return passes.isEmpty()
        && !isLeaving
        && (cell == null || (cell.mailbox.isEmpty() && cell.turns.isEmpty()));
  }

  /** Goes over the stored connections, as the oldest pass wants. */
  void goOver() {
    Pass pass = passes.removeFirst();
    Rows stored = replica;
    if (stored == null || !pass.ownership().isServing()) {
      return;
    }
    if (pass instanceof Pass.Compare compare) {
      compare(compare, stored);
    } else if (pass instanceof Pass.CloseAll all) {
      for (long id : stored.connections.keySet()) {
        if (all.gone().has(run(id)) && pass.ownership().isGivenUp(run(id))) {
          cell().mailbox.add(new Work.Gone(id, false));
        }
      }
    }
  }

  private void compare(Pass.Compare compare, Rows stored) {
    Announcement announcement = compare.announcement();
    stored.connections.forEach(
        (id, row) -> {
          ConnectionId connection = new ConnectionId(id);
          if (connection.run() == announcement.gateway()) {
            if (announcement.isGone(id, connection.number())) {
              cell().mailbox.add(new Work.Gone(id, true));
            } else if (announcement.has(id)
                && (row.isClosing() || missesTags(announcement, id, row))
                && !world.has(ModelFault.MISSED_STATE)) {
              cell().mailbox.add(new Work.Refresh(id));
            }
          }
        });
    long[] unknown =
        Arrays.stream(announcement.connections())
            .filter(id -> !stored.connections.containsKey(id) || announcement.isBereft(World.ACTOR))
            .toArray();
    if (unknown.length > 0) {
      compare.ownership().unknown(announcement.gateway(), unknown);
    }
  }

  private static boolean missesTags(Announcement announcement, long id, Row row) {
    long known = announcement.state(Arrays.binarySearch(announcement.connections(), id));
    return known != ToHost.Announce.NO_STATE
        && !ToHost.Announce.isTaggedAlike(known, ToHost.Announce.stateOf(tags(row.tag()), 0));
  }

  /** Returns the tags of a connection, which has one or none. */
  static List<String> tags(long tag) {
    return tag == 0 ? List.of() : List.of("t");
  }

  // The actor.

  private Cell cell() {
    if (cell == null) {
      Rows stored = replica;
      if (stored == null) {
        throw new IllegalStateException("a cell begins where nothing is owned");
      }
      cell = new Cell(stored);
    }
    return cell;
  }

  private void handle(Cell actor, Work work) {
    List<Write> writes = new ArrayList<>();
    Map<Long, List<ToGateway>> says = new TreeMap<>();
    if (work instanceof Work.Gone gone) {
      if (!actor.rows.connections.containsKey(gone.connection())) {
        return;
      }
      writes.add(new Write(What.REMOVE, gone.connection(), gone.isSaid() ? 1 : 0));
      if (gone.isSaid()) {
        say(says, gone.connection(), new ToGateway.Ended(new ConnectionId(gone.connection())));
      }
    } else if (work instanceof Work.Refresh refresh) {
      Row row = actor.rows.connections.get(refresh.connection());
      if (row == null) {
        return;
      }
      ConnectionId id = new ConnectionId(refresh.connection());
      if (row.tag() != 0) {
        say(says, id.value(), new ToGateway.Retagged(id, List.of("t")));
      }
      if (row.isClosing()) {
        say(says, id.value(), new ToGateway.Close(id, 4000, ""));
      }
    } else if (work instanceof Work.Alarm) {
      if (!actor.rows.hasAlarm) {
        return;
      }
      writes.add(new Write(What.ALARM, 0, 0));
      broadcast(actor, says, 0);
    } else if (work instanceof Work.Client client) {
      client.event().accept(new Handler(actor, writes, says));
      if (writes.isEmpty() && says.isEmpty()) {
        return;
      }
    }
    Ownership ownership = ownerships.of(0);
    if (ownership == null) {
      throw new IllegalStateException("a turn runs where nothing is owned");
    }
    Proposal proposal = new Proposal(ownership.epoch(), List.copyOf(writes));
    Turn turn = new Turn(ownership.epoch(), proposal, work, says);
    actor.rows = actor.rows.with(writes);
    boolean isConfirmed = writes.isEmpty() && world.has(ModelFault.NO_CONFIRM);
    if (isConfirmed) {
      proposal.isDone = true;
    } else {
      world.store.underWay.get(index).add(proposal);
    }
    actor.turns.add(turn);
    if (world.has(ModelFault.SPEAKS_EARLY)) {
      say(turn);
      turn.says.clear();
    }
  }

  private void say(Turn turn) {
    turn.says.forEach(
        (gateway, records) ->
            ownerships.send(gateway, new Release(World.ACTOR, turn.epoch, List.copyOf(records))));
  }

  private static void say(Map<Long, List<ToGateway>> says, long id, ToGateway record) {
    says.computeIfAbsent(run(id), r -> new ArrayList<>()).add(record);
  }

  private static long run(long id) {
    return new ConnectionId(id).run();
  }

  /** Tells all connections the place of a message in the list, and the message. */
  private static void broadcast(Cell actor, Map<Long, List<ToGateway>> says, long message) {
    Payload payload = Payload.text(actor.rows.list.size() + 1 + ":" + message);
    actor.rows.connections.keySet().stream()
        .map(ModelHost::run)
        .distinct()
        .forEach(
            gateway ->
                says.computeIfAbsent(gateway, r -> new ArrayList<>())
                    .add(new ToGateway.Broadcast(List.of(), Set.of(), payload)));
  }

  /** Handles one event of a client. */
  private final class Handler
      implements ToHost.ClientEvent.Visitor<@Nullable Void, RuntimeException> {
    private final Cell actor;
    private final List<Write> writes;
    private final Map<Long, List<ToGateway>> says;

    Handler(Cell actor, List<Write> writes, Map<Long, List<ToGateway>> says) {
      this.actor = actor;
      this.writes = writes;
      this.says = says;
    }

    @Override
    public @Nullable Void open(ToHost.Open open) {
      long id = open.connection().value();
      writes.add(new Write(What.ADD, id, 0));
      say(says, id, new ToGateway.Accepted(open.connection(), List.of(), List.of()));
      return null;
    }

    @Override
    public @Nullable Void message(ToHost.Message message) {
      ConnectionId connection = message.connection();
      long id = connection.value();
      long sequence = message.sequence();
      Row row = actor.rows.connections.get(id);
      if (row == null) {
        say(says, id, new ToGateway.Ended(connection));
        return null;
      }
      if (row.isClosing()) {
        say(says, id, new ToGateway.Handled(connection, sequence));
        return null;
      }
      if (message.isRepeat()
          && sequence <= row.sequence()
          && !world.has(ModelFault.REPEAT_IGNORED)) {
        say(says, id, new ToGateway.Handled(connection, sequence));
        say(says, id, new ToGateway.Close(connection, 1012, ""));
        return null;
      }
      char kind = ((Payload.Text) message.payload()).string().charAt(0);
      if (kind != 'p') {
        if (!world.has(ModelFault.NO_SEQUENCE)) {
          writes.add(new Write(What.SEQUENCE, id, sequence));
        }
        writes.add(new Write(What.APPEND, id, sequence));
        broadcast(actor, says, ModelStore.message(id, sequence));
      }
      for (long other : actor.rows.connections.keySet()) {
        if (other != id && kind == 't') {
          writes.add(new Write(What.TAG, other, 1));
          say(says, other, new ToGateway.Retagged(new ConnectionId(other), List.of("t")));
        } else if (other != id && kind == 'k') {
          writes.add(new Write(What.CLOSE, other, 0));
          say(says, other, new ToGateway.Close(new ConnectionId(other), 4000, ""));
        }
      }
      say(
          says,
          id,
          new ToGateway.Send(connection, Payload.text(sequence + ":" + actor.rows.list.size())));
      say(says, id, new ToGateway.Handled(connection, sequence));
      return null;
    }

    @Override
    public @Nullable Void failed(ToHost.Failed failed) {
      return null;
    }

    @Override
    public @Nullable Void closed(ToHost.Closed closed) {
      long id = closed.connection().value();
      if (actor.rows.connections.containsKey(id)) {
        writes.add(new Write(What.REMOVE, id, 0));
      }
      say(says, id, new ToGateway.Ended(closed.connection()));
      return null;
    }

    @Override
    public @Nullable Void request(ToHost.Request request) {
      long number = request.request();
      for (long settled : actor.rows.requests) {
        if (settled < request.settled() && run(settled) == run(number)) {
          writes.add(new Write(What.FORGET, settled, 0));
        }
      }
      boolean wasAnswered =
          request.isRepeat()
              && actor.rows.requests.contains(number)
              && !world.has(ModelFault.REQUEST_REPEAT_IGNORED);
      if (!wasAnswered) {
        writes.add(new Write(What.REQUEST, number, 0));
        broadcast(actor, says, number);
      }
      say(says, number, new ToGateway.Responded(number, HttpResponse.text(200, "")));
      return null;
    }
  }

  // The methods below carry out the decisions of the ownerships.

  @Override
  public void take(Ownership ownership, ToHost.ForActor record) {
    if (record instanceof ToHost.ClientEvent event) {
      ConnectionId connection = event.connection();
      long gateway =
          connection != null ? connection.run() : run(((ToHost.Request) event).request());
      cell().mailbox.add(new Work.Client(gateway, event));
    }
  }

  @Override
  public void forgetQueued(int group, long gateway, InFlight inFlight) {
    if (cell == null) {
      return;
    }
    cell.mailbox.removeIf(work -> work instanceof Work.Client c && c.gateway() == gateway);
    for (Turn turn : cell.turns) {
      if (turn.work instanceof Work.Client client && client.gateway() == gateway) {
        if (client.event() instanceof ToHost.Message message) {
          inFlight.addMessage(message.connection(), message.sequence());
        } else if (client.event() instanceof ToHost.Request request) {
          inFlight.addRequest(request.request());
        }
      }
    }
  }

  @Override
  public void compare(Ownership ownership, Announcement announcement) {
    passes.add(new Pass.Compare(ownership, announcement));
  }

  @Override
  public void closeAll(Ownership ownership, GivenUp gateways) {
    passes.add(new Pass.CloseAll(ownership, gateways));
  }

  @Override
  public void drop(int group) {
    world.store.abandon(index);
    passes.clear();
    isLeaving = false;
    settled = null;
    if (!world.has(ModelFault.CELLS_GO_ON)) {
      cell = null;
      replica = owns() ? replica : null;
    }
  }

  @Override
  public CompletionStage<Void> settle(int group) {
    isLeaving = true;
    settled = new CompletableFuture<>();
    CompletableFuture<Void> mine = settled;
    if (world.has(ModelFault.LEAVES_EARLY)) {
      mine.complete(null);
    } else {
      settle();
    }
    return mine;
  }

  private void settle() {
    CompletableFuture<Void> waiting = settled;
    if (waiting != null && (cell == null || cell.turns.isEmpty())) {
      waiting.complete(null);
    }
  }

  // The rest of the world, as the host sees it.

  @Override
  public void toGateway(long gateway, FromHost record) {
    if (!(record instanceof FromHost.Attached)) { // which nobody acts upon
      world.link((int) gateway - 1, index).send(record);
    }
  }

  @Override
  public int groups() {
    return 1;
  }

  @Override
  public int groupOf(ActorId actor) {
    return 0;
  }

  @Override
  public @Nullable Owner ownerOf(int group) {
    return view;
  }

  @Override
  public boolean isFixed() {
    return false;
  }

  @Override
  public long nowNs() {
    return clockNs;
  }

  @Override
  public long wallMs() {
    return 0;
  }
}
