package dev.dormouse.server.gateway;

import dev.dormouse.log.Log;
import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.CloseReason.Cause;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.gateway.owner.OwnerLinks;
import dev.dormouse.server.gateway.socket.ClientSocket;
import dev.dormouse.server.gateway.socket.LoopQueues;
import dev.dormouse.server.gateway.socket.SocketParts;
import dev.dormouse.server.gateway.wire.CloseCodes;
import dev.dormouse.server.gateway.wire.OutboundFrames;
import dev.dormouse.server.protocol.HeapCost;
import dev.dormouse.server.protocol.Owner;
import dev.dormouse.server.protocol.Release;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Carries out the releases of hosts, and what follows when hosts come and go. The thread that
 * brings a release determines its recipients, so that a client that connects later does not get it.
 * The event loop of each recipient then sends or closes.
 *
 * <p>Any thread may bring a release, but the releases of one actor must come one after the other.
 */
final class Releases implements ToGateway.Receiver<Releases.Underway>, OwnerLinks.Holder {
  private static final Logger log = Log.of(Releases.class);

  /** The sockets of a group that are visited in one piece. */
  private static final int PIECE = 1_000;

  /** A release that is being carried out, with the steps that were gathered so far. */
  static final class Underway extends LoopQueues.Steps {
    private final ActorId actor;
    private final int group;

    private Underway(LoopQueues loops, ActorId actor, int group) {
      super(loops);
      this.actor = actor;
      this.group = group;
    }
  }

  /** The upgrades and plain requests of a gateway that wait for a host. */
  interface Waiting {
    /** Makes an upgrade that the host has accepted a socket. */
    void accepted(ActorId actor, ToGateway.Accepted accepted, LoopQueues.Steps steps);

    /** Sends the host's rejection of an upgrade. */
    void rejected(ToGateway.Rejected rejected);

    /** Sends the host's answer to a plain request. */
    void responded(ToGateway.Responded responded);

    /** Returns the number of the next connection that the gateway will ask for. */
    long firstNew();

    /** Asks an owner again about everything of a group that is not answered. */
    void attached(int group, Owner owner);
  }

  private final SocketParts parts;
  private final LoopQueues loops;
  private final Waiting waiting;

  Releases(SocketParts parts, LoopQueues loops, Waiting waiting) {
    this.parts = parts;
    this.loops = loops;
    this.waiting = waiting;
  }

  /** Carries out a release, and returns before the event loops have applied its steps. */
  @Override
  public void release(Release release) {
    Underway steps = new Underway(loops, release.actor(), parts.links().groupOf(release.actor()));
    try {
      for (ToGateway record : release.records()) {
        record.dispatch(this, steps);
      }
    } finally {
      steps.dispatch();
    }
  }

  @Override
  public long[] announced(int group) {
    // A close is kept before its socket is forgotten, so no id is missed in this order.
    LongStream sockets =
        parts.groups().all(group).stream()
            .filter(socket -> !socket.isEnded())
            .mapToLong(socket -> socket.id().value());
    return LongStream.concat(LongStream.of(sockets.toArray()), parts.closes().connections(group))
        .sorted()
        .distinct()
        .toArray();
  }

  @Override
  public long[] states(int group, long[] connections) {
    return LongStream.of(connections)
        .map(connection -> parts.groups().state(group, new ConnectionId(connection)))
        .toArray();
  }

  @Override
  public long firstNew() {
    return waiting.firstNew();
  }

  @Override
  public void attached(int group, Owner owner) {
    visit(parts.groups().all(group), socket -> socket.attached(owner));
    parts.closes().attached(group, owner);
    waiting.attached(group, owner);
  }

  @Override
  public void limboOver(int group) {
    visit(parts.groups().all(group), ClientSocket::hostNotFound);
  }

  @Override
  public void unknown(int group, long[] connections) {
    List<ClientSocket> sockets = new ArrayList<>();
    for (long connection : connections) {
      ClientSocket socket = ended(group, new ConnectionId(connection));
      if (socket != null) {
        sockets.add(socket);
      }
    }
    visit(sockets, ClientSocket::unknown);
  }

  /**
   * Forgets the close of a connection of which the host keeps nothing.
   *
   * @return the connection's socket; null if there is none any more
   */
  private @Nullable ClientSocket ended(int group, ConnectionId id) {
    ClientSocket socket = parts.links().isFixed() ? null : parts.groups().get(group, id);
    parts.closes().ended(group, id);
    if (socket != null) {
      socket.ended();
    }
    return socket;
  }

