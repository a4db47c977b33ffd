package dev.dormouse.server.admin.inspector;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.Header;
import dev.dormouse.sdk.RequestHead;
import dev.dormouse.server.observe.DormouseObserver.ConnectionClosed;
import dev.dormouse.server.observe.DormouseObserver.Frame;
import dev.dormouse.server.observe.DormouseObserver.FrameError;
import dev.dormouse.server.observe.DormouseObserver.UpgradeAborted;
import dev.dormouse.server.observe.DormouseObserver.UpgradeAccepted;
import dev.dormouse.server.observe.DormouseObserver.UpgradeFailed;
import dev.dormouse.server.observe.DormouseObserver.UpgradeRejected;
import dev.dormouse.server.observe.DormouseObserver.UpgradeStarted;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Holds the events that observers are told of. */
final class Told {
  static final ActorId LOBBY = new ActorId("chat", "lobby");
  static final ActorId DEN = new ActorId("chat", "den");
  static final ActorId GAME = new ActorId("game", "1");

  private Told() {}

  static ConnectionId id(int number) {
    return ConnectionId.of(3, number);
  }

  static UpgradeStarted started(ConnectionId id) {
    return new UpgradeStarted(
        id,
        new RequestHead(
            "GET",
            "/chat/lobby",
            Map.of("token", List.of("s3cret")),
            List.of(
                new Header("Host", "chat.example"), new Header("Authorization", "Bearer s3cret")),
            "127.0.0.1"));
  }

  static UpgradeAccepted accepted(ConnectionId id, ActorId actor) {
    return new UpgradeAccepted(
        id, actor, "", List.of(new Header("Upgrade", "websocket")), 1_000_000);
  }

  static UpgradeRejected rejected(ConnectionId id, @Nullable ActorId actor, int status) {
    return new UpgradeRejected(
        id, actor, status, List.of(new Header("Set-Cookie", "sid=s3cret")), null, 1_000_000);
  }

  static UpgradeFailed failed(ConnectionId id, @Nullable ActorId actor) {
    return new UpgradeFailed(id, actor, new IllegalStateException("as wanted"));
  }

  static UpgradeAborted aborted(ConnectionId id, @Nullable ActorId actor) {
    return new UpgradeAborted(id, actor);
  }

  static Frame text(ConnectionId id, ActorId actor, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return frame(id, actor, 1, bytes, true, false);
  }

  static Frame frame(
      ConnectionId id,
      ActorId actor,
      int opcode,
      byte[] bytes,
      boolean isFinal,
      boolean isAutomatic) {
    return new Frame(
        id,
        actor,
        opcode,
        isFinal,
        bytes.length,
        isAutomatic,
        max -> Arrays.copyOf(bytes, Math.min(max, bytes.length)));
  }

  static FrameError error(ConnectionId id, ActorId actor) {
    return new FrameError(id, actor, "a reserved bit is set");
  }

  static ConnectionClosed closed(ConnectionId id, ActorId actor) {
    return new ConnectionClosed(
        id, actor, new CloseReason(1000, "bye", CloseReason.Cause.CLIENT), 5_000_000, 2, 4);
  }
}
