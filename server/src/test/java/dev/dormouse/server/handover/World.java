package dev.dormouse.server.handover;

import static dev.dormouse.server.handover.Violation.check;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.RequestHead;
import dev.dormouse.server.handover.ModelGateway.Life;
import dev.dormouse.server.handover.ModelGateway.Socket;
import dev.dormouse.server.handover.ModelGateway.Unanswered;
import dev.dormouse.server.handover.ModelStore.Row;
import dev.dormouse.server.handover.ModelStore.Rows;
import dev.dormouse.server.handover.ModelStore.Write;
import dev.dormouse.server.protocol.Owner;
import dev.dormouse.server.protocol.Payload;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The whole of the model: two gateways, two hosts, the links between them, the store, and the
 * control plane that says who owns the group. A step changes it; nothing else does.
 */
final class World {
  static final ActorId ACTOR = new ActorId("room", "a");
  static final RequestHead HEAD =
      new RequestHead("GET", "/", Map.of(), List.of(), "10.0.0.1", Optional.empty());
  static final List<String> HOSTS = List.of("A", "B");
  private static final Map<Character, Payload> PAYLOADS =
      Map.of(
          'm',
          Payload.text("m"),
          'p',
          Payload.text("p"),
          't',
          Payload.text("t"),
          'k',
          Payload.text("k"));
  private static final long PATIENCE_NS = 1_000_000_000L;
  private static final long PAUSE_NS = 100_000_000L;

  /** A gateway that is refused again and again would make states without end. */
  private static final int FUTILE_ATTEMPTS_MAX = 1;

  private static final long LIMBO_NS = 10_000_000_000L;

  /** The kinds of steps. */
  enum Sort {
    /** A client or the actor does something; nobody needs to. */
    DEED,
    /** Something that happens in the end. */
    PROGRESS,
    /** A fault, or a change of owner, of which there are a few. */
    FAULT
  }

  /** The kinds of steps. */
  enum Kind {
    CONNECT(Sort.DEED, "client %1$d connects"),
    MESSAGE(Sort.DEED, "client %1$d sends a message"),
    CLOSE(Sort.DEED, "client %1$d closes its socket"),
    REQUEST(Sort.DEED, "gateway %1$d gets a plain request"),
    RING(Sort.DEED, "the alarm rings at host %2$s"),
    ASK(Sort.PROGRESS, "gateway %1$d asks for the connection of a client"),
    TO_HOST(Sort.PROGRESS, "host %3$s takes from gateway %1$d: "),
    TO_GATEWAY(Sort.PROGRESS, "gateway %1$d takes from host %3$s: "),
    GATEWAY_HEARS(Sort.PROGRESS, "gateway %1$d hears that the link to host %3$s is broken"),
    HOST_HEARS(Sort.PROGRESS, "host %3$s hears that the link to gateway %1$d is broken"),
    SOCKET_HEARS(Sort.PROGRESS, "a socket of gateway %1$d hears of its owner"),
    GATEWAY_LEARNS(Sort.PROGRESS, "gateway %1$d learns who owns the group"),
    GATEWAY_PAUSES(Sort.PROGRESS, "gateway %1$d looks for the owner again"),
    GATEWAY_PATIENCE_ENDS(Sort.PROGRESS, "gateway %1$d waits no longer for its former owner"),
    GATEWAY_WAITED(Sort.PROGRESS, "10 s pass at gateway %1$d"),
    HOST_LEARNS(Sort.PROGRESS, "host %2$s learns who owns the group"),
    TURN(Sort.PROGRESS, "host %2$s runs a turn"),
    APPLY(Sort.PROGRESS, "the log takes a commit of host %2$s"),
    LOSE(Sort.PROGRESS, "an abandoned commit of host %2$s is lost on its way"),
    REPORT(Sort.PROGRESS, "host %2$s hears what became of its commit"),
    GO_OVER(Sort.PROGRESS, "host %2$s goes over the stored connections"),
    HOST_WAITED(Sort.PROGRESS, "10 s pass at host %2$s"),
    REASSIGN(Sort.PROGRESS, "host %2$s becomes the owner, since there is none"),
    MOVE(Sort.FAULT, "host %2$s becomes the owner, though the owner knows nothing of it"),
    LEAVE(Sort.FAULT, "the owner is told to leave, host %2$s will follow"),
    GIVE_UP_LEAVING(Sort.FAULT, "the owner takes too long to leave"),
    BREAK(Sort.FAULT, "the link of gateway %1$d and host %3$s breaks"),
    CRASH_HOST(Sort.FAULT, "host %2$s dies"),
    CRASH_GATEWAY(Sort.FAULT, "gateway %1$d dies"),
    UNKNOWN(Sort.FAULT, "host %2$s does not learn what became of its commits");

