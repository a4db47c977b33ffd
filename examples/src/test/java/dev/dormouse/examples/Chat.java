package dev.dormouse.examples;

import io.vertx.core.json.JsonObject;
import java.util.List;

/** Reads the messages of the chat. */
final class Chat {
  private Chat() {}

  static String say(String text) {
    return new JsonObject().put("type", "say").put("text", text).encode();
  }

  /** Returns the names of the members who are here. */
  static List<String> members(JsonObject welcome) {
    return welcome.getJsonArray("members").stream()
        .map(member -> ((JsonObject) member).getString("name"))
        .toList();
  }

  /** Returns the texts that were said before. */
  static List<String> history(JsonObject welcome) {
    return welcome.getJsonArray("history").stream()
        .map(line -> ((JsonObject) line).getString("text"))
        .toList();
  }
}
