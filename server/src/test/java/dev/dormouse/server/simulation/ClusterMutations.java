package dev.dormouse.server.simulation;

import static dev.dormouse.server.simulation.Promise.ATOMIC;
import static dev.dormouse.server.simulation.Promise.CLOSED_ONCE;
import static dev.dormouse.server.simulation.Promise.KEPT_FIRST;
import static dev.dormouse.server.simulation.Promise.LIVENESS;
import static dev.dormouse.server.simulation.Promise.ONE_AT_A_TIME;
import static dev.dormouse.server.simulation.Promise.SLEEP;

import java.util.EnumSet;
import java.util.List;

/** Ways to break the promises of a cluster. */
final class ClusterMutations {
  private ClusterMutations() {}

  static final List<Mutation> ALL =
      List.of(
          // Fences.
          of(
              "a turn that wrote nothing speaks without being confirmed",
              "host/commit/CommitPipeline.java",
              "if (confirm == null || !isSaying) {",
              "if (number > 0) {"),
          of(
              "the cells of a lost group live on",
              "host/owner/Ownerships.java",
              "      cells.drop(group);\n      log.debug(\"group {} is owned no longer",
              "      log.debug(\"group {} is owned no longer"),
          of(
              "a message that took effect before runs again",
              "host/commit/Repeats.java",
              "    if (!message.isRepeat() || (last != Activation.UNREADABLE && message.sequence() > last)) {",
              "    if (message.sequence() > 0) {"),
          of(
              "the number of the last message that took effect is not stored",
              "host/turn/Activation.java",
              "      ended.writes().put(RowKey.connection(connection), Optional.of(row.encode()));\n    }\n"
                  + "  }\n\n  private void store",
              "    }\n  }\n\n  private void store"),
          of(
              "the client of a repeated message is not told that it may have missed something",
              "host/commit/Answers.java",
              "    return handledAndClosed(\n        message, SERVICE_RESTART,"
                  + " \"what the server sent may be lost; connect again\");",
              "    return handled(message);"),
          of(
              "a request that took effect before runs again",
              "host/commit/Repeats.java",
              "return request.isRepeat() ? look(request) : null;",
              "return null;"),
          of(
              "what an actor has begun to handle is not noticed among repeats",
              "host/owner/InFlight.java",
              "    return message.isRepeat() && message.sequence() <= known.last;",
              "    return false;"),
          of(
              "queued events stay when their gateway sends them again",
              "host/ActorCell.java",
              "    mailbox.forget(gateway, inFlight);\n",
              ""),
          of(
              "a close of the actor is not stored",
              "host/turn/TurnConnection.java",
              "        closing = new ConnectionRow.Closing(code, reason);\n",
              ""),
          of(
              "a gateway that has missed a close is not told of it",
              "host/LeftoverCloses.java",
              "if (stored.closing() != null || !Announce",
              "if (!Announce"),
          of(
              "an actor does not see that its former owner has closed a connection",
              "host/turn/TurnConnection.java",
              "      markClosing();\n      activation.noteClosing",
              "      activation.noteClosing"),
          // Held outputs.
          of(
              "what was held for a gateway is not sent when it announces",
              "host/owner/Ownership.java",
              "    for (Release release : peer.held) {\n      ways.toGateway(gateway, release);\n    }\n",
              ""),
          of(
              "what was held for a gateway is sent at each announcement",
              "host/owner/Ownership.java",
              "    peer.held = new ArrayDeque<>(0);\n    peer.heldBytes = 0;\n    return announcement;",
              "    return announcement;"),
          // Kept closes.
          of(
              "a gateway forgets a close at once",
              "gateway/owner/UnansweredCloses.java",
              "          ends.get(group).put(closed.connection(), new End(failed, closed));\n",
              ""),
          of(
              "a host does not say that a connection has ended",
              "host/commit/Answers.java",
              "          List.of(new ToGateway.Ended(closed.connection()));\n    };",
              "          List.of();\n    };"),
          // Sweeps.
          of(
              "connections that are not announced stay",
              "host/LeftoverCloses.java",
              "      return announcement.isGone(connection.value(), connection.number())\n",
              "      return announcement.isGone(connection.value(), connection.number()) && handled < 0\n"),
          of(
              "a gateway is not told of connections that are not stored",
              "host/LeftoverCloses.java",
              "        stored.flip(0, announcement.connections().length);\n",
              "        stored.clear();\n"),
          of(
              "connections of gateways that were given up stay",
              "host/owner/Ownerships.java",
              "            Counted.of(gone.dropped(), \"release\"));\n"
                  + "        cells.closeAll(ownership, gone);",
              "            Counted.of(gone.dropped(), \"release\"));"),
          of(
              "gateways that never came are not given up",
              "host/owner/Ownership.java",
              "boolean areOthers = !areOthersGivenUp && nowNs - beganNs >= LIMBO_NS;",
              "boolean areOthers = nowNs - beganNs < 0;"),
          of(
              "a connection that is accepted after its gateway was given up stays",
              "host/owner/Ownerships.java",
              "        cells.closeAll(ownership, new GivenUp(Set.of(gateway), null, 0));\n",
              ""),
          of(
              "sockets without an owner stay open",
              "gateway/owner/OwnerLink.java",
              "state == State.SEEKING && !isLimboOver &&",
              "state == State.ATTACHED && !isLimboOver &&"),
          of(
              "a gateway sends before it announces",
              "gateway/owner/OwnerLinks.java",
              "        announce(group, owner);\n        if (isAttached",
              "        holder().attached(group, owner);\n        announce(group, owner);\n"
                  + "        if (group < 0 && isAttached"),
          // Links.
          of(
              "a frame that comes twice is delivered twice",
              "protocol/Link.java",
              "    if (sequence == delivered + 1) {\n      deliver(record);",
              "    if (sequence > 0) {\n      deliver(record);"),
          of("a broken link keeps its number", "protocol/Link.java", "    number++;\n", ""),
          of(
              "the break of a link is not told",
              "protocol/Link.java",
              "    outside.broken(why);\n",
              ""),
          of(
              "frames of a broken link are delivered",
              "protocol/Link.java",
              "    early.clear();\n    earlyBytes = 0;\n    delivered = 0;\n",
              "    delivered = 0;\n"));

  private static Mutation of(String name, String file, String from, String to) {
    return new Mutation(
        name,
        EnumSet.of(ONE_AT_A_TIME, ATOMIC, KEPT_FIRST, SLEEP, CLOSED_ONCE, LIVENESS),
        file,
        from,
        to);
  }
}