    final Sort sort;
    final String words;

    Kind(Sort sort, String words) {
      this.sort = sort;
      this.words = words;
    }

    @SuppressWarnings("EnumOrdinal") // steps are not stored
    int step(int first, int second) {
      return ordinal() << 16 | first << 8 | second;
    }
  }

  private static final Kind[] KINDS = Kind.values();

  static Sort sort(int step) {
    return KINDS[step >> 16].sort;
  }

  final transient Scenario scenario;
  private final transient @Nullable ModelFault fault;
  private transient @Nullable List<String> trace;
  transient Rows firstRows = new Rows();
  private transient int[] way = {};

  final ModelStore store;
  final ModelGateway[] gateways = new ModelGateway[2];
  final ModelHost[] hosts = new ModelHost[2];
  private final ModelLink[] links = {
    new ModelLink(), new ModelLink(), new ModelLink(), new ModelLink()
  };

  /** The last owner that the control plane has named. */
  private Owner owner = new Owner("A", 1);

  /** True if the last owner has ended its ownership, or never began it. */
  private boolean isOwnerGone;

  /** The owner that follows when the owner has left; null if the owner does not leave. */
  private @Nullable Owner next;

  private long lastEpoch = 1;
  private final boolean[] isConnected = new boolean[2];
  private int requests;
  private int closes;
  private int moves;
  private int leaves;
  private int breaks;
  private int hostCrashes;
  private int gatewayCrashes;
  private int unknowns;
  private int futileAttempts;
  private int told;

  /**
   * Begins with an owner to which the gateways are attached.
   *
   * @param way the steps to that beginning, as {@link #way} returns them; null if they are not
   *     known
   */
  World(Scenario scenario, @Nullable ModelFault fault, int @Nullable [] way) {
    this.scenario = scenario;
    this.fault = fault;
    this.store = new ModelStore(fault != ModelFault.NO_FENCE_IN_APPLY);
    for (int i = 0; i < 2; i++) {
      gateways[i] = new ModelGateway(this, i);
      hosts[i] = new ModelHost(this, i);
    }
    begin(way);
  }

  private void begin(int @Nullable [] known) {
    for (int client = 0; client < clients(); client++) {
      if (client > 0 || !scenario.arrives()) {
        ModelGateway gateway = gateways[gatewayOf(client)];
        gateway.connect(client, Life.OPEN);
        isConnected[client] = true;
        Socket socket = gateway.sockets.get(gateway.sockets.size() - 1);
        store.rows = store.rows.with(List.of(new Write(ModelStore.What.ADD, socket.id, 0)));
      }
    }
    store.rows.hasAlarm = scenario.hasAlarm();
    firstRows = store.rows;
    store.epoch = 1;
    hosts[0].learn(owner);
    hosts[1].learn(owner);
    if (clients() < 2 || scenario.areBothOnOne()) {
      gateways[1].die();
    }
    for (ModelGateway gateway : gateways) {
      if (!gateway.isDead) {
        gateway.learn(owner);
      }
    }
    way = known == null ? settle() : known;
    if (known != null) {
      for (int step : known) {
        take(step);
      }
    }
    if (scenario.isCut()) {
      link(1, 0).fail();
      take(Kind.GATEWAY_HEARS.step(1, 0));
      take(Kind.HOST_HEARS.step(1, 0));
    }
  }

