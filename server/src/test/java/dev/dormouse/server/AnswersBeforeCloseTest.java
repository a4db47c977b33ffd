package dev.dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.WebSocketActor;
import dev.dormouse.server.gateway.RawClient;
import dev.dormouse.server.options.ServerOptions;
import dev.dormouse.storage.Durability;
import java.nio.file.Path;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Checks that a message sent before a close is answered before the close is, on a server with a
 * disk.
 */
class AnswersBeforeCloseTest {
  private static final ActorId ROOM = new ActorId("room", "one");
  private static final int TIMES = 20;

  @TempDir private Path folder;
  private final BlockingQueue<CloseReason> closes = new LinkedBlockingQueue<>();
  private final CompletableFuture<Void> never = new CompletableFuture<>();
  private DormouseServer server;

  /** Answers in the way that the message asks for. */
  public static final class Room extends WebSocketActor<Void> {
    private final BlockingQueue<CloseReason> closes;
    private final CompletableFuture<Void> never;

    Room(BlockingQueue<CloseReason> closes, CompletableFuture<Void> never) {
      this.closes = closes;
      this.never = never;
    }

    @Override
    protected void onMessage(Connection<Void> from, String text) {
      storage().put("last", text);
      switch (text) {
        case "wait" ->
            waitFor(CompletableFuture.runAsync(() -> {}).thenRun(() -> from.send("answer")));
        case "never" -> waitFor(never.thenRun(() -> from.send("answer")));
        case "broadcast" -> connections().broadcast("answer");
        case "close" -> {
          from.send("answer");
          from.close(4000, "enough");
        }
        default -> from.send("answer");
      }
    }

    @Override
    protected void onClose(Connection<Void> gone, CloseReason reason) {
      gone.close(reason.code(), reason.reason());
      closes.add(reason);
    }
  }

  @BeforeEach
  void start() {
    server =
        Dormouse.server()
            .actor("/room/:key", Room.class, () -> new Room(closes, never))
            .open(
                ServerOptions.defaults()
                    .port(0)
                    .adminPort(0)
                    .data(folder.resolve("d"))
                    .durability(Durability.WAL));
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private CloseReason nextClose() throws InterruptedException {
    CloseReason next = closes.poll(20, TimeUnit.SECONDS);
    assertThat(next).isNotNull();
    return next;
  }

  @ParameterizedTest
  @ValueSource(strings = {"send", "wait", "broadcast", "close"})
  @DisplayName("O2 send, then at once close: answered, then the close is echoed, each time")
  void whatIsSentRightBeforeACloseIsAnsweredBeforeTheEcho(String way) throws Exception {
    for (int i = 0; i < TIMES; i++) {
      try (RawClient client = new RawClient(server.port()).open("/room/one")) {
        client.send(
            RawClient.frame(RawClient.TEXT, way), RawClient.closeFrame(3000 + i, "so long"));
        assertThat(client.readText()).isEqualTo("answer");
        assertThat(client.readClose()).isEqualTo(3000 + i);
        assertThat(nextClose().code()).isEqualTo(3000 + i);
      }
    }
  }

  @Test
  @DisplayName("O2 an actor that sleeps wakes for it, and many messages are all answered")
  void anActorThatSleepsWakesForItAndManyMessagesAreAllAnswered() throws Exception {
    for (int i = 0; i < TIMES; i++) {
      try (RawClient client = new RawClient(server.port()).open("/room/one")) {
        server.hibernate(ROOM).toCompletableFuture().get(10, TimeUnit.SECONDS);
        byte[] message = RawClient.frame(RawClient.TEXT, "send");
        client.send(message, message, message, RawClient.closeFrame(1000, ""));
        for (int answer = 0; answer < 3; answer++) {
          assertThat(client.readText()).isEqualTo("answer");
        }
        assertThat(client.readClose()).isEqualTo(1000);
        assertThat(nextClose().code()).isEqualTo(1000);
      }
    }
  }

  @Test
  @DisplayName("O2 an answer that does not come holds up the close for a second, not for ever")
  void anAnswerThatDoesNotComeHoldsUpTheCloseForASecondNotForEver() throws Exception {
    try (RawClient client = new RawClient(server.port()).open("/room/one")) {
      client.send(RawClient.frame(RawClient.TEXT, "never"), RawClient.closeFrame(1000, ""));
      assertThat(client.readClose()).isEqualTo(1000);
      client.awaitEnd();
      assertThat(closes).isEmpty();
      never.complete(null);
      assertThat(nextClose().code()).isEqualTo(1000);
    }
  }
}
