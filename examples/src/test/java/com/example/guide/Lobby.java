package com.example.guide;

import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.Upgrade;
import dev.dormouse.sdk.WebSocketActor;
import java.util.Optional;

/** A lobby that knows its players by name, and has a moderator. */
public final class Lobby extends WebSocketActor<Lobby.Player> {
  // tag::attachment
  public record Player(String name, int warnings) {
    Player warned() {
      return new Player(name, warnings + 1);
    }
  }

  // end::attachment

  // tag::upgrade
  @Override
  protected void onUpgrade(Upgrade<Player> upgrade) {
    Optional<String> name = upgrade.head().query("name");
    if (name.isEmpty()) {
      upgrade.reject(400, "the name is missing: ?name=…");
      return;
    }
    boolean isFirst = connections().isEmpty();
    upgrade.accept(new Player(name.get(), 0), isFirst ? "moderator" : "player").send("welcome");
  }

  // end::upgrade

  // tag::ping
  @Override
  protected void onActivate() {
    autoReply("ping", "pong"); // durable; the gateway answers "ping" while the actor sleeps
  }

  // end::ping

  @Override
  protected void onMessage(Connection<Player> from, String text) {
    // tag::send
    from.send("you said " + text); // to one connection
    connections().except(from).broadcast(from.attachment().name() + ": " + text); // to the others
    connections().tagged("moderator").broadcast("to moderate: " + text); // to those with the tag
    // end::send
    if (text.contains("!!")) {
      warn(from);
    }
  }

  // tag::warn
  private void warn(Connection<Player> player) {
    player.update(Player::warned);
    if (player.attachment().warnings() == 2) {
      player.close(4001, "two warnings"); // the message before it still arrives
    }
  }

  // end::warn

  // tag::close
  @Override
  protected void onClose(Connection<Player> gone, CloseReason reason) {
    String how = reason.wasClean() ? "left" : "was lost";
    connections().except(gone).broadcast(gone.attachment().name() + " " + how);
  }
  // end::close
}