  /** Applies a step to sockets, in pieces, so that their event loops do other work in between. */
  private void visit(List<ClientSocket> sockets, ClientSocket.Step step) {
    for (int from = 0; from < sockets.size(); from += PIECE) {
      LoopQueues.Steps steps = new LoopQueues.Steps(loops);
      sockets
          .subList(from, Math.min(sockets.size(), from + PIECE))
          .forEach(socket -> steps.add(socket, step));
      steps.dispatch();
    }
  }

  @Override
  public void accepted(ToGateway.Accepted accepted, Underway steps) {
    waiting.accepted(steps.actor, accepted, steps);
  }

  @Override
  public void rejected(ToGateway.Rejected rejected, Underway steps) {
    waiting.rejected(rejected);
  }

  @Override
  public void responded(ToGateway.Responded responded, Underway steps) {
    waiting.responded(responded);
  }

  @Override
  public void send(ToGateway.Send send, Underway steps) {
    ClientSocket socket = parts.groups().get(steps.group, send.connection());
    if (socket == null) {
      parts.lost(steps.actor, send.connection(), send.report());
    } else {
      steps.keep(HeapCost.ofBytes(send.payload().size()));
      steps.add(socket, to -> to.send(send.payload(), null, send.key(), send.report()));
    }
  }

  @Override
  public void broadcast(ToGateway.Broadcast broadcast, Underway steps) {
    List<ClientSocket> recipients = new ArrayList<>();
    parts
        .groups()
        .forEach(
            steps.actor,
            socket -> {
              if (socket.hasTags(broadcast.tags()) && !broadcast.except().contains(socket.id())) {
                recipients.add(socket);
              }
            });
    if (recipients.isEmpty()) {
      return;
    }
    ByteBuf frame = OutboundFrames.message(ByteBufAllocator.DEFAULT, broadcast.payload());
    steps.share(frame);
    steps.keep(HeapCost.ofBytes(broadcast.payload().size()));
    ClientSocket.Step step = socket -> socket.send(broadcast.payload(), frame, broadcast.key(), 0);
    recipients.forEach(socket -> steps.add(socket, step));
  }

  @Override
  public void handled(ToGateway.Handled handled, Underway steps) {
    apply(handled.connection(), steps, socket -> socket.handled(handled.sequence()));
  }

  @Override
  public void withheld(ToGateway.Withheld withheld, Underway steps) {
    apply(withheld.connection(), steps, socket -> socket.withheld(withheld.sequence()));
  }

  @Override
  public void resumed(ToGateway.Resumed resumed, Underway steps) {
    apply(resumed.connection(), steps, socket -> socket.resumed(resumed.sequence()));
  }

  @Override
  public void ended(ToGateway.Ended ended, Underway steps) {
    ended(steps.group, ended.connection());
  }

  @Override
  public void close(ToGateway.Close close, Underway steps) {
    CloseReason reason = sendable(close);
    apply(close.connection(), steps, socket -> socket.close(reason));
  }

  private void apply(ConnectionId id, Underway steps, ClientSocket.Step step) {
    ClientSocket socket = parts.groups().get(steps.group, id);
    if (socket != null) {
      steps.add(socket, step);
    }
  }

  /** Returns the host's close of a connection, or a 1011 if the host's close cannot be sent. */
  private static CloseReason sendable(ToGateway.Close close) {
    try {
      CloseReason.checkSendable(close.code(), close.reason());
      return new CloseReason(close.code(), close.reason(), Cause.ACTOR);
    } catch (IllegalArgumentException notSendable) {
      log.error(
          "connection {} is closed with 1011, because its actor's close cannot be sent: {}",
          close.connection(),
          notSendable.getMessage());
      return new CloseReason(CloseCodes.INTERNAL_ERROR, "", Cause.ACTOR);
    }
  }

  @Override
  public void retagged(ToGateway.Retagged retagged, Underway steps) {
    ClientSocket socket = parts.groups().get(steps.group, retagged.connection());
    if (socket != null) {
      socket.retag(retagged.tags());
    }
  }

  @Override
  public void autoReplies(ToGateway.AutoReplies told, Underway steps) {
    parts.groups().autoReplies(steps.actor, told.replies());
  }

  @Override
  public void askSeen(ToGateway.AskSeen question, Underway steps) {
    ActorId actor = steps.actor;
    ClientSocket socket = parts.groups().get(steps.group, question.connection());
    if (socket == null) {
      tellSeen(actor, question, null);
    } else {
      steps.add(
          socket,
          seen -> tellSeen(actor, question, parts.heartbeats().lastHeard(seen, seen.loop())));
    }
  }

  private void tellSeen(ActorId actor, ToGateway.AskSeen question, @Nullable Instant at) {
    parts.links().send(new ToHost.Seen(actor, question.connection(), question.report(), at));
  }
}
