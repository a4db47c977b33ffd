package dev.dormouse.examples;

import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.KeyRange;
import dev.dormouse.sdk.Storage;
import dev.dormouse.sdk.StorageKey;
import dev.dormouse.sdk.Upgrade;
import dev.dormouse.sdk.WebSocketActor;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Optional;

/**
 * A chat room. The attachments of its connections tell who is here, and its storage holds the last
 * lines, so the room may sleep whenever nobody speaks.
 *
 * <p>Clients send {@code {"type":"say","text":…}} and {@code {"type":"rename","name":…}}; they hear
 * {@code welcome} (who is here, the last {@value #HISTORY} lines), {@code said}, {@code joined},
 * {@code left}, {@code renamed} and {@code error}.
 */
public final class ChatRoom extends WebSocketActor<ChatRoom.Member> {
  static final int HISTORY = 100;
  static final int KEPT = 1_000;
  static final int TEXT_MAX = 2_000;
  static final int NAME_MAX = 40;
  private static final StorageKey<Line> LINE = StorageKey.of("line/", Line.class);

  /** The member that a connection belongs to. */
  public record Member(String name) {}

  /** A line that a member said. */
  public record Line(long id, String member, String name, String text, long atMs) {}

  private long lastId;

  @Override
  protected void onActivate() {
    lastId =
        storage().list(KeyRange.prefix(LINE.name()).reversed().limit(1), Line.class).stream()
            .mapToLong(entry -> entry.value().id())
            .findFirst()
            .orElse(0);
  }

  @Override
  protected void onUpgrade(Upgrade<Member> upgrade) {
    Optional<String> name = upgrade.head().query("name").flatMap(ChatRoom::nameOf);
    if (name.isEmpty()) {
      upgrade.reject(400, "a name of 1 to " + NAME_MAX + " characters is needed: ?name=…");
      return;
    }
    Connection<Member> me = upgrade.accept(new Member(name.get()));
    me.send(welcome(me).encode());
    connections().except(me).broadcast(event("joined").put("member", json(me)).encode());
  }

  @Override
  protected void onMessage(Connection<Member> from, String text) {
    try {
      JsonObject message = new JsonObject(text);
      switch (textOf(message, "type")) {
        case "say" -> say(from, textOf(message, "text"));
        case "rename" -> rename(from, textOf(message, "name"));
        default -> refuse(from, "the type is neither 'say' nor 'rename'");
      }
    } catch (DecodeException e) {
      refuse(from, "that is not a message in JSON");
    }
  }

  private void say(Connection<Member> from, String text) {
    String said = text.strip();
    if (said.isEmpty() || said.length() > TEXT_MAX) {
      refuse(from, "a text has 1 to " + TEXT_MAX + " characters, this one " + said.length());
      return;
    }
    Line line =
        new Line(
            ++lastId, from.id().toString(), from.attachment().name(), said, now().toEpochMilli());
    storage().put(key(line.id()), line);
    storage().delete(key(line.id() - KEPT));
    connections().broadcast(json(line).encode());
  }

  private void rename(Connection<Member> from, String wanted) {
    Optional<String> name = nameOf(wanted);
    if (name.isEmpty()) {
      refuse(from, "a name has 1 to " + NAME_MAX + " characters");
      return;
    }
    String was = from.attachment().name();
    from.attach(new Member(name.get()));
    connections().broadcast(event("renamed").put("member", json(from)).put("was", was).encode());
  }

  @Override
  protected void onClose(Connection<Member> gone, CloseReason reason) {
    connections().broadcast(event("left").put("member", json(gone)).encode());
  }

  private JsonObject welcome(Connection<Member> me) {
    JsonArray members = new JsonArray();
    connections().forEach(connection -> members.add(json(connection)));
    List<Storage.Entry<Line>> last =
        storage().list(KeyRange.prefix(LINE.name()).reversed().limit(HISTORY), Line.class);
    JsonArray history = new JsonArray();
    for (int i = last.size() - 1; i >= 0; i--) {
      history.add(json(last.get(i).value()));
    }
    return event("welcome").put("you", json(me)).put("members", members).put("history", history);
  }

  private static String textOf(JsonObject message, String field) {
    return message.getValue(field) instanceof String text ? text : "";
  }

  private static Optional<String> nameOf(String wanted) {
    String name = wanted.strip();
    return name.isEmpty() || name.length() > NAME_MAX ? Optional.empty() : Optional.of(name);
  }

  private static void refuse(Connection<Member> from, String why) {
    from.send(event("error").put("message", why).encode());
  }

  private static StorageKey<Line> key(long id) {
    return LINE.at("%016x".formatted(id));
  }

  private static JsonObject event(String type) {
    return new JsonObject().put("type", type);
  }

  private static JsonObject json(Connection<Member> connection) {
    return new JsonObject()
        .put("id", connection.id().toString())
        .put("name", connection.attachment().name());
  }

  private static JsonObject json(Line line) {
    return event("said")
        .put("id", line.id())
        .put("member", line.member())
        .put("name", line.name())
        .put("text", line.text())
        .put("at", line.atMs());
  }
}
