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
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The upgrades that wait for an access rule, or their actor. Each is decided by exactly one of: the
 * answer of either, the deadline, the client's going, the gateway's stopping. If the host accepts
 * one that is not here any more, the host is told at once that the connection is closed.
 *
 * <p>Any thread, where nothing else is said.
 */
public final class PendingUpgrades {
  private final SocketParts parts;
  private final Vertx vertx;
  private final AccessCheck access;
  private final long incarnation;
  private final AtomicLong numbers = new AtomicLong();
  private final AwaitedAnswers<ConnectionId, Pending> pending;

  /** How sockets that still come are closed; null unless the gateway is stopping. */
  private volatile @Nullable CloseReason stopped;

  /** An upgrade that waits; it holds the request, so it is dropped when the socket is open. */
  private record Pending(
      ActorRequest request,
      ConnectionId id,
      Handshake.Valid handshake,
      Admission.Place seat,
      Context context,
      EventLoop loop) {}

  /** The head of an upgrade, with the host. Who asks the host, then who brings its answer. */
  private static final class Head extends ClientMemory.Holder {
    Head(ClientMemory memory, ClientMemory.Address address, long bytes) {
      super(memory, ClientMemory.Held.HEADS, address);
      hold(bytes);
    }
  }

  public PendingUpgrades(SocketParts parts, Vertx vertx, AccessCheck access, long incarnation) {
    this.parts = parts;
    this.vertx = vertx;
    this.access = access;
    this.incarnation = incarnation;
    this.pending = new AwaitedAnswers<>(vertx);
  }

  /** Returns the id of the next connection. */
  ConnectionId nextId() {
    return ConnectionId.of(incarnation, numbers.incrementAndGet());
  }

  /**
   * Asks the access rule, then the host. On the request's context; the request is paused, the seat
   * is its own.
   */
  void ask(ActorRequest request, Handshake.Valid handshake, Admission.Place seat) {
    HttpWatch watch = HttpGuard.watchOf(request.routing().request());
    ConnectionId watched = watch == null ? null : watch.upgradeId();
    ConnectionId id = watched == null ? nextId() : watched;
    EventLoop loop = HttpGuard.channelOf(request.routing().request()).eventLoop();
    pending.await(
        id,
        new Pending(request, id, handshake, seat, vertx.getOrCreateContext(), loop),
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
          .transport()
          .toHost(new ToHost.Open(request.actor(), id, request.head(), handshake.subprotocol()));
    }
  }

  private void forget(ConnectionId id) {
    Pending gone = pending.take(id);
    if (gone != null) {
      gone.seat.free();
      parts.tally().counters().refused(Refusal.CLIENT_GONE);
    }
  }

  /** Answers in place of a 101; the HTTP connection lives on. */
  private void refuse(ConnectionId id, Refusal why, HttpResponse response) {
    Pending refused = pending.take(id);
    if (refused != null) {
      HttpWatch watch = HttpGuard.watchOf(refused.request.routing().request());
      HttpWatch.refused(parts.tally(), watch, why);
      refused.seat.free();
      refused.context.runOnContext(run -> HttpAnswers.send(refused.request.routing(), response));
    }
  }

  /** Makes the upgrade a socket: the host accepts. On the thread of the actor's releases. */
  public void accepted(ActorId actor, ToGateway.Accepted accepted, LoopQueues.Steps batches) {
    pending.answered(accepted.connection());
    Pending upgrade = pending.take(accepted.connection());
    if (upgrade == null) {
      CloseReason lost = CloseReason.abnormal(Cause.CONNECTION_LOST);
      parts.transport().toHost(new ToHost.Closed(actor, accepted.connection(), lost));
      return;
    }
    ClientSocket socket =
        new ClientSocket(
            parts,
            upgrade.request.route().options(),
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
        socket, opening -> upgrade.context.runOnContext(run -> answer.answer(accepted.headers())));
    CloseReason reason = stopped;
    if (reason != null) {
      batches.add(socket, late -> late.close(reason));
    }
  }

  /** Answers what the host does, unless the client is gone or was told already. */
  public void rejected(ToGateway.Rejected rejected) {
    pending.answered(rejected.connection());
    refuse(rejected.connection(), Refusal.REJECTED, rejected.response());
  }

  /** Refuses the upgrades that wait and those to come. */
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
