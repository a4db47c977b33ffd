package dev.dormouse.server.gateway.socket;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.Delivery.Outcome;
import dev.dormouse.server.gateway.limits.Tally;
import dev.dormouse.server.gateway.owner.OwnerLinks;
import dev.dormouse.server.gateway.owner.UnansweredCloses;
import dev.dormouse.server.protocol.ToHost;
import java.time.Duration;

/**
 * The parts that all sockets of a gateway share. They are in one object so that an idle socket
 * keeps only one reference.
 *
 * <p>Any thread may use them.
 *
 * @param tally the limits and the clients' use of them
 * @param links the way to the hosts
 * @param closes the ends of connections that the hosts have not taken up
 * @param groups the sockets by connection and by actor
 * @param heartbeats finds silent clients
 */
public record SocketParts(
    Tally tally,
    OwnerLinks links,
    UnansweredCloses closes,
    ConnectionGroups groups,
    Heartbeats heartbeats) {

  /** The report of an automatic reply, whose outcome is reported to no actor. */
  static final long AUTOMATIC = -1;

  /** Creates the parts of a gateway that has no sockets yet. */
  public SocketParts(Tally tally, OwnerLinks links) {
    this(
        tally,
        links,
        new UnansweredCloses(links),
        new ConnectionGroups(links),
        new Heartbeats(tally.options().pingInterval().orElse(Duration.ZERO), tally.time()));
  }

  /** Counts and reports a message that is not written, because its connection ends or is gone. */
  public void lost(ActorId actor, ConnectionId connection, long report) {
    tally.counters().droppedOut.increment();
    delivered(actor, connection, report, Outcome.CONNECTION_CLOSED);
  }

  /** Tells the host the outcome of a message, if {@link #isAsked} returns true. */
  void delivered(ActorId actor, ConnectionId connection, long report, Outcome outcome) {
    if (isAsked(report)) {
      links.send(new ToHost.Delivered(actor, connection, report, outcome));
    }
  }

  /** Returns whether the outcome of the message with this report is asked for. */
  static boolean isAsked(long report) {
    return report != 0 && report != AUTOMATIC;
  }
}
