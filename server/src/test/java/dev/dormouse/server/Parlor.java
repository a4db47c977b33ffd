package dev.dormouse.server;

import dev.dormouse.sdk.ActorOptions;
import dev.dormouse.sdk.Alarm;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.HttpRequest;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.sdk.Upgrade;
import dev.dormouse.sdk.WebSocketActor;
import dev.dormouse.server.node.ActorDefinition;
import dev.dormouse.server.options.ServerOptions;
import dev.dormouse.server.protocol.DirectTransport;
import dev.dormouse.storage.Durability;
import dev.dormouse.storage.NodeStore;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** An actor with everything that the admin pages can show of one; it obeys its clients. */
public final class Parlor extends WebSocketActor<Parlor.Guest> {

  /** The guest that a connection belongs to. */
  public record Guest(String name, int said, long born) {}

  private final CompletableFuture<Void> held;
  private int heard;

  /** Creates an actor that waits for this future when it is told to hold. */
  Parlor(CompletableFuture<Void> held) {
    this.held = held;
  }

  /** Opens a server of parlors over a store, which it closes; the parlors stay in memory. */
  static DormouseServer open(NodeStore store, CompletableFuture<Void> held) {
    return DormouseServer.open(
        List.of(
            ActorDefinition.of(
                "/parlor/:key", Parlor.class, () -> new Parlor(held), ActorOptions.defaults())),
        List.of(),
        List.of(),
        ServerOptions.defaults()
            .port(0)
            .adminPort(0)
            .idle(Duration.ofHours(1))
            .data(Path.of("unused"))
            .durability(Durability.WAL),
        store,
        new DirectTransport());
  }

  @Override
  protected void onUpgrade(Upgrade<Guest> upgrade) {
    upgrade.accept(
        new Guest(upgrade.head().query("name").orElse("guest"), 0, 1L << 60), "guest", "new");
  }

  /**
   * Obeys a message: {@code keep k n} stores n characters; {@code hold} waits; {@code fail} throws;
   * {@code alarm} sets an alarm. All but {@code hold} are answered with the number of messages that
   * this object heard.
   */
  @Override
  protected void onMessage(Connection<Guest> from, String text) {
    heard++;
    String[] words = text.split(" ");
    switch (words[0]) {
      case "keep" -> storage().put(words[1], "x".repeat(Integer.parseInt(words[2])));
      case "hold" -> {
        waitFor(held);
        return;
      }
      case "fail" -> throw new IllegalStateException("as asked: " + "why ".repeat(1_000));
      case "alarm" -> alarms().after("ring", Duration.ofHours(1));
      default -> {}
    }
    from.send("heard " + heard);
  }

  @Override
  protected void onAlarm(Alarm alarm) {}

  @Override
  protected void onClose(Connection<Guest> gone, CloseReason reason) {
    storage().put("gone", reason.code() + " " + reason.reason() + " " + reason.cause());
  }

  @Override
  protected HttpResponse onRequest(HttpRequest request) {
    return HttpResponse.text(200, "here");
  }
}
