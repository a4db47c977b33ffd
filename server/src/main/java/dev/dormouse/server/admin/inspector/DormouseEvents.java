package dev.dormouse.server.admin.inspector;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.host.ActorStatus;
import dev.dormouse.server.observe.DormouseObserver.ActorActivated;
import dev.dormouse.server.observe.DormouseObserver.ActorHibernated;
import dev.dormouse.server.observe.DormouseObserver.ActorReset;
import dev.dormouse.server.observe.DormouseObserver.ConnectionClosed;
import dev.dormouse.server.observe.DormouseObserver.Frame;
import dev.dormouse.server.observe.DormouseObserver.LimitHit;
import dev.dormouse.server.observe.DormouseObserver.TurnEnded;
import dev.dormouse.server.observe.DormouseObserver.UpgradeAborted;
import dev.dormouse.server.observe.DormouseObserver.UpgradeAccepted;
import dev.dormouse.server.observe.DormouseObserver.UpgradeFailed;
import dev.dormouse.server.observe.DormouseObserver.UpgradeRejected;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Formats the events of the domain {@code Dormouse}, for which the DevTools protocol has none of
 * its own. {@code protocol.json} describes them. Pure functions.
 */
final class DormouseEvents {
  private static final double NS_PER_MS = 1e6;

  private DormouseEvents() {}

  static String connectionOpened(UpgradeAccepted accepted, long nowNs) {
    return event(
        "connectionOpened",
        of(nowNs, accepted.actor(), accepted.connection())
            .put("replayed", false)
            .put("tookMs", ms(accepted.tookNs())));
  }

  static String connectionReplayed(ConnectionId connection, ActorId actor, long nowNs) {
    return event("connectionOpened", of(nowNs, actor, connection).put("replayed", true));
  }

  static String upgradeRejected(UpgradeRejected rejected, long nowNs) {
    JsonObject params =
        of(nowNs, rejected.actor(), rejected.connection())
            .put("status", rejected.status())
            .put("tookMs", ms(rejected.tookNs()));
    if (rejected.why() != null) {
      params.put("why", rejected.why());
    }
    return event("upgradeRejected", params);
  }

  static String upgradeFailed(UpgradeFailed failed, long nowNs) {
    return event(
        "upgradeFailed",
        of(nowNs, failed.actor(), failed.connection()).put("cause", failed.cause().toString()));
  }

  static String upgradeAborted(UpgradeAborted aborted, long nowNs) {
    return event("upgradeAborted", of(nowNs, aborted.actor(), aborted.connection()));
  }

  static String connectionClosed(ConnectionClosed closed, long nowNs) {
    return event(
        "connectionClosed",
        of(nowNs, closed.actor(), closed.connection())
            .put("code", closed.reason().code())
            .put("reason", closed.reason().reason())
            .put("cause", word(closed.reason().cause()))
            .put("lastedMs", ms(closed.lastedNs()))
            .put("bytesReceived", closed.bytesIn())
            .put("bytesSent", closed.bytesOut()));
  }

  /**
   * Returns the event with the details of a frame that the domain {@code Network} has no field for.
   */
  static String frameDetails(Frame frame, boolean isSent, PayloadExcerpt payload, long nowNs) {
    return event(
        "frameDetails",
        of(nowNs, frame.actor(), frame.connection())
            .put("sent", isSent)
            .put("opcode", frame.opcode())
            .put("final", frame.isFinal())
            .put("automatic", frame.isAutomatic())
            .put("bytes", frame.bytes())
            .put("shownBytes", payload.shownBytes()));
  }

  static String announced(long connections, long leftOut) {
    return event(
        "announced", new JsonObject().put("connections", connections).put("leftOut", leftOut));
  }

  static String dropped(long frames, long turns, long limits, long connections) {
    return event(
        "dropped",
        new JsonObject()
            .put("frames", frames)
            .put("turns", turns)
            .put("limits", limits)
            .put("connections", connections));
  }

  static String actorActivated(ActorActivated activated, long nowNs) {
    return event(
        "actorActivated",
        of(nowNs, activated.actor(), null)
            .put("reason", activated.reason())
            .put("wakes", activated.activation())
            .put("tookMs", ms(activated.tookNs())));
  }

  static String actorHibernated(ActorHibernated hibernated, long nowNs) {
    return event(
        "actorHibernated",
        of(nowNs, hibernated.actor(), null).put("activeMs", ms(hibernated.activeNs())));
  }

  static String actorReset(ActorReset reset, long nowNs) {
    return event("actorReset", of(nowNs, reset.actor(), null).put("cause", reset.cause()));
  }

  static String turnEnded(TurnEnded ended, long nowNs) {
    return event(
        "turnEnded",
        of(nowNs, ended.actor(), ended.connection())
            .put("event", ended.event())
            .put("outcome", word(ended.outcome()))
            .put("queuedMs", ms(ended.queuedNs()))
            .put("ranMs", ms(ended.ranNs()))
            .put("commitMs", ms(ended.commitNs()))
            .put("storedBytes", ended.storedBytes()));
  }

  static String limitHit(LimitHit hit, long nowNs) {
    return event(
        "limitHit",
        of(nowNs, hit.actor(), hit.connection())
            .put("limit", hit.limit())
            .put("outcome", hit.outcome()));
  }

  /** Returns the answer to {@code Dormouse.getActor}. */
  static JsonObject actor(ActorStatus actor) {
    return new JsonObject()
        .put("state", word(actor.state()))
        .put("connections", actor.connections())
        .put("wakes", actor.wakes())
        .put("keptAwakeBy", new JsonArray(actor.keptAwakeBy()));
  }

  private static JsonObject of(
      long nowNs, @Nullable ActorId actor, @Nullable ConnectionId connection) {
    JsonObject params = new JsonObject().put("timestamp", NetworkEvents.seconds(nowNs));
    if (actor != null) {
      params.put("actor", new JsonObject().put("type", actor.type()).put("key", actor.key()));
    }
    if (connection != null) {
      params.put("requestId", connection.toString());
    }
    return params;
  }

  private static double ms(long ns) {
    return ns / NS_PER_MS;
  }

  private static String word(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  private static String event(String name, JsonObject params) {
    return Rpc.event("Dormouse." + name, params);
  }
}
