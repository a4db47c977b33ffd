package dev.dormouse.server.admin.dashboard;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.Alarm;
import dev.dormouse.server.cluster.ClusterView;
import dev.dormouse.server.host.ActorStatus;
import dev.dormouse.server.observe.DormouseObserver.TurnEnded;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Converts the state of actors to JSON. */
final class ActorJson {
  private ActorJson() {}

  /** Returns an actor's status, with the number of its alarms and the first of them. */
  static JsonObject of(ActorStatus actor, List<Alarm> alarms, int alarmsShown) {
    JsonArray first = new JsonArray();
    alarms.stream().limit(alarmsShown).forEach(alarm -> first.add(of(alarm)));
    return of(actor).put("alarms", alarms.size()).put("nextAlarms", first);
  }

  /**
   * Adds to an actor's status the name of the node that runs the actor, null if it is not known.
   *
   * @param cluster shows the cluster; null on a server that is alone, where nothing is added
   */
  static JsonObject withOwner(@Nullable ClusterView cluster, ActorId actor, JsonObject status) {
    return cluster == null ? status : status.put("owner", cluster.ownerOf(actor));
  }

  static JsonObject of(ActorStatus actor) {
    return new JsonObject()
        .put("type", actor.id().type())
        .put("key", actor.id().key())
        .put("state", actor.state().name().toLowerCase(Locale.ROOT))
        .put("connections", actor.connections())
        .put("wakes", actor.wakes())
        .put("keptAwakeBy", new JsonArray(actor.keptAwakeBy()));
  }

  private static JsonObject of(Alarm alarm) {
    return new JsonObject()
        .put("name", alarm.name())
        .put("due", alarm.due().toString())
        .put("attempt", alarm.attempt());
  }

  /** Returns the time and reason of an actor's last wake; null if it is not remembered. */
  static @Nullable JsonObject of(RecentWakes.@Nullable Wake wake) {
    return wake == null
        ? null
        : new JsonObject()
            .put("at", at(wake.atMs()))
            .put("reason", wake.reason())
            .put("tookMs", ms(wake.tookNs()));
  }

  /** Returns the time and reason of an actor's last reset; null if none is remembered. */
  static @Nullable JsonObject of(RecentWakes.@Nullable Reset reset) {
    return reset == null
        ? null
        : new JsonObject().put("at", at(reset.atMs())).put("cause", reset.cause());
  }

  /** Returns the failures of an actor; null if none is remembered. */
  static @Nullable JsonObject of(RecentWakes.@Nullable Failures failures) {
    return failures == null
        ? null
        : new JsonObject()
            .put("number", failures.number())
            .put("at", at(failures.last().atMs()))
            .put("cause", failures.last().cause());
  }

  /** Returns turns, the last one first. */
  static JsonArray of(List<RecentTurns.Turn> turns) {
    JsonArray array = new JsonArray();
    for (RecentTurns.Turn turn : turns) {
      TurnEnded ended = turn.ended();
      array.add(
          new JsonObject()
              .put("at", at(turn.atMs()))
              .put("event", ended.event())
              .put("connection", ended.connection() == null ? null : ended.connection().toString())
              .put("queuedMs", ms(ended.queuedNs()))
              .put("ranMs", ms(ended.ranNs()))
              .put("commitMs", ms(ended.commitNs()))
              .put("storedBytes", ended.storedBytes())
              .put("outcome", ended.outcome().name().toLowerCase(Locale.ROOT))
              .put("cause", turn.cause()));
    }
    return array;
  }

  static String at(long ms) {
    return Instant.ofEpochMilli(ms).toString();
  }

  /** Returns milliseconds, exact to the microsecond. */
  static double ms(long ns) {
    return TimeUnit.NANOSECONDS.toMicros(ns) / 1_000.0;
  }
}
