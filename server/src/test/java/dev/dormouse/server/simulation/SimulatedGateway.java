package dev.dormouse.server.simulation;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.AutoReply;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.protocol.Release;
import dev.dormouse.server.protocol.ToGateway;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * The other side of the protocol: sockets and plain requests, with the effects of releases on them.
 */
final class SimulatedGateway {
  private final Simulation run;
  private final Map<ConnectionId, SimulatedSocket> sockets = new LinkedHashMap<>();
  private final Map<ActorId, List<AutoReply>> autoReplies = new LinkedHashMap<>();
  private final Set<Long> requests = new LinkedHashSet<>();
  private boolean isStopping;

  SimulatedGateway(Simulation run) {
    this.run = run;
  }

  void add(SimulatedSocket socket) {
    sockets.put(socket.id, socket);
  }

  List<SimulatedSocket> sockets() {
    return new ArrayList<>(sockets.values());
  }

  void addRequest(long number) {
    requests.add(number);
  }

  /** Returns the numbers of the requests that are not answered. */
  Set<Long> requests() {
    return requests;
  }

  /**
   * Returns the automatic replies as the gateway was told; none if it knows no socket of the actor.
   */
  List<AutoReply> autoReplies(ActorId actor) {
    return autoReplies.getOrDefault(actor, List.of());
  }

  /** Forgets sockets that are over. */
  void tidy() {
    sockets.values().removeIf(SimulatedSocket::isOver);
    autoReplies.keySet().removeIf(actor -> members(actor).isEmpty());
  }

  private List<SimulatedSocket> members(ActorId actor) {
    return sockets.values().stream()
        .filter(s -> s.actor.equals(actor) && s.state == SimulatedSocket.State.OPEN)
        .toList();
  }

  /** Takes a release in. Recipients are found now; the rest is up to each socket, later. */
  void accept(Release release) {
    for (ToGateway record : release.records()) {
      if (record instanceof ToGateway.Broadcast broadcast) {
        broadcast(release.actor(), broadcast);
      } else if (record instanceof ToGateway.AutoReplies told) {
        if (members(release.actor()).isEmpty()) {
          autoReplies.remove(release.actor()); // the gateway forgets them with the last socket
        } else {
          autoReplies.put(release.actor(), told.replies());
        }
      } else if (record instanceof ToGateway.Responded responded) {
        requests.remove(responded.request());
      } else {
        accept(release, record);
      }
    }
  }

  private void accept(Release release, ToGateway record) {
    SimulatedSocket socket = sockets.get(Words.connection(record));
    if (record instanceof ToGateway.Accepted accepted) {
      if (socket == null || socket.state != SimulatedSocket.State.PENDING) {
        lost(release.actor(), accepted.connection());
        return;
      }
      socket.state = SimulatedSocket.State.OPEN;
      socket.tags = accepted.tags();
      if (isStopping) {
        close(socket);
      }
    } else if (record instanceof ToGateway.Retagged retagged && socket != null) {
      socket.tags = retagged.tags();
    }
    if (socket != null) {
      socket.toClient.add(record);
    } else if (record instanceof ToGateway.Send send) {
      run.node().answer(release.actor(), send, false);
    }
  }

  /** Tells the host that the client went while the actor made up its mind. */
  private void lost(ActorId actor, ConnectionId id) {
    SimulatedSocket refused = sockets.computeIfAbsent(id, key -> new SimulatedSocket(actor, key));
    refused.state = SimulatedSocket.State.REFUSED;
    refused.reportLost();
  }

  private void broadcast(ActorId actor, ToGateway.Broadcast broadcast) {
    Set<ConnectionId> recipients = new TreeSet<>();
    Set<ConnectionId> present = new TreeSet<>();
    for (SimulatedSocket socket : members(actor)) {
      present.add(socket.id);
      if (socket.tags.containsAll(broadcast.tags()) && !broadcast.except().contains(socket.id)) {
        recipients.add(socket.id);
      }
    }
    run.oracle().releases().broadcast(actor, broadcast, present, recipients);
    if (!recipients.isEmpty()) {
      run.oracle().releases().heard(actor, broadcast.payload());
    }
  }

  /** Ends all connections, in good order. */
  void shutDown() {
    isStopping = true;
    for (SimulatedSocket socket : sockets.values()) {
      if (socket.state == SimulatedSocket.State.PENDING) {
        socket.state = SimulatedSocket.State.REFUSED;
      } else {
        close(socket);
      }
    }
  }

  private static void close(SimulatedSocket socket) {
    socket.close(new CloseReason(1001, "", CloseReason.Cause.SHUTDOWN));
  }
}
