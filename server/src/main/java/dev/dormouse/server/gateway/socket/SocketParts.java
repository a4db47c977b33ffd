package dev.dormouse.server.gateway.socket;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.Delivery.Outcome;
import dev.dormouse.server.gateway.limits.Tally;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.server.protocol.Transport;

/**
 * Holds what the sockets of a gateway share, in one object, because each idle socket pays for every
 * reference that it keeps.
 *
 * <p>Any thread.
 *
 * @param tally the limits, and what was used of them
 * @param transport the way to the host
 * @param groups the sockets by connection and by actor
 * @param heartbeats finds silent clients
 */
public record SocketParts(
    Tally tally, Transport transport, ConnectionGroups groups, Heartbeats heartbeats) {

  /** The report of an automatic reply: nobody asks what becomes of it. */
  static final long AUTOMATIC = -1;

  /** Creates the parts of a gateway that has no sockets yet. */
  public SocketParts(Tally tally, Transport transport) {
    this(
        tally,
        transport,
        new ConnectionGroups(),
        new Heartbeats(tally.options().pingInterval(), tally.time()));
  }

  /** Says that a message will not be written, because its connection is gone, or going. */
  public void lost(ActorId actor, ConnectionId connection, long report) {
    tally.counters().droppedOut.increment();
    delivered(actor, connection, report, Outcome.CONNECTION_CLOSED);
  }

  /** Tells the host what became of a message, if somebody {@link #isAsked}. */
  void delivered(ActorId actor, ConnectionId connection, long report, Outcome outcome) {
    if (isAsked(report)) {
      transport.toHost(new ToHost.Delivered(actor, connection, report, outcome));
    }
  }

  /** Returns whether somebody asked what becomes of the message with this report. */
  static boolean isAsked(long report) {
    return report != 0 && report != AUTOMATIC;
  }
}
