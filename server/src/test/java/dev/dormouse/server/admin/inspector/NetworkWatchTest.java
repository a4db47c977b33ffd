package dev.dormouse.server.admin.inspector;

import static dev.dormouse.server.admin.inspector.Told.DEN;
import static dev.dormouse.server.admin.inspector.Told.GAME;
import static dev.dormouse.server.admin.inspector.Told.LOBBY;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.protocol.Time;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NetworkWatchTest {
  private static final ConnectionId ID = Told.id(17);
  private static final String CREATED = "Network.webSocketCreated";
  private static final String WILL_SEND = "Network.webSocketWillSendHandshakeRequest";
  private static final String ANSWERED = "Network.webSocketHandshakeResponseReceived";
  private static final String RECEIVED = "Network.webSocketFrameReceived";
  private static final String SENT = "Network.webSocketFrameSent";
  private static final String ERROR = "Network.webSocketFrameError";
  private static final String CLOSED = "Network.webSocketClosed";

  private static final Time TIME =
      new Time() {
        @Override
        public long nowNs() {
          return 2_500_000_000L;
        }

        @Override
        public long wallMs() {
          return 1_700_000_000_250L;
        }
      };

  private final FakeWire wire = new FakeWire();
  private final Outbox outbox = new Outbox(wire);
  private boolean wantsDetails;
  private NetworkWatch watch = watch(InspectorFilter.ALL);

  private NetworkWatch watch(InspectorFilter filter) {
    return new NetworkWatch(
        filter,
        outbox,
        TIME,
        new SocketUrls(false, () -> "127.0.0.1:8080", Map.of("chat", "/chat/:key")),
        new Redaction(Set.of()),
        () -> wantsDetails);
  }

  /**
   * Returns the events that the inspector read since the last call; each must follow the protocol.
   */
  private List<JsonObject> read() {
    return wire.read().stream().map(Protocol::event).toList();
  }

  private static List<String> methods(List<JsonObject> events) {
    return events.stream().map(event -> event.getString("method")).toList();
  }

  private static String id(JsonObject event) {
    return event.getJsonObject("params").getString("requestId");
  }

  @Test
  @DisplayName("N3 an upgrade is created, sent with its headers and answered with 101")
  void anUpgradeIsCreatedSentWithItsHeadersAndAnsweredWith101() {
    watch.upgradeStarted(Told.started(ID));
    watch.upgradeAccepted(Told.accepted(ID, LOBBY));

    assertThat(read())
        .containsExactly(
            new JsonObject(
                """
                {"method": "Network.webSocketCreated", "params": {"requestId": "3.17",
                  "url": "ws://chat.example/chat/lobby?token=(redacted)"}}"""),
            new JsonObject(
                """
                {"method": "Network.webSocketWillSendHandshakeRequest", "params": {
                  "requestId": "3.17", "timestamp": 2.5, "wallTime": 1.70000000025E9,
                  "request": {"headers": {
                    "Host": "chat.example", "Authorization": "Bearer (redacted)"}}}}"""),
            new JsonObject(
                """
                {"method": "Network.webSocketHandshakeResponseReceived", "params": {
                  "requestId": "3.17", "timestamp": 2.5, "response": {"status": 101,
                    "statusText": "Switching Protocols", "headers": {"Upgrade": "websocket"}}}}"""));
  }

  @ParameterizedTest
  @ValueSource(ints = {401, 403, 426, 429, 500, 503})
  @DisplayName("N5 an upgrade that is rejected shows its status and closes")
  void anUpgradeThatIsRejectedShowsItsStatusAndCloses(int status) {
    watch.upgradeStarted(Told.started(ID));
    watch.upgradeRejected(Told.rejected(ID, null, status));

    List<JsonObject> events = read();
    assertThat(methods(events)).containsExactly(CREATED, WILL_SEND, ANSWERED, CLOSED);
    JsonObject response = events.get(2).getJsonObject("params").getJsonObject("response");
    assertThat(response.getInteger("status")).isEqualTo(status);
    assertThat(response.getString("statusText")).isNotBlank();
    assertThat(response.getJsonObject("headers").getString("Set-Cookie"))
        .isEqualTo("sid=(redacted)");
  }

  @Test
  @DisplayName("N7 an upgrade that fails shows why and closes")
  void anUpgradeThatFailsShowsWhyAndCloses() {
    watch.upgradeStarted(Told.started(ID));
    watch.upgradeFailed(Told.failed(ID, LOBBY));

    List<JsonObject> events = read();
    assertThat(methods(events)).containsExactly(CREATED, WILL_SEND, ERROR, CLOSED);
    assertThat(events.get(2).getJsonObject("params").getString("errorMessage"))
        .isEqualTo("java.lang.IllegalStateException: as wanted");
  }

  @Test
  @DisplayName("N8 an upgrade that the client gives up closes")
  void anUpgradeThatTheClientGivesUpCloses() {
    watch.upgradeStarted(Told.started(ID));
    watch.upgradeAborted(Told.aborted(ID, null));

    assertThat(methods(read())).containsExactly(CREATED, WILL_SEND, ERROR, CLOSED);
  }

  @Test
  @DisplayName("N6 frames show opcode, mask and payload")
  void framesShowOpcodeMaskAndPayload() {
    open();
    watch.frameIn(Told.text(ID, LOBBY, "grüße"));
    watch.frameOut(Told.frame(ID, LOBBY, 2, new byte[] {1, 2, 3}, true, false));

    assertThat(read())
        .containsExactly(
            new JsonObject(
                """
                {"method": "Network.webSocketFrameReceived", "params": {"requestId": "3.17",
                  "timestamp": 2.5,
                  "response": {"opcode": 1, "mask": true, "payloadData": "grüße"}}}"""),
            new JsonObject(
                """
                {"method": "Network.webSocketFrameSent", "params": {"requestId": "3.17",
                  "timestamp": 2.5,
                  "response": {"opcode": 2, "mask": false, "payloadData": "AQID"}}}"""));
  }

  private void open() {
    watch.upgradeStarted(Told.started(ID));
    watch.upgradeAccepted(Told.accepted(ID, LOBBY));
    read();
  }

  @Test
  @DisplayName("N6 automatic replies, parts and what is cut are marked for who asks for details")
  void automaticRepliesPartsAndWhatIsCutAreMarkedForWhoAsksForDetails() {
    open();
    wantsDetails = true;
    watch.frameIn(Told.frame(ID, LOBBY, 1, "ping".getBytes(StandardCharsets.UTF_8), true, true));
    watch.frameIn(Told.frame(ID, LOBBY, 0, new byte[5000], false, false));
    watch.frameOut(Told.text(ID, LOBBY, "plain"));

    List<JsonObject> events = read();
    assertThat(methods(events))
        .containsExactly(
            RECEIVED, "Dormouse.frameDetails", RECEIVED, "Dormouse.frameDetails", SENT);
    JsonObject automatic = events.get(1).getJsonObject("params");
    assertThat(automatic.getBoolean("automatic")).isTrue();
    assertThat(automatic.getBoolean("sent")).isFalse();
    JsonObject part = events.get(3).getJsonObject("params");
    assertThat(part.getBoolean("final")).isFalse();
    assertThat(part.getInteger("bytes")).isEqualTo(5000);
    assertThat(part.getInteger("shownBytes")).isEqualTo(4096);
  }

  @Test
  @DisplayName("N7 a breach of the protocol shows before the close")
  void whatIsBrokenShowsBeforeTheClose() {
    open();
    watch.frameError(Told.error(ID, LOBBY));
    watch.connectionClosed(Told.closed(ID, LOBBY));

    assertThat(methods(read())).containsExactly(ERROR, CLOSED);
  }

  @Test
  @DisplayName("N16 sockets that are open already are announced")
  void thoseThatAreOpen() {
    wantsDetails = true;
    watch.found(Told.id(1), LOBBY);
    watch.found(Told.id(2), DEN);
    watch.foundAll(5);
    outbox.whenEmpty(watch::announceNext);

    List<JsonObject> events = read();
    assertThat(methods(events))
        .containsExactly(
            CREATED,
            WILL_SEND,
            ANSWERED,
            "Dormouse.connectionOpened",
            CREATED,
            WILL_SEND,
            ANSWERED,
            "Dormouse.connectionOpened",
            "Dormouse.announced");
    assertThat(events.get(0).getJsonObject("params").getString("url"))
        .isEqualTo("ws://127.0.0.1:8080/chat/lobby");
    assertThat(events.get(8).getJsonObject("params"))
        .isEqualTo(new JsonObject("{\"connections\": 2, \"leftOut\": 5}"));
  }

  @Test
  @DisplayName("N16 a frame of a socket that is not announced yet announces it")
  void aFrameBeforeTheAnnouncement() {
    watch.found(ID, LOBBY);
    watch.frameIn(Told.text(ID, LOBBY, "hi"));
    watch.connectionClosed(Told.closed(ID, LOBBY));
    watch.foundAll(0);
    outbox.whenEmpty(watch::announceNext);

    assertThat(methods(read())).containsExactly(CREATED, WILL_SEND, ANSWERED, RECEIVED, CLOSED);
  }

  @Test
  void anUpgradeThatBeganBeforeTheInspectorCameIsAnnouncedWithItsAnswer() {
    watch.upgradeAccepted(Told.accepted(ID, LOBBY));
    watch.found(ID, LOBBY);
    watch.foundAll(0);
    outbox.whenEmpty(watch::announceNext);

    List<JsonObject> events = read();
    assertThat(methods(events)).containsExactly(CREATED, WILL_SEND, ANSWERED);
    assertThat(
            events
                .get(2)
                .getJsonObject("params")
                .getJsonObject("response")
                .getJsonObject("headers")
                .getString("Upgrade"))
        .isEqualTo("websocket");
  }

  @Test
  void nothingIsSaidOfASocketThatClosedBeforeTheInspectorCame() {
    watch.frameOut(Told.text(ID, LOBBY, "late"));
    watch.frameError(Told.error(ID, LOBBY));
    watch.connectionClosed(Told.closed(ID, LOBBY));

    assertThat(read()).isEmpty();
  }

  @Test
  void aFilterWaitsForTheActorAndLeavesOutTheOthers() {
    watch = watch(new InspectorFilter("chat", "lobby"));
    watch.upgradeStarted(Told.started(Told.id(1)));
    watch.upgradeStarted(Told.started(Told.id(2)));
    watch.upgradeStarted(Told.started(Told.id(3)));
    watch.upgradeStarted(Told.started(Told.id(4)));
    assertThat(read()).isEmpty();

    watch.upgradeAccepted(Told.accepted(Told.id(1), DEN));
    watch.upgradeAccepted(Told.accepted(Told.id(2), LOBBY));
    watch.upgradeRejected(Told.rejected(Told.id(3), null, 403));
    watch.upgradeRejected(Told.rejected(Told.id(4), LOBBY, 403));
    watch.frameIn(Told.text(Told.id(1), DEN, "not for you"));
    watch.upgradeAccepted(Told.accepted(Told.id(5), GAME));

    List<JsonObject> events = read();
    assertThat(methods(events))
        .containsExactly(CREATED, WILL_SEND, ANSWERED, CREATED, WILL_SEND, ANSWERED, CLOSED);
    assertThat(events.stream().map(NetworkWatchTest::id).distinct()).containsExactly("3.2", "3.4");
  }

  @Test
  void whoIsStoppedSaysNothingMore() {
    open();
    watch.stop();
    watch.frameIn(Told.text(ID, LOBBY, "hi"));
    watch.upgradeStarted(Told.started(Told.id(2)));
    watch.found(Told.id(3), LOBBY);
    watch.upgradeAccepted(Told.accepted(Told.id(4), LOBBY));
    watch.connectionClosed(Told.closed(ID, LOBBY));

    assertThat(watch.announceNext()).isFalse();
    assertThat(read()).isEmpty();
  }

  @Test
  void whoFollowsTooManyIsToldHowManyAreLeftOut() {
    for (int i = 0; i < NetworkWatch.FOLLOWED_MAX; i++) {
      watch.upgradeStarted(Told.started(Told.id(i)));
      if (i % 1_000 == 0) {
        read();
      }
    }
    read();
    watch.upgradeStarted(Told.started(Told.id(NetworkWatch.FOLLOWED_MAX)));
    watch.upgradeAborted(Told.aborted(Told.id(0), null));

    List<JsonObject> events = read();
    assertThat(methods(events)).containsExactly("Dormouse.dropped", ERROR, CLOSED);
    assertThat(events.get(0).getJsonObject("params").getInteger("connections")).isEqualTo(1);
  }

  /** The life of one connection, as gateways report it, in pieces. */
  private static final class Life {
    final ConnectionId id;
    final ActorId actor;
    final boolean isOpenBefore;
    final List<Runnable> deeds = new ArrayList<>();

    Life(int number, Random random, NetworkWatch watch) {
      id = Told.id(number);
      actor = List.of(LOBBY, DEN, GAME).get(random.nextInt(3));
      isOpenBefore = random.nextInt(3) == 0;
      if (isOpenBefore) {
        deeds.add(() -> watch.found(id, actor));
      } else {
        deeds.add(() -> watch.upgradeStarted(Told.started(id)));
      }
      int end = isOpenBefore ? 3 : random.nextInt(5);
      switch (end) {
        case 0 -> deeds.add(() -> watch.upgradeRejected(Told.rejected(id, actor, 403)));
        case 1 -> deeds.add(() -> watch.upgradeFailed(Told.failed(id, actor)));
        case 2 -> deeds.add(() -> watch.upgradeAborted(Told.aborted(id, actor)));
        default -> {
          if (!isOpenBefore) {
            deeds.add(() -> watch.upgradeAccepted(Told.accepted(id, actor)));
            deeds.add(() -> watch.found(id, actor));
          }
          for (int i = random.nextInt(3); i > 0; i--) {
            deeds.add(() -> watch.frameIn(Told.text(id, actor, "hi")));
            deeds.add(() -> watch.frameOut(Told.text(id, actor, "ho")));
          }
          deeds.add(() -> watch.connectionClosed(Told.closed(id, actor)));
        }
      }
    }
  }

  @RepeatedTest(50)
  @DisplayName(
      "N8 whatever happens, each connection is created once, then told of, then closed once")
  void whateverHappensEachConnectionIsCreatedOnceThenToldOfThenClosedOnce() {
    long seed = Long.getLong("dormouse.test.seed", new Random().nextLong());
    System.out.println("NetworkWatchTest: -Ddormouse.test.seed=" + seed);
    Random random = new Random(seed);
    InspectorFilter filter =
        random.nextBoolean() ? InspectorFilter.ALL : new InspectorFilter("chat", null);
    watch = watch(filter);
    Map<ConnectionId, ActorId> actors = new HashMap<>();
    List<Life> lives = new ArrayList<>();
    for (int i = 1; i <= 20; i++) {
      Life life = new Life(i, random, watch);
      if (!life.isOpenBefore || filter.matches(life.actor)) {
        lives.add(life);
        actors.put(life.id, life.actor);
      }
    }
    outbox.whenEmpty(watch::announceNext);
    List<JsonObject> events = new ArrayList<>();
    while (!lives.isEmpty()) {
      Life next = lives.get(random.nextInt(lives.size()));
      next.deeds.remove(0).run();
      if (next.deeds.isEmpty()) {
        lives.remove(next);
      }
      if (random.nextInt(4) == 0) {
        events.addAll(read());
      }
    }
    events.addAll(read());

    Map<String, List<String>> byId = new HashMap<>();
    events.forEach(
        event ->
            byId.computeIfAbsent(id(event), id -> new ArrayList<>())
                .add(event.getString("method")));
    Set<String> wanted = new HashSet<>();
    actors.forEach(
        (id, actor) -> {
          if (filter.matches(actor)) {
            wanted.add(id.toString());
          }
        });
    assertThat(byId.keySet()).isEqualTo(wanted);
    byId.forEach(
        (id, methods) ->
            assertThat(String.join(" ", methods))
                .as("seed %d, connection %s", seed, id)
                .matches(
                    "%s %s (%s( %s| %s)*|%s|%s) %s"
                        .formatted(
                            CREATED, WILL_SEND, ANSWERED, RECEIVED, SENT, ANSWERED, ERROR,
                            CLOSED)));
  }
}
