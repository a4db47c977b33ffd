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
import dev.dormouse.server.protocol.Owner;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import io.netty.channel.EventLoop;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The upgrades that wait for an access rule or for their actor. Exactly one event decides an
 * upgrade: the answer of the rule or the actor, the deadline, the end of the client, or the stop of
 * the gateway. If the host accepts an upgrade that was decided before, the host is told at once
 * that the connection is closed.
 *
 * <p>Whenever the actor's owner changes, the host is asked again, under another connection id: an
 * earlier owner may have accepted the id that it was asked about, and its successor closes
 * connections that the gateway does not announce. An upgrade that comes while no owner is known
 * waits for one.
 *
 * <p>Any thread may call a method that does not say otherwise.
 */
public final class PendingUpgrades {
  private final SocketParts parts;
  private final AccessCheck access;
  private final long run;
  private final AtomicLong numbers = new AtomicLong();

  /** The upgrades by the id that they had at first. */
  private final AwaitedAnswers<ConnectionId, Pending> pending = new AwaitedAnswers<>();

  /** The first ids of upgrades that the host was asked about under another id, by that id. */
  private final ConcurrentHashMap<ConnectionId, ConnectionId> firstIds = new ConcurrentHashMap<>();

  /**
   * For each group of shards the number from which on its owner may be asked about ids, because
   * smaller numbers that were not announced are taken for lost. The group's monitor guards it.
   */
  private final long[] firstNew;

  /** The close of sockets that open while the gateway stops; null before the stop. */
  private volatile @Nullable CloseReason stopped;

  /** An upgrade that waits. It refers to the request, so it is dropped when the socket opens. */
  private static final class Pending {
    private final ActorRequest request;
    private final ConnectionId first;
    private final Handshake.Valid handshake;
    private final Admission.Place seat;
    private final EventLoop loop;
    private final int group;

    /**
     * The id that the host was asked about last; null before the access rule has answered. The
     * group's monitor guards it.
     */
    private @Nullable ConnectionId asked;

    Pending(
        ActorRequest request,
        ConnectionId first,
        Handshake.Valid handshake,
        Admission.Place seat,
        EventLoop loop,
        int group) {
      this.request = request;
      this.first = first;
      this.handshake = handshake;
      this.seat = seat;
      this.loop = loop;
      this.group = group;
    }
  }

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
    this.firstNew = new long[parts.links().groups()];
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
    int group = parts.links().groupOf(request.actor());
    Pending upgrade = new Pending(request, id, handshake, seat, loop, group);
    pending.await(
        id,
        upgrade,
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
            parts.links().undisturbed(group, () -> askHost(upgrade));
          }

          @Override
          public void denied(Refusal why, HttpResponse response) {
            refuse(id, why, response);
          }
        });
  }

  private void askHost(Pending upgrade) {
    ConnectionId first = upgrade.first;
    if (pending.isWaiting(first)) {
      Head head = new Head(parts.tally().memory(), upgrade.seat, upgrade.request.headBytes());
      pending.asked(first, upgrade.group, head::letGo);
      boolean isNew = first.number() >= firstNew[upgrade.group];
      askHost(upgrade, isNew ? first : nextId(), parts.links().owner(upgrade.group));
    }
  }

  private void askHost(Pending upgrade, ConnectionId id, @Nullable Owner owner) {
    upgrade.asked = id;
    if (!id.equals(upgrade.first)) {
      firstIds.put(id, upgrade.first);
    }
    parts
        .links()
        .send(
            upgrade.group,
            owner,
            new ToHost.Open(
                upgrade.request.actor(),
                id,
                upgrade.request.head(),
                upgrade.handshake.subprotocol()));
  }

  /**
   * Returns the number of the next connection: no later connection has a smaller number. The caller
   * holds the monitor of the group that it announces this number to.
   */
  public long firstNew() {
    return numbers.get() + 1;
  }

  /**
   * Asks an owner that the gateway is attached to about the upgrades of a group of shards that
   * wait. Called with the group's monitor held.
   */
  public void attached(int group, Owner owner) {
    firstNew[group] = firstNew();
    pending.ownerChanged(group);
    for (Pending upgrade : pending.all()) {
      if (upgrade.group == group && upgrade.asked != null) {
        if (!parts.links().isAttached(group, owner)) {
          return; // a later owner was asked about all of them
        }
        firstIds.remove(upgrade.asked);
        askHost(upgrade, nextId(), owner);
      }
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
      refuse(refused, why, response);
    }
  }

  private void refuse(Pending refused, Refusal why, HttpResponse response) {
    HttpWatch watch = HttpGuard.watchOf(refused.request.routing().request());
    HttpWatch.refused(parts.tally(), watch, why);
    refused.seat.free();
    refused
        .request
        .context()
        .runOnContext(run -> HttpAnswers.send(refused.request.routing(), response));
  }

  /**
   * Takes out an upgrade that the host has decided, and releases what is held for it.
   *
   * @param id the id that the host was asked about
   * @return the upgrade; null if it was decided before, or if the host was asked again under
   *     another id
   */
  private @Nullable Pending answered(ConnectionId id) {
    ConnectionId renamed = parts.links().isFixed() ? null : firstIds.remove(id);
    ConnectionId first = renamed == null ? id : renamed;
    Pending waiting = pending.get(first);
    if (waiting != null && !id.equals(waiting.asked)) {
      return null;
    }
    pending.answered(first);
    return pending.take(first);
  }

  /**
   * Makes an upgrade that the host has accepted a socket. Only the thread that brings the actor's
   * releases may call it.
   */
  public void accepted(ActorId actor, ToGateway.Accepted accepted, LoopQueues.Steps batches) {
    Pending upgrade = answered(accepted.connection());
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
            accepted.connection(),
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
            upgrade
                .request
                .context()
                .runOnContext(
                    run -> {
                      tellOtherId(upgrade, accepted.connection());
                      answer.answer(accepted.headers());
                    }));
    CloseReason reason = stopped;
    if (reason != null) {
      batches.add(socket, late -> late.close(reason));
    }
  }

  /** Tells observers of the id that an upgrade has in the end, if that is not its first one. */
  private static void tellOtherId(Pending upgrade, ConnectionId id) {
    HttpWatch watch = HttpGuard.watchOf(upgrade.request.routing().request());
    if (watch != null && !id.equals(upgrade.first)) {
      watch.upgradeAgain(id, upgrade.request.head());
    }
  }

  /** Sends the host's rejection of an upgrade, unless the upgrade was decided before. */
  public void rejected(ToGateway.Rejected rejected) {
    Pending refused = answered(rejected.connection());
    if (refused != null) {
      refuse(refused, Refusal.REJECTED, rejected.response());
    }
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