  /** Lets everything come to rest, and returns the steps to there. */
  private int[] settle() {
    List<Integer> taken = new ArrayList<>();
    while (unrest() != null) {
      int step =
          steps().stream()
              .filter(s -> sort(s) == Sort.PROGRESS)
              .filter(s -> KINDS[s >> 16] != Kind.GATEWAY_WAITED)
              .filter(s -> KINDS[s >> 16] != Kind.GATEWAY_PATIENCE_ENDS)
              .filter(s -> KINDS[s >> 16] != Kind.HOST_WAITED)
              .findFirst()
              .orElseThrow(() -> new IllegalStateException("no rest at the beginning"));
      take(step);
      taken.add(step);
      if (taken.size() > 100) {
        throw new IllegalStateException("no rest at the beginning: " + unrest());
      }
    }
    return taken.stream().mapToInt(Integer::intValue).toArray();
  }

  /** Returns the steps that led to the beginning. */
  int[] way() {
    return way;
  }

  boolean has(ModelFault candidate) {
    return fault == candidate;
  }

  ModelLink link(int gateway, int host) {
    return links[gateway * 2 + host];
  }

  static int host(String node) {
    return HOSTS.indexOf(node);
  }

  static Payload payload(char kind) {
    Payload payload = PAYLOADS.get(kind);
    if (payload == null) {
      throw new IllegalArgumentException("the actor knows no message " + kind);
    }
    return payload;
  }

  private int clients() {
    return scenario.second() == null ? 1 : 2;
  }

  private int gatewayOf(int client) {
    return scenario.areBothOnOne() ? 0 : client;
  }

  private String script(int client) {
    String second = scenario.second();
    return client == 0 || second == null ? scenario.first() : second;
  }

  private @Nullable Socket socket(int client) {
    for (Socket socket : gateways[gatewayOf(client)].sockets) {
      if (socket.client == client) {
        return socket;
      }
    }
    return null;
  }

  /** Writes down what happens from here on. */
  void trace(List<String> lines) {
    trace = lines;
  }

  void tell(String line) {
    if (trace != null) {
      trace.add(line);
    }
  }

  // Steps.

  /** Returns all steps that are possible. */
  List<Integer> steps() {
    List<Integer> steps = new ArrayList<>();
    deeds(steps);
    for (int g = 0; g < 2; g++) {
      if (!gateways[g].isDead) {
        gatewaySteps(steps, g);
      }
      for (int h = 0; h < 2; h++) {
        linkSteps(steps, g, h);
      }
    }
    for (int h = 0; h < 2; h++) {
      hostSteps(steps, h);
    }
    faults(steps);
    return steps;
  }

  private void deeds(List<Integer> steps) {
    for (int client = 0; client < clients(); client++) {
      ModelGateway gateway = gateways[gatewayOf(client)];
      if (gateway.isDead) {
        continue;
      }
      Socket socket = socket(client);
      if (!isConnected[client]) {
        steps.add(Kind.CONNECT.step(client, 0));
      } else if (socket != null && socket.life == Life.OPEN) {
        if (socket.sent < script(client).length()) {
          steps.add(Kind.MESSAGE.step(client, 0));
        }
        if (closes < scenario.closes()) {
          steps.add(Kind.CLOSE.step(client, 0));
        }
      }
    }
    if (requests < scenario.requests() && !gateways[0].isDead) {
      steps.add(Kind.REQUEST.step(0, 0));
    }
    for (int h = 0; h < 2; h++) {
      if (scenario.hasAlarm() && hosts[h].owns() && hosts[h].canRing()) {
        steps.add(Kind.RING.step(0, h));
      }
    }
  }

  private void gatewaySteps(List<Integer> steps, int g) {
    ModelGateway gateway = gateways[g];
    for (int i = 0; i < gateway.sockets.size(); i++) {
      Socket socket = gateway.sockets.get(i);
      if (socket.life == Life.NUMBERED && !gateway.isSeeking()) {
        steps.add(Kind.ASK.step(g, i));
      }
      if (socket.news != null) {
        steps.add(Kind.SOCKET_HEARS.step(g, i));
      }
    }
    if (!owner.equals(gateway.view)) {
      steps.add(Kind.GATEWAY_LEARNS.step(g, 0));
    }
    if (gateway.isSeeking()) {
      if (futileAttempts < FUTILE_ATTEMPTS_MAX || !isFutile(gateway)) {
        steps.add(Kind.GATEWAY_PAUSES.step(g, 0));
      }
      if (scenario.hasTime()) {
        steps.add(Kind.GATEWAY_WAITED.step(g, 0));
      }
    } else if (scenario.hasTime() && !Objects.equals(gateway.view, gateway.links.owner(0))) {
      steps.add(Kind.GATEWAY_PATIENCE_ENDS.step(g, 0));
    }
  }

