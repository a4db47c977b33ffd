package dev.dormouse.server.handover;

import static dev.dormouse.server.handover.Violation.check;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.gateway.owner.OwnerLinks;
import dev.dormouse.server.protocol.FromHost;
import dev.dormouse.server.protocol.Owner;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.protocol.Placement;
import dev.dormouse.server.protocol.Release;
import dev.dormouse.server.protocol.Time;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.server.protocol.Transport;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * A gateway: the production {@link OwnerLinks}, and a small model of its sockets, upgrades and
 * plain requests. It checks what its clients see.
 */
final class ModelGateway
    implements OwnerLinks.Holder,
        Placement,
        Time,
        Transport,
        ToGateway.Receiver<Release>,
        Canon.Clocked {

  /** The life of a connection at the gateway. */
  enum Life {
    /** The connection has its number, and has not been asked for. */
    NUMBERED,
    /** The connection was asked for. */
    ASKED,
    /** The connection was accepted, and its socket is open. */
    OPEN,
    /** The socket is closed, and some of its messages are unanswered. */
    CLOSING,
    /** The end is reported, and kept. */
    CLOSED
  }

  /** A message that is unanswered. */
  static final class Unanswered {
    final long sequence;
    final char kind;

    /** How much of the list clients had been told of when the message was sent. */
    final int told;

    boolean wasSent;

    Unanswered(long sequence, char kind, int told) {
      this.sequence = sequence;
      this.kind = kind;
      this.told = told;
    }
  }

  /** A connection that is asked for, open, or closing. */
  static final class Socket {
    final int client;
    long id;
    Life life;
    @Nullable Owner told;

    /** The owner that the socket will hear of; null if none. */
    @Nullable Owner news;

    final List<Unanswered> unanswered = new ArrayList<>();
    long tag;

    // The fields below hold the answers that the client has seen.

    int sent;
    long answered;
    int broadcasts;

    Socket(int client, long id, Life life) {
      this.client = client;
      this.id = id;
      this.life = life;
    }
  }

  /** A plain request that is unanswered. */
  record Pending(long number) {}

  private final transient World world;
  private final transient int index;
  private final transient long run;
  private transient long clockNs;
  boolean isDead;
  final OwnerLinks links;
  @Nullable Owner view;
  long nextNumber = 1;
  final List<Socket> sockets = new ArrayList<>();
  final List<Pending> requests = new ArrayList<>();
  private long highestTaken;

  /** The first number that no announcement has covered. */
  private long announcedFirstNew;

  ModelGateway(World world, int index) {
    this.world = world;
    this.index = index;
    this.run = index + 1L;
    this.links = new OwnerLinks(this, this, this);
    links.begin(this);
  }

  long run() {
    return run;
  }

  // Steps.

  void connect(int client, Life life) {
    sockets.add(new Socket(client, ConnectionId.of(run, nextNumber++).value(), life));
  }

  void ask(Socket socket) {
    boolean isNew = new ConnectionId(socket.id).number() >= announcedFirstNew;
    ask(socket, isNew ? socket.id : nextId(), links.owner(0));
  }

  private void ask(Socket socket, long id, @Nullable Owner owner) {
    socket.life = Life.ASKED;
    socket.id = id;
    links.send(0, owner, new ToHost.Open(World.ACTOR, new ConnectionId(id), World.HEAD, null));
  }

  private long nextId() {
    return ConnectionId.of(run, nextNumber++).value();
  }

  void message(Socket socket, char kind) {
    Unanswered message = new Unanswered(++socket.sent, kind, world.told());
    socket.unanswered.add(message);
    send(socket, message);
  }

  private void send(Socket socket, Unanswered message) {
    boolean isSent =
        links.send(
            0,
            socket.told,
            new ToHost.Message(
                World.ACTOR,
                new ConnectionId(socket.id),
                message.sequence,
                World.payload(message.kind),
                message.wasSent));
    message.wasSent |= isSent;
  }

  /** Closes a socket; its end is reported once its messages are handled. */
  void close(Socket socket) {
    if (socket.life == Life.OPEN) {
      socket.life = Life.CLOSING;
      world.store.hasEnd.add(socket.id);
      report(socket);
    }
  }

  /** Closes a socket; its messages are forgotten. */
  private void giveUp(Socket socket) {
    socket.unanswered.clear();
    if (socket.life == Life.CLOSING) {
      report(socket);
    } else {
      close(socket);
    }
  }

  private void report(Socket socket) {
    if (socket.unanswered.isEmpty()) {
      socket.life = Life.CLOSED;
      socket.told = null;
      socket.news = null;
      links.send(closed(socket));
      if (world.has(ModelFault.CLOSES_NOT_KEPT)) {
        sockets.remove(socket);
      }
    }
  }

  private static ToHost.Closed closed(Socket socket) {
    return new ToHost.Closed(
        World.ACTOR,
        new ConnectionId(socket.id),
        CloseReason.abnormal(CloseReason.Cause.CONNECTION_LOST));
  }

  void request() {
    Pending request = new Pending(ConnectionId.of(run, 100 + nextNumber++).value());
    requests.add(request);
    send(request, false);
  }

  private void send(Pending request, boolean isRepeat) {
    long settled = requests.get(0).number();
    links.send(
        new ToHost.Request(
            World.ACTOR, request.number(), World.HEAD, new byte[0], settled, isRepeat));
  }

  void hear(Socket socket) {
    Owner owner = socket.news;
    socket.news = null;
    if (owner == null) {
      return;
    }
    socket.told = owner;
    if (world.has(ModelFault.NOT_REPEATED)) {
      socket.unanswered.removeIf(message -> message.wasSent);
    }
    socket.unanswered.forEach(message -> send(socket, message));
  }

  void pass(long ns) {
    clockNs += ns;
    links.tick();
  }

  void learn(@Nullable Owner owner) {
    view = owner;
    links.tick();
  }

  void die() {
    isDead = true;
    sockets.forEach(socket -> world.store.hasEnd.remove(socket.id));
    sockets.clear();
    requests.clear();
    view = null;
  }

  boolean isSeeking() {
    return links.owner(0) == null;
  }

  // The holder of what is unanswered.

  @Override
  public long[] announced(int group) {
    return sockets.stream()
        .filter(
            s ->
                s.life == Life.OPEN
                    || s.life == Life.CLOSING
                    || (s.life == Life.CLOSED && !world.has(ModelFault.CLOSES_NOT_ANNOUNCED)))
        .mapToLong(s -> s.id)
        .toArray();
  }

  @Override
  public long[] states(int group, long[] connections) {
    return LongStream.of(connections).map(this::state).toArray();
  }

  private long state(long connection) {
    Socket socket = find(connection);
    return socket == null || socket.life != Life.OPEN
        ? ToHost.Announce.NO_STATE
        : ToHost.Announce.stateOf(ModelHost.tags(socket.tag), 0);
  }

  @Override
  public long firstNew() {
    return nextNumber;
  }

  @Override
  public void attached(int group, Owner owner) {
    announcedFirstNew = nextNumber;
    for (Socket socket : List.copyOf(sockets)) {
      switch (socket.life) {
        case NUMBERED -> {}
        case ASKED ->
            ask(socket, world.has(ModelFault.UPGRADE_KEEPS_ID) ? socket.id : nextId(), owner);
        case OPEN, CLOSING -> {
          socket.news = owner;
          if (!world.scenario.isLate()) {
            hear(socket);
          }
        }
        case CLOSED -> links.send(0, owner, closed(socket));
      }
    }
    requests.forEach(request -> send(request, true));
  }

  @Override
  public void limboOver(int group) {
    world.tell("    the gateway closes its sockets, because it found no owner in time");
    for (Socket socket : List.copyOf(sockets)) {
      if (socket.life == Life.OPEN || socket.life == Life.CLOSING) {
        giveUp(socket);
      }
    }
  }

  @Override
  public void release(Release release) {
    check(
        release.epoch() >= highestTaken,
        "a gateway took a release of epoch " + release.epoch() + " after one of " + highestTaken);
    highestTaken = release.epoch();
    release.records().forEach(record -> record.dispatch(this, release));
  }

  @Override
  public void unknown(int group, long[] connections) {
    for (long id : connections) {
      Socket socket = find(id);
      if (socket != null) {
        world.closedByServer(id);
        if (socket.life == Life.CLOSED) {
          sockets.remove(socket);
        } else {
          giveUp(socket);
        }
        world.store.hasEnd.remove(id); // the host has, or will have, closed it for its own reason
      }
    }
  }

  private @Nullable Socket find(long id) {
    for (Socket socket : sockets) {
      if (socket.id == id) {
        return socket;
      }
    }
    return null;
  }

  // The methods below take the records of hosts.

  @Override
  public void accepted(ToGateway.Accepted accepted, Release release) {
    Socket socket = find(accepted.connection().value());
    if (socket == null) {
      links.send(
          new ToHost.Closed(
              World.ACTOR,
              accepted.connection(),
              CloseReason.abnormal(CloseReason.Cause.CONNECTION_LOST)));
    } else if (socket.life == Life.ASKED) {
      socket.life = Life.OPEN;
      socket.told = links.owner(0);
    }
  }

  @Override
  public void rejected(ToGateway.Rejected rejected, Release release) {
    throw new IllegalStateException("the actor of the model rejects nobody");
  }

  @Override
  public void send(ToGateway.Send send, Release release) {
    Socket socket = find(send.connection().value());
    if (socket != null && socket.life == Life.OPEN) {
      String[] parts = ((Payload.Text) send.payload()).string().split(":");
      long answer = Long.parseLong(parts[0]);
      int length = Integer.parseInt(parts[1]);
      for (Unanswered message : socket.unanswered) {
        check(
            message.sequence != answer || length >= message.told,
            "a client read a list of " + length + " after a client was told of " + message.told);
      }
      check(answer > socket.answered, "a client got the answer " + answer + " too late or twice");
      socket.answered = answer;
      world.checkAnswered(socket, answer);
    }
  }

  @Override
  public void broadcast(ToGateway.Broadcast broadcast, Release release) {
    String[] parts = ((Payload.Text) broadcast.payload()).string().split(":");
    int number = Integer.parseInt(parts[0]);
    long message = Long.parseLong(parts[1]);
    for (Socket socket : sockets) {
      if (socket.life == Life.OPEN) {
        check(
            number > socket.broadcasts,
            "a client got broadcast " + number + " after " + socket.broadcasts);
        check(
            !world.scenario.isLossless()
                || world.scenario.arrives()
                || number == socket.broadcasts + 1,
            "a client did not get the broadcasts before " + number);
        socket.broadcasts = number;
        world.checkBroadcast(number, message);
      }
    }
  }

  @Override
  public void retagged(ToGateway.Retagged retagged, Release release) {
    Socket socket = find(retagged.connection().value());
    if (socket != null) {
      socket.tag = retagged.tags().size();
    }
  }

  @Override
  public void close(ToGateway.Close close, Release release) {
    Socket socket = find(close.connection().value());
    if (socket != null) {
      if (close.code() == 1012) {
        world.closedByServer(socket.id);
      }
      if (socket.life != Life.CLOSED) {
        giveUp(socket);
      }
    }
  }

  @Override
  public void autoReplies(ToGateway.AutoReplies replies, Release release) {}

  @Override
  public void askSeen(ToGateway.AskSeen question, Release release) {}

  @Override
  public void responded(ToGateway.Responded responded, Release release) {
    if (requests.removeIf(request -> request.number() == responded.request())) {
      world.checkResponded(responded.request());
    }
  }

  @Override
  public void handled(ToGateway.Handled handled, Release release) {
    Socket socket = find(handled.connection().value());
    if (socket != null) {
      for (Unanswered message : socket.unanswered) {
        if (message.sequence <= handled.sequence()) {
          world.checkHandled(socket, message);
        }
      }
      socket.unanswered.removeIf(message -> message.sequence <= handled.sequence());
      if (socket.life == Life.CLOSING) {
        report(socket);
      }
    }
  }

  @Override
  public void withheld(ToGateway.Withheld withheld, Release release) {}

  @Override
  public void resumed(ToGateway.Resumed resumed, Release release) {}

  @Override
  public void ended(ToGateway.Ended ended, Release release) {
    long id = ended.connection().value();
    sockets.removeIf(socket -> socket.id == id && socket.life == Life.CLOSED);
  }

  // The rest of the world, as the gateway sees it.

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
  public void toHost(Owner owner, ToHost record) {
    world.link(index, World.host(owner.node())).send(owner.epoch(), record);
  }

  @Override
  public void toGateway(long gateway, FromHost record) {
    throw new IllegalStateException("a gateway sends nothing to gateways");
  }

  @Override
  public void connect(HostEnd host, GatewayEnd gateway) {}

  @Override
  public long nowNs() {
    return clockNs;
  }

  @Override
  public long wallMs() {
    return 0;
  }
}
