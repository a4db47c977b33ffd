package dev.dormouse.server.gateway;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.CloseReason.Cause;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.sdk.RequestHead;
import dev.dormouse.server.gateway.AccessCheck.Outcome;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import io.vertx.core.Vertx;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The upgrades that wait for an access rule, or their actor. Each is taken out by exactly one of:
 * the answer of either, the deadline, the client's going, the gateway's stopping. If the host
 * accepts one that is not here any more, it is told at once that the connection is closed.
 */
final class PendingUpgrades {
  private final GatewayParts parts;
  private final Vertx vertx;
  private final AccessCheck access;
  private final long incarnation;
  private final AtomicLong numbers = new AtomicLong();
  private final ConcurrentHashMap<ConnectionId, PendingUpgrade> pending = new ConcurrentHashMap<>();

  /**
   * What those hold that the host was asked and has not answered, though their clients may be gone.
   */
  private final ConcurrentHashMap<ConnectionId, Asked> asked = new ConcurrentHashMap<>();

  /** How sockets that still come are closed; null unless the gateway is stopping. */
  private volatile @Nullable CloseReason stopped;

  /** The head of an upgrade, with the host. Who asks it, then who brings its answer. */
  private static final class Asked extends ClientMemory.Holder {
    Asked(ClientMemory memory, ClientMemory.Address address, RequestHead head) {
      super(memory, ClientMemory.Held.HEADS, address);
      hold(RequestHeads.memoryOf(head));
    }
  }

  PendingUpgrades(GatewayParts parts, Vertx vertx, AccessCheck access, long incarnation) {
    this.parts = parts;
    this.vertx = vertx;
    this.access = access;
    this.incarnation = incarnation;
  }

  /** The id of the next connection. Any thread. */
  ConnectionId nextId() {
    return ConnectionId.of(incarnation, numbers.incrementAndGet());
  }

  /**
   * Asks the access rule, then the host. On the request's context; the request is paused, the seat
   * is its own.
   */
  void ask(
      RoutingContext request,
      ActorRoute route,
      ActorId actor,
      RequestHead head,
      Handshake.Valid handshake,
      Admission.Place seat) {
    UpgradeWatch watch = UpgradeWatch.of(parts, request.request());
    ConnectionId id = watch == null ? nextId() : watch.id();
    PendingUpgrade upgrade =
        new PendingUpgrade(parts, vertx, request, route, actor, id, handshake, seat);
    pending.put(id, upgrade);
    upgrade.await(
        parts.options().handshake(),
        () ->
            refuse(
                id, Refusal.OVERDUE, HttpAnswers.unavailable("the actor did not answer in time")));
    request.addEndHandler(ended -> forget(id));
    if (stopped != null) {
      refuse(id, Refusal.STOPPING, stopping());
      return;
    }
    access.ask(
        route,
        actor,
        head,
        outcome -> {
          if (outcome instanceof Outcome.Denied denied) {
            refuse(id, denied.why(), denied.response());
          } else if (pending.containsKey(id)) {
            asked.put(id, new Asked(parts.memory(), seat, head));
            parts.transport().toHost(new ToHost.Open(actor, id, head, handshake.subprotocol()));
          }
        });
  }

  private void answered(ConnectionId id) {
    Asked head = asked.remove(id);
    if (head != null) {
      head.letGo();
    }
  }

  private void forget(ConnectionId id) {
    PendingUpgrade gone = pending.remove(id);
    if (gone != null) {
      gone.forget();
      parts.counters().refused(Refusal.CLIENT_GONE);
    }
  }

  private void refuse(ConnectionId id, Refusal why, HttpResponse response) {
    PendingUpgrade refused = pending.remove(id);
    if (refused != null) {
      refused.refuse(why, response);
    }
  }

  /** The host accepts. Whoever brings the actor's releases. */
  void accepted(ActorId actor, ToGateway.Accepted accepted, LoopQueues.Steps batches) {
    answered(accepted.connection());
    PendingUpgrade upgrade = pending.remove(accepted.connection());
    if (upgrade == null) {
      CloseReason lost = CloseReason.abnormal(Cause.CONNECTION_LOST);
      parts.transport().toHost(new ToHost.Closed(actor, accepted.connection(), lost));
      return;
    }
    ClientSocket socket = upgrade.socket(accepted.tags());
    parts.groups().add(socket);
    batches.add(socket, accepting -> upgrade.accept(accepting, accepted.headers()));
    CloseReason reason = stopped;
    if (reason != null) {
      batches.add(socket, late -> late.close(reason));
    }
  }

  /** The host rejects; nothing if the client is gone or was told already. Any thread. */
  void rejected(ToGateway.Rejected rejected) {
    answered(rejected.connection());
    refuse(rejected.connection(), Refusal.REJECTED, rejected.response());
  }

  /** Refuses those that wait and those to come. Any thread. */
  void stop(CloseReason reason) {
    stopped = reason;
    List.copyOf(pending.keySet()).forEach(id -> refuse(id, Refusal.STOPPING, stopping()));
  }

  boolean isStopping() {
    return stopped != null;
  }

  static HttpResponse stopping() {
    return HttpAnswers.unavailable("the server is stopping");
  }

  long size() {
    return pending.mappingCount();
  }
}