  /** Returns whether the gateway would be refused if it looked for the owner now. */
  private boolean isFutile(ModelGateway gateway) {
    Owner found = gateway.view;
    return found == null
        || !hosts[host(found.node())].owns()
        || !found.equals(hosts[host(found.node())].view);
  }

  private void linkSteps(List<Integer> steps, int g, int h) {
    ModelLink link = link(g, h);
    if (link.hostMustHear) {
      steps.add(Kind.HOST_HEARS.step(g, h));
    } else if (!link.toHost.isEmpty()) {
      steps.add(Kind.TO_HOST.step(g, h));
    }
    if (link.gatewayMustHear) {
      steps.add(Kind.GATEWAY_HEARS.step(g, h));
    } else if (!link.toGateway.isEmpty()) {
      steps.add(Kind.TO_GATEWAY.step(g, h));
    }
  }

  private void hostSteps(List<Integer> steps, int h) {
    ModelHost host = hosts[h];
    if (!owner.equals(host.view) && !(isOwnerGone && owner.node().equals(HOSTS.get(h)))) {
      steps.add(Kind.HOST_LEARNS.step(0, h));
    }
    if (host.canTurn()) {
      steps.add(Kind.TURN.step(0, h));
    }
    if (!store.underWay.get(h).isEmpty()) {
      steps.add(Kind.APPLY.step(0, h));
      if (store.underWay.get(h).getFirst().isOrphan) {
        steps.add(Kind.LOSE.step(0, h));
      }
    }
    if (host.canReport()) {
      steps.add(Kind.REPORT.step(0, h));
    }
    if (host.hasPass()) {
      steps.add(Kind.GO_OVER.step(0, h));
    }
    if (host.owns() && scenario.hasTime()) {
      steps.add(Kind.HOST_WAITED.step(0, h));
    }
    if (isOwnerGone) {
      steps.add(Kind.REASSIGN.step(0, h));
    }
  }

  private void faults(List<Integer> steps) {
    for (int h = 0; h < 2; h++) {
      boolean isOwner = owner.node().equals(HOSTS.get(h));
      if (moves < scenario.moves() && !isOwner && next == null) {
        steps.add(Kind.MOVE.step(0, h));
      }
      if (leaves < scenario.leaves() && !isOwner && next == null && hosts[1 - h].owns()) {
        steps.add(Kind.LEAVE.step(0, h));
      }
      if (hostCrashes < scenario.hostCrashes()) {
        steps.add(Kind.CRASH_HOST.step(0, h));
      }
      if (unknowns < scenario.unknowns() && hosts[h].waits()) {
        steps.add(Kind.UNKNOWN.step(0, h));
      }
    }
    if (next != null && !scenario.isLossless()) {
      steps.add(Kind.GIVE_UP_LEAVING.step(0, 0));
    }
    for (int g = 0; g < 2; g++) {
      if (gateways[g].isDead) {
        continue;
      }
      for (int h = 0; h < 2 && breaks < scenario.breaks(); h++) {
        steps.add(Kind.BREAK.step(g, h));
      }
      if (gatewayCrashes < scenario.gatewayCrashes()) {
        steps.add(Kind.CRASH_GATEWAY.step(g, 0));
      }
    }
  }

  /** Takes a step. */
  void take(int step) {
    Kind kind = KINDS[step >> 16];
    int first = step >> 8 & 255;
    int second = step & 255;
    if (trace != null) {
      String line = kind.words.formatted(first + 1, HOSTS.get(second & 1), HOSTS.get(second & 1));
      if (kind == Kind.TO_HOST) {
        line += link(first, second).toHost.getFirst();
      } else if (kind == Kind.TO_GATEWAY) {
        line += link(first, second).toGateway.getFirst();
      }
      tell(line);
    }
    boolean wasOwned = hosts[0].owns() || hosts[1].owns();
    carryOut(kind, first, second);
    hosts[0].hurry();
    hosts[1].hurry();
    ModelHost named = hosts[host(owner.node())];
    if (wasOwned && owner.equals(named.view) && !named.owns()) {
      ownerIsGone();
    }
  }

