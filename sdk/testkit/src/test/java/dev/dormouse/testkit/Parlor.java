package dev.dormouse.testkit;

import dev.dormouse.sdk.Alarm;
import dev.dormouse.sdk.Call;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.HttpAnswer;
import dev.dormouse.sdk.HttpRequest;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.sdk.Upgrade;
import dev.dormouse.sdk.User;
import dev.dormouse.sdk.WebSocketActor;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** An actor that does what it is told, one word for each verb of the SDK. */
final class Parlor extends WebSocketActor<Parlor.Guest> {
  record Guest(String name, int said) {}

  /** Asks how many guests are here, after telling them a text. */
  record Announce(String text) implements Call<Integer> {}

  int onCall(Announce call) {
    connections().broadcast(call.text());
    return connections().count();
  }

  /** The stages that turns wait for, in order; a test completes them. */
  private final CompletableFuture<String> stage;

  private int saidSinceAwake;

  Parlor() {
    this(new CompletableFuture<>());
  }

  Parlor(CompletableFuture<String> stage) {
    this.stage = stage;
  }

  @Override
  protected void onUpgrade(Upgrade<Guest> upgrade) {
    String name =
        upgrade
            .head()
            .user()
            .map(User::subject)
            .or(() -> upgrade.head().query("name"))
            .or(() -> upgrade.head().header("X-Name"))
            .orElse("");
    if (name.isEmpty()) {
      upgrade.reject(HttpResponse.text(403, "who are you?"));
      return;
    }
    Connection<Guest> me = upgrade.accept(new Guest(name, 0), "guest", name.substring(0, 1));
    me.send("welcome " + name);
    connections().except(me).broadcast(name + " joined");
  }

  @Override
  protected void onMessage(Connection<Guest> from, String text) {
    Guest guest = from.attachment();
    from.attach(new Guest(guest.name(), guest.said() + 1));
    saidSinceAwake++;
    String[] words = text.split(" ", 2);
    String rest = words.length < 2 ? "" : words[1];
    switch (words[0]) {
      case "count" -> from.send(String.valueOf(from.attachment().said()));
      case "key" -> from.send(id().key());
      case "field" -> from.send(String.valueOf(saidSinceAwake));
      case "keep" -> storage().put("kept", rest);
      case "kept" -> from.send(storage().get("kept", String.class).orElse("nothing"));
      case "tagged" -> connections().tagged(rest).broadcast("to " + rest);
      case "fail" -> {
        storage().put("kept", "never");
        from.send("never");
        throw new IllegalStateException("as told");
      }
      case "wait" -> {
        waitFor(stage.thenAccept(from::send));
        storage().put("kept", "waited");
      }
      case "alarm" -> alarms().after(rest, Duration.ofHours(1));
      case "now" -> alarms().after(rest, Duration.ZERO);
      case "next" ->
          waitFor(
              actor(Parlor.class, rest)
                  .ask(new Announce(guest.name() + " knocks"))
                  .thenAccept(there -> from.send(there + " there")));
      case "auto" -> autoReply("ping", "pong");
      case "leave" -> from.close(4001, "bye");
      case "flood" -> {
        for (int i = 0; i < 40; i++) {
          from.send(i + "x".repeat(999));
        }
      }
      default -> connections().broadcast(guest.name() + ": " + text);
    }
  }

  @Override
  protected void onAlarm(Alarm alarm) {
    connections().broadcast("alarm " + alarm.name());
  }

  @Override
  protected HttpAnswer onRequest(HttpRequest request) {
    return HttpResponse.text(200, request.head().method() + " " + request.text())
        .with("X-Here", String.valueOf(connections().count()))
        .with("Connection", "close");
  }

  @Override
  protected void onClose(Connection<Guest> gone, CloseReason reason) {
    connections()
        .except(gone)
        .broadcast(gone.attachment().name() + " left " + reason.code() + " " + reason.cause());
    storage().put("last", gone.attachment().name() + " " + reason.cause());
  }
}
