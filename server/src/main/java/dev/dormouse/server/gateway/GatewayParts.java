package dev.dormouse.server.gateway;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.Delivery.Outcome;
import dev.dormouse.server.observe.DormouseObserver;
import dev.dormouse.server.observe.DormouseObserver.LimitHit;
import dev.dormouse.server.observe.Observers;
import dev.dormouse.server.protocol.Time;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.server.protocol.Transport;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** What all sockets of a gateway share. */
record GatewayParts(
    GatewayOptions options,
    Transport transport,
    Time time,
    ConnectionGroups groups,
    LoopQueues loops,
    Counters counters,
    Heartbeats heartbeats,
    Admission admission,
    ClientMemory memory,
    LimitLog limitLog,
    Observers observers) {

  /** Those of a gateway that has no sockets yet. */
  static GatewayParts of(
      GatewayOptions options, Transport transport, Time time, Observers observers) {
    return new GatewayParts(
        options,
        transport,
        time,
        new ConnectionGroups(),
        new LoopQueues(),
        new Counters(),
        new Heartbeats(options.pingInterval(), time),
        new Admission(options.limits(), options.httpConnectionsMax()),
        new ClientMemory(options.clientHeapBytesMax(), options.clientDirectBytesMax()),
        new LimitLog(time),
        observers);
  }

  /** The report of an automatic reply: nobody asks what becomes of it. */
  static final long AUTOMATIC = -1;

  /** A message will not be written any more: its connection is gone, or going. Any thread. */
  void lost(ActorId actor, ConnectionId connection, long report) {
    counters.droppedOut.increment();
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

  /** An upgrade is not answered 101. Any thread. */
  void refused(Refusal why, @Nullable ActorId actor, @Nullable ConnectionId connection) {
    counters.refused(why);
    if (why.limit() != null) {
      hit(why.limit(), why.outcome(), actor, connection);
    }
  }

  /** A limit was hit, and is counted here. Any thread. */
  void hit(
      LongAdder counter, String limit, String outcome, ActorId actor, ConnectionId connection) {
    counter.increment();
    hit(limit, outcome, actor, connection);
  }

  /** A plain request is cut off, and counted here. Any thread. */
  void hit(RequestLimit limit, String outcome, @Nullable ActorId actor) {
    counters.cutOff(limit);
    hit(limit.limit(), outcome, actor, null);
  }

  /** A limit was hit that nothing counts but observers. Any thread. */
  void hit(
      String limit, String outcome, @Nullable ActorId actor, @Nullable ConnectionId connection) {
    limitLog.hit(limit, outcome, actor, connection);
    if (observers.isAny()) {
      observers.tell(DormouseObserver::limitHit, new LimitHit(limit, outcome, actor, connection));
    }
  }
}
