package dev.dormouse.server.gateway;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.Delivery.Outcome;
import dev.dormouse.server.observe.Observers;
import dev.dormouse.server.protocol.Time;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.server.protocol.Transport;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** What all sockets of a gateway share. */
record GatewayParts(
    Tally tally,
    Transport transport,
    ConnectionGroups groups,
    LoopQueues loops,
    Heartbeats heartbeats) {

  /** Those of a gateway that has no sockets yet. */
  static GatewayParts of(
      GatewayOptions options, Transport transport, Time time, Observers observers) {
    return new GatewayParts(
        new Tally(options, time, observers),
        transport,
        new ConnectionGroups(),
        new LoopQueues(),
        new Heartbeats(options.pingInterval(), time));
  }

  /** The report of an automatic reply: nobody asks what becomes of it. */
  static final long AUTOMATIC = -1;

  GatewayOptions options() {
    return tally.options();
  }

  Time time() {
    return tally.time();
  }

  Counters counters() {
    return tally.counters();
  }

  Admission admission() {
    return tally.admission();
  }

  ClientMemory memory() {
    return tally.memory();
  }

  Observers observers() {
    return tally.observers();
  }

  void refused(Refusal why, @Nullable ActorId actor, @Nullable ConnectionId connection) {
    tally.refused(why, actor, connection);
  }

  void hit(
      LongAdder counter, String limit, String outcome, ActorId actor, ConnectionId connection) {
    tally.hit(counter, limit, outcome, actor, connection);
  }

  void hit(RequestLimit limit, String outcome, @Nullable ActorId actor) {
    tally.hit(limit, outcome, actor);
  }

  void hit(
      String limit, String outcome, @Nullable ActorId actor, @Nullable ConnectionId connection) {
    tally.hit(limit, outcome, actor, connection);
  }

  /** A message will not be written any more: its connection is gone, or going. Any thread. */
  void lost(ActorId actor, ConnectionId connection, long report) {
    counters().droppedOut.increment();
    delivered(actor, connection, report, Outcome.CONNECTION_CLOSED);
  }

  /** Tells the host what became of a message, if somebody {@link #isAsked}. Any thread. */
  void delivered(ActorId actor, ConnectionId connection, long report, Outcome outcome) {
    if (isAsked(report)) {
      transport.toHost(new ToHost.Delivered(actor, connection, report, outcome));
    }
  }

  /** Whether somebody asked what becomes of the message with this report. */
  static boolean isAsked(long report) {
    return report != 0 && report != AUTOMATIC;
  }
}