  private void carryOut(Kind kind, int first, int second) {
    ModelLink link = link(first & 1, second & 1);
    ModelGateway gateway = gateways[first & 1];
    ModelHost host = hosts[second & 1];
    switch (kind) {
      case CONNECT -> {
        isConnected[first] = true;
        gateways[gatewayOf(first)].connect(first, Life.NUMBERED);
      }
      case MESSAGE -> {
        Socket socket = known(first);
        gateways[gatewayOf(first)].message(socket, script(first).charAt(socket.sent));
      }
      case CLOSE -> {
        closes++;
        gateways[gatewayOf(first)].close(known(first));
      }
      case REQUEST -> {
        requests++;
        gateway.request();
      }
      case RING -> host.ring();
      case ASK -> gateway.ask(gateway.sockets.get(second));
      case TO_HOST -> {
        ModelLink.Sent sent = link.toHost.removeFirst();
        host.ownerships.accept(gateway.run(), sent.epoch(), sent.record());
      }
      case TO_GATEWAY -> gateway.links.accept(link.toGateway.removeFirst());
      case GATEWAY_HEARS -> {
        link.gatewayMustHear = false;
        gateway.links.broken(HOSTS.get(second));
      }
      case HOST_HEARS -> {
        link.hostMustHear = false;
        host.ownerships.broken(gateway.run());
      }
      case SOCKET_HEARS -> gateway.hear(gateway.sockets.get(second));
      case GATEWAY_LEARNS -> gateway.learn(owner);
      case GATEWAY_PAUSES -> {
        futileAttempts += isFutile(gateway) ? 1 : 0;
        gateway.pass(PAUSE_NS);
      }
      case GATEWAY_PATIENCE_ENDS -> gateway.pass(PATIENCE_NS);
      case GATEWAY_WAITED -> gateway.pass(LIMBO_NS);
      case HOST_LEARNS -> host.learn(owner);
      case TURN -> host.turn();
      case APPLY -> store.apply(second);
      case LOSE -> store.lose(second);
      case REPORT -> host.report();
      case GO_OVER -> host.goOver();
      case HOST_WAITED -> host.pass(LIMBO_NS);
      case REASSIGN -> own(new Owner(HOSTS.get(second), ++lastEpoch));
      case MOVE -> {
        moves++;
        own(new Owner(HOSTS.get(second), ++lastEpoch));
      }
      case LEAVE -> {
        leaves++;
        next = new Owner(HOSTS.get(second), ++lastEpoch);
        hosts[1 - second].leave(next);
      }
      case GIVE_UP_LEAVING -> hosts[host(owner.node())].ownerships.lose(0, "it takes too long");
      case BREAK -> {
        breaks++;
        link.fail();
      }
      case CRASH_HOST -> {
        hostCrashes++;
        host.die();
        for (int g = 0; g < 2; g++) {
          link(g, second).fail();
          link(g, second).hostMustHear = false;
          link(g, second).gatewayMustHear = !gateways[g].isDead;
        }
        if (owner.node().equals(HOSTS.get(second))) {
          ownerIsGone();
        }
      }
      case CRASH_GATEWAY -> {
        gatewayCrashes++;
        gateway.die();
        for (int h = 0; h < 2; h++) {
          link(first, h).fail();
          link(first, h).gatewayMustHear = false;
        }
      }
      case UNKNOWN -> {
        unknowns++;
        host.unknown();
      }
    }
  }

  private Socket known(int client) {
    Socket socket = socket(client);
    if (socket == null) {
      throw new IllegalStateException("client " + client + " has no socket");
    }
    return socket;
  }

  private void own(Owner named) {
    owner = named;
    next = null;
    isOwnerGone = false;
    store.own(named.epoch());
  }

  /** The owner has left, or was lost: the next one follows if it is known. */
  private void ownerIsGone() {
    Owner follower = next;
    if (follower != null) {
      own(follower);
    } else {
      isOwnerGone = true;
    }
  }

