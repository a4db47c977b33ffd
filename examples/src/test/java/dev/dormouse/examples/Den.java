package dev.dormouse.examples;

import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.Upgrade;
import dev.dormouse.sdk.WebSocketActor;
import java.time.Duration;
import java.util.List;

/**
 * An actor that has something of everything the admin pages show. A client comes with {@code
 * ?name=…&tags=a,b}. Its messages are {@code put <key> <text>}, {@code alarm <seconds> <name>} and
 * {@code fail}; the last part of each may hold spaces. Every message but {@code fail} is answered
 * with itself.
 */
final class Den extends WebSocketActor<Den.Guest> {

  /** The guest that a connection belongs to. */
  record Guest(String name, List<String> rights, int visits) {}

  @Override
  protected void onUpgrade(Upgrade<Guest> upgrade) {
    upgrade.accept(
        new Guest(upgrade.head().query("name").orElse("nobody"), List.of("read", "write"), 1),
        upgrade.head().query("tags").orElse("guest").split(","));
  }

  @Override
  protected void onMessage(Connection<Guest> from, String message) {
    String[] words = message.split(" ", 3);
    switch (words[0]) {
      case "put" -> storage().put(words[1], words[2]);
      case "alarm" -> alarms().after(words[2], Duration.ofSeconds(Long.parseLong(words[1])));
      case "fail" -> throw new IllegalStateException("as it was told to");
      default -> {}
    }
    from.send(message);
  }
}
