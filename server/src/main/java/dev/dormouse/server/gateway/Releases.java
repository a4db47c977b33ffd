package dev.dormouse.server.gateway;

import dev.dormouse.log.Log;
import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.CloseReason.Cause;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.protocol.Release;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Carries out what hosts release. Recipients are found on the thread that brings the release, so
 * that what came later cannot change who hears it; the rest is up to the sockets' event loops.
 *
 * <p>Any thread; the releases of one actor one after the other.
 */
final class Releases {
  private static final Logger log = Log.of(Releases.class);
  private static final int INTERNAL_ERROR = 1011;

  private final GatewayParts parts;
  private final PendingUpgrades upgrades;
  private final PlainRequests requests;

  Releases(GatewayParts parts, PendingUpgrades upgrades, PlainRequests requests) {
    this.parts = parts;
    this.upgrades = upgrades;
    this.requests = requests;
  }

  void accept(Release release) {
    LoopQueues.Steps steps = parts.loops().steps();
    try {
      for (ToGateway record : release.records()) {
        carryOut(release, record, steps);
      }
    } finally {
      steps.dispatch();
    }
  }

  private void carryOut(Release release, ToGateway record, LoopQueues.Steps steps) {
    if (record instanceof ToGateway.Send send) {
      send(release.actor(), send, steps);
    } else if (record instanceof ToGateway.Handled handled) {
      apply(handled.connection(), steps, socket -> socket.handled(handled.sequence()));
    } else if (record instanceof ToGateway.Broadcast broadcast) {
      broadcast(release, broadcast, steps);
    } else if (record instanceof ToGateway.Accepted accepted) {
      upgrades.accepted(release.actor(), accepted, steps);
    } else if (record instanceof ToGateway.Rejected rejected) {
      upgrades.rejected(rejected);
    } else if (record instanceof ToGateway.Retagged retagged) {
      retag(retagged);
    } else if (record instanceof ToGateway.Close close) {
      CloseReason reason = sendable(close);
      apply(close.connection(), steps, socket -> socket.close(reason));
    } else if (record instanceof ToGateway.Withheld withheld) {
      apply(withheld.connection(), steps, socket -> socket.withheld(withheld.sequence()));
    } else if (record instanceof ToGateway.Resumed resumed) {
      apply(resumed.connection(), steps, socket -> socket.resumed(resumed.sequence()));
    } else if (record instanceof ToGateway.AutoReplies told) {
      parts.groups().autoReplies(release.actor(), told.replies());
    } else if (record instanceof ToGateway.AskSeen asked) {
      tellSeen(release.actor(), asked, steps);
    } else if (record instanceof ToGateway.Responded responded) {
      requests.responded(responded);
    }
  }

  private void apply(ConnectionId id, LoopQueues.Steps steps, ClientSocket.Step step) {
    ClientSocket socket = parts.groups().get(id);
    if (socket != null) {
      steps.add(socket, step);
    }
  }

  private void send(ActorId actor, ToGateway.Send send, LoopQueues.Steps steps) {
    ClientSocket socket = parts.groups().get(send.connection());
    if (socket == null) {
      parts.lost(actor, send.connection(), send.report());
    } else {
      steps.keep(send.payload().size());
      steps.add(socket, to -> to.send(send.payload(), null, send.key(), send.report()));
    }
  }

  private void tellSeen(ActorId actor, ToGateway.AskSeen asked, LoopQueues.Steps steps) {
    ClientSocket socket = parts.groups().get(asked.connection());
    if (socket == null) {
      tellSeen(actor, asked, (Instant) null);
    } else {
      steps.add(
          socket, seen -> tellSeen(actor, asked, parts.heartbeats().lastHeard(seen, seen.loop())));
    }
  }

  private void tellSeen(ActorId actor, ToGateway.AskSeen asked, @Nullable Instant at) {
    parts.transport().toHost(new ToHost.Seen(actor, asked.connection(), asked.report(), at));
  }

  private void broadcast(Release release, ToGateway.Broadcast broadcast, LoopQueues.Steps steps) {
    List<ClientSocket> recipients = new ArrayList<>();
    parts
        .groups()
        .forEach(
            release.actor(),
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
    steps.keep(broadcast.payload().size());
    ClientSocket.Step step = socket -> socket.send(broadcast.payload(), frame, broadcast.key(), 0);
    recipients.forEach(socket -> steps.add(socket, step));
  }

  private void retag(ToGateway.Retagged retagged) {
    ClientSocket socket = parts.groups().get(retagged.connection());
    if (socket != null) {
      socket.retag(retagged.tags());
    }
  }

  private static CloseReason sendable(ToGateway.Close close) {
    try {
      CloseReason.checkSendable(close.code(), close.reason());
      return new CloseReason(close.code(), close.reason(), Cause.ACTOR);
    } catch (IllegalArgumentException notSendable) {
      log.error(
          "connection {} is closed with 1011 instead: {}",
          close.connection(),
          notSendable.getMessage());
      return new CloseReason(INTERNAL_ERROR, "", Cause.ACTOR);
    }
  }
}