  // The methods below check the promises.

  /** The servers close a socket that the client did not close. */
  void closedByServer(long connection) {
    tell("    the servers close connection " + ModelStore.id(connection));
    check(!scenario.isLossless(), "the servers closed a socket though nothing failed");
  }

  /** Returns how much of the list clients have been told of, so that no later read may miss it. */
  int told() {
    return told;
  }

  void checkAnswered(Socket socket, long sequence) {
    char kind = script(socket.client).charAt((int) sequence - 1);
    int place = store.rows.list.indexOf(ModelStore.message(socket.id, sequence)) + 1;
    check(kind == 'p' || place > 0, "a client got an answer to a message that is not stored");
    if (isReadAnywhere()) {
      told = Math.max(told, place);
    }
  }

  /** Only then need the model know what clients have been told. */
  private boolean isReadAnywhere() {
    return (scenario.first() + scenario.second()).contains("p");
  }

  void checkHandled(Socket socket, Unanswered message) {
    Row row = store.rows.connections.get(socket.id);
    check(
        message.kind == 'p'
            || row == null
            || row.isClosing()
            || store.rows.list.contains(ModelStore.message(socket.id, message.sequence)),
        "a message counts as handled, and had no effect");
    check(
        !scenario.isLossless() || socket.life != Life.OPEN || socket.answered >= message.sequence,
        "a client got no answer though nothing failed");
  }

  void checkBroadcast(int number, long message) {
    check(
        store.rows.list.size() >= number && store.rows.list.get(number - 1) == message,
        "a client got a broadcast of what is not stored: " + ModelStore.name(message));
  }

  void checkResponded(long request) {
    check(store.rows.list.contains(request), "a request was answered that is not stored");
  }

  /** Says what is not at rest or not right; null if all is well. */
  @Nullable String unrest() {
    if (isOwnerGone || next != null) {
      return "the group has no owner";
    }
    ModelHost serving = hosts[host(owner.node())];
    if (!serving.owns() || !owner.equals(serving.view)) {
      return "the owner does not serve";
    }
    for (int i = 0; i < 2; i++) {
      if (!hosts[i].isIdle() || !store.underWay.get(i).isEmpty()) {
        return "host " + HOSTS.get(i) + " has work to do";
      }
    }
    for (ModelLink link : links) {
      if (!link.isIdle()) {
        return "records are under way";
      }
    }
    for (int g = 0; g < 2; g++) {
      ModelGateway gateway = gateways[g];
      if (!gateway.isDead && !owner.equals(gateway.links.owner(0))) {
        return "gateway " + (g + 1) + " is not attached to the owner";
      }
      for (Socket socket : gateway.sockets) {
        String wrong = wrong(socket);
        if (wrong != null) {
          return "connection " + ModelStore.id(socket.id) + " " + wrong;
        }
      }
      if (!gateway.requests.isEmpty()) {
        return "a request is not answered";
      }
    }
    for (Map.Entry<Long, Row> row : store.rows.connections.entrySet()) {
      ConnectionId id = new ConnectionId(row.getKey());
      if (gateways[(int) id.run() - 1].sockets.stream().noneMatch(s -> s.id == id.value())) {
        return "connection " + id + " is stored and has no socket";
      }
    }
    return null;
  }

  @SuppressWarnings("ReferenceEquality") // each attachment has an object of its own
  private @Nullable String wrong(Socket socket) {
    Row row = store.rows.connections.get(socket.id);
    if (socket.life != Life.OPEN) {
      return "is " + socket.life;
    }
    if (row == null) {
      return "has a socket and is not stored";
    }
    if (!socket.unanswered.isEmpty()) {
      return "waits for an answer";
    }
    if (socket.news != null
        || socket.told != gateways[(int) (socket.id >> 40) - 1].links.owner(0)) {
      return "does not know its owner";
    }
    if (row.isClosing()) {
      return "is open though the actor closed it";
    }
    if (row.tag() != socket.tag) {
      return "has other tags at its gateway than in the store";
    }
    if (scenario.isLossless()
        && !scenario.arrives()
        && socket.broadcasts != store.rows.list.size()) {
      return "did not get all broadcasts";
    }
    return null;
  }
}
