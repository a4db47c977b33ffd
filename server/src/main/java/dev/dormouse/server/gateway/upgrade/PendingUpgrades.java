package dev.dormouse.server.gateway.upgrade;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.CloseReason.Cause;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.server.gateway.http.AccessCheck;
import dev.dormouse.server.gateway.http.ActorRequest;
import dev.dormouse.server.gateway.http.AwaitedAnswers;
import dev.dormouse.server.gateway.http.HttpAnswers;
import dev.dormouse.server.gateway.http.HttpGuard;
import dev.dormouse.server.gateway.http.HttpWatch;
import dev.dormouse.server.gateway.limits.Admission;
import dev.dormouse.server.gateway.limits.ClientMemory;
import dev.dormouse.server.gateway.limits.Refusal;
import dev.dormouse.server.gateway.socket.ClientSocket;
import dev.dormouse.server.gateway.socket.LoopQueues;
import dev.dormouse.server.gateway.socket.SocketParts;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import io.netty.channel.EventLoop;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The upgrades that wait for an access rule or for their actor. Exactly one event decides an
 * upgrade: the answer of the rule or the actor, the deadline, the end of the client, or the stop of
 * the gateway. If the host accepts an upgrade that was decided before, the host is told at once
 * that the connection is closed.
 *
 * <p>Any thread may call a method that does not say otherwise.
 */
public final class PendingUpgrades {
  private final SocketParts parts;
  private final AccessCheck access;
  private final long run;
  private final AtomicLong numbers = new AtomicLong();
  private final AwaitedAnswers<ConnectionId, Pending> pending = new AwaitedAnswers<>();

  /** The close of sockets that open while the gateway stops; null before the stop. */
  private volatile @Nullable CloseReason stopped;

  /** An upgrade that waits. It refers to the request, so it is dropped when the socket opens. */
  private record Pending(
      ActorRequest request,
      ConnectionId id,
      Handshake.Valid handshake,
      Admission.Place seat,
      EventLoop loop) {}

  /**
   * The charge for the head of an upgrade while the host has it. The thread that asks the host uses
   * it first, then the thread that brings the answer.
   */
  private static final class Head extends ClientMemory.Holder {
    Head(ClientMemory memory, ClientMemory.Address address, long bytes) {
      super(memory, ClientMemory.Held.HEADS, address);
      hold(bytes);
    }
  }

  public PendingUpgrades(SocketParts parts, AccessCheck access, long run) {
    this.parts = parts;
    this.access = access;
    this.run = run;
  }

  /** Creates the id of a new connection. */
  ConnectionId nextId() {
    return ConnectionId.of(run, numbers.incrementAndGet());
  }

  /**
   * Asks the access rule and then the host about an upgrade. Called on the request's context, with
   * a paused request and the upgrade's own seat.
   */
  void ask(ActorRequest request, Handshake.Valid handshake, Admission.Place seat) {
    HttpWatch watch = HttpGuard.watchOf(request.routing().request());
    ConnectionId watched = watch == null ? null : watch.upgradeId();
    ConnectionId id = watched == null ? nextId() : watched;
    EventLoop loop = HttpGuard.channelOf(request.routing().request()).eventLoop();
    pending.await(
        id,
        new Pending(request, id, handshake, seat, loop),
        request.context(),
        parts.tally().options().handshake(),
        () -> refuse(id, Refusal.OVERDUE, HttpAnswers.to(Refusal.OVERDUE)));
    request.routing().addEndHandler(ended -> forget(id));
    if (stopped != null) {
      refuse(id, Refusal.STOPPING, HttpAnswers.to(Refusal.STOPPING));
      return;
    }
    access.ask(
        request,
        new AccessCheck.Asker() {
          @Override
          public void granted() {
            askHost(request, id, handshake, seat);
          }

          @Override
          public void denied(Refusal why, HttpResponse response) {
            refuse(id, why, response);
          }
        });
  }

  private void askHost(
      ActorRequest request, ConnectionId id, Handshake.Valid handshake, Admission.Place seat) {
    if (pending.isWaiting(id)) {
      pending.asked(id, new Head(parts.tally().memory(), seat, request.headBytes())::letGo);
      parts
          .links()
          .send(new ToHost.Open(request.actor(), id, request.head(), handshake.subprotocol()));
    }
  }

  private void forget(ConnectionId id) {
    Pending gone = pending.take(id);
    if (gone != null) {
      gone.seat.free();
      parts.tally().counters().refused(Refusal.CLIENT_GONE);
    }
  }

  /** Answers an upgrade without a 101, if it is not decided yet. The HTTP connection stays open. */
  private void refuse(ConnectionId id, Refusal why, HttpResponse response) {
    Pending refused = pending.take(id);
    if (refused != null) {
      HttpWatch watch = HttpGuard.watchOf(refused.request.routing().request());
      HttpWatch.refused(parts.tally(), watch, why);
      refused.seat.free();
      refused
          .request
          .context()
          .runOnContext(run -> HttpAnswers.send(refused.request.routing(), response));
    }
  }

  /**
   * Makes an upgrade that the host has accepted a socket. Only the thread that brings the actor's
   * releases may call it.
   */
  public void accepted(ActorId actor, ToGateway.Accepted accepted, LoopQueues.Steps batches) {
    pending.answered(accepted.connection());
    Pending upgrade = pending.take(accepted.connection());
    if (upgrade == null) {
      CloseReason lost = CloseReason.abnormal(Cause.CONNECTION_LOST);
      parts.links().send(new ToHost.Closed(actor, accepted.connection(), lost));
      return;
    }
    ClientSocket socket =
        new ClientSocket(
            parts,
            upgrade.request.route().options(),
            upgrade.request.route().handled(),
            upgrade.request.actor(),
            upgrade.id,
            upgrade.loop,
            upgrade.handshake.deflate(),
            accepted.tags(),
            upgrade.seat);
    parts.groups().add(socket);
    ProtocolSwitch answer =
        new ProtocolSwitch(upgrade.request.routing(), upgrade.handshake, socket);
    batches.add(
        socket,
        opening ->
            upgrade.request.context().runOnContext(run -> answer.answer(accepted.headers())));
    CloseReason reason = stopped;
    if (reason != null) {
      batches.add(socket, late -> late.close(reason));
    }
  }

  /** Sends the host's rejection of an upgrade, unless the upgrade was decided before. */
  public void rejected(ToGateway.Rejected rejected) {
    pending.answered(rejected.connection());
    refuse(rejected.connection(), Refusal.REJECTED, rejected.response());
  }

  /** Refuses all waiting and future upgrades, because the gateway stops. */
  public void stop(CloseReason reason) {
    stopped = reason;
    pending.keys().forEach(id -> refuse(id, Refusal.STOPPING, HttpAnswers.to(Refusal.STOPPING)));
  }

  /** Returns whether upgrades are refused, because the gateway stops. */
  boolean isStopping() {
    return stopped != null;
  }

  /** Returns how many upgrades wait. */
  public long size() {
    return pending.size();
  }
}
