package dev.dormouse.server.admin.inspector;

import static dev.dormouse.server.admin.inspector.Told.DEN;
import static dev.dormouse.server.admin.inspector.Told.GAME;
import static dev.dormouse.server.admin.inspector.Told.LOBBY;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.server.observe.DormouseObserver.ActorActivated;
import dev.dormouse.server.observe.DormouseObserver.ActorHibernated;
import dev.dormouse.server.observe.DormouseObserver.ActorReset;
import dev.dormouse.server.observe.DormouseObserver.LimitHit;
import dev.dormouse.server.observe.DormouseObserver.TurnEnded;
import dev.dormouse.server.observe.DormouseObserver.TurnOutcome;
import dev.dormouse.server.protocol.Time;
import io.vertx.core.json.JsonObject;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class ActorWatchTest {
  private final FakeWire wire = new FakeWire();
  private final Outbox outbox = new Outbox(wire);

  private ActorWatch watch(InspectorFilter filter) {
    return new ActorWatch(filter, outbox, Time.system());
  }

  private static void tellAll(ActorWatch watch, ActorId actor) {
    watch.upgradeAccepted(Told.accepted(Told.id(1), actor));
    watch.upgradeRejected(Told.rejected(Told.id(2), actor, 403));
    watch.upgradeFailed(Told.failed(Told.id(3), actor));
    watch.upgradeAborted(Told.aborted(Told.id(4), actor));
    watch.connectionClosed(Told.closed(Told.id(1), actor));
    watch.actorActivated(new ActorActivated(actor, "message", 2, 1_500_000));
    watch.actorHibernated(new ActorHibernated(actor, 2_000_000));
    watch.actorReset(new ActorReset(actor, "a handler threw", true));
    watch.turnEnded(
        new TurnEnded(
            actor, "message", Told.id(1), 1_000_000, 2_000_000, 3_000_000, 9, TurnOutcome.FAILED));
    watch.limitHit(new LimitHit("messages-per-second", "close 1008", actor, Told.id(1)));
  }

  private List<JsonObject> read() {
    return wire.read().stream().map(Protocol::event).toList();
  }

  @Test
  @DisplayName("N16 the events of actors are told, each as described")
  void whatHappensToActorsIsToldAsDescribed() {
    tellAll(watch(InspectorFilter.ALL), LOBBY);

    List<JsonObject> events = read();
    assertThat(events.stream().map(event -> event.getString("method")))
        .containsExactly(
            "Dormouse.connectionOpened",
            "Dormouse.upgradeRejected",
            "Dormouse.upgradeFailed",
            "Dormouse.upgradeAborted",
            "Dormouse.connectionClosed",
            "Dormouse.actorActivated",
            "Dormouse.actorHibernated",
            "Dormouse.actorReset",
            "Dormouse.turnEnded",
            "Dormouse.limitHit");
    JsonObject activated = events.get(5).getJsonObject("params");
    assertThat(activated.getJsonObject("actor"))
        .isEqualTo(new JsonObject("{\"type\": \"chat\", \"key\": \"lobby\"}"));
    assertThat(activated.getString("reason")).isEqualTo("message");
    assertThat(activated.getDouble("tookMs")).isEqualTo(1.5);
  }

  @Test
  void everyEventThatIsDescribedIsTold() {
    assertThat(Protocol.events("Dormouse"))
        .containsExactlyInAnyOrder(
            "Dormouse.connectionOpened",
            "Dormouse.connectionClosed",
            "Dormouse.upgradeRejected",
            "Dormouse.upgradeFailed",
            "Dormouse.upgradeAborted",
            "Dormouse.frameDetails",
            "Dormouse.announced",
            "Dormouse.dropped",
            "Dormouse.actorActivated",
            "Dormouse.actorHibernated",
            "Dormouse.actorReset",
            "Dormouse.turnEnded",
            "Dormouse.limitHit");
  }

  @Test
  void aFilterLeavesOutTheOthers() {
    ActorWatch watch = watch(new InspectorFilter("chat", "lobby"));
    tellAll(watch, DEN);
    tellAll(watch, GAME);
    watch.upgradeAborted(Told.aborted(Told.id(4), null));
    watch.limitHit(new LimitHit("connections", "503", null, null));
    assertThat(read()).isEmpty();

    tellAll(watch, LOBBY);
    assertThat(read()).hasSize(10);
  }

  @Test
  void turnsAndLimitsAreDroppedWhereThereIsNoRoom() {
    wire.isFull = true;
    outbox.add("x".repeat(Outbox.DROPPING_FROM_BYTES / 2));
    tellAll(watch(InspectorFilter.ALL), LOBBY);
    wire.read();
    wire.isFull = false;
    outbox.drain();

    List<String> read = wire.read();
    assertThat(read).hasSize(1 + 8 + 1);
    assertThat(Protocol.event(read.get(9)).getJsonObject("params"))
        .isEqualTo(
            new JsonObject("{\"frames\": 0, \"turns\": 1, \"limits\": 1, \"connections\": 0}"));
  }
}
