package com.example;

import dev.dormouse.sdk.Alarm;
import dev.dormouse.sdk.Call;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.Connections;
import dev.dormouse.sdk.KeyRange;
import dev.dormouse.sdk.StorageKey;
import dev.dormouse.sdk.Upgrade;
import dev.dormouse.sdk.WebSocketActor;
import dev.dormouse.server.Dormouse;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;

/** A room with a chat and its history, with presence, and with reminders. */
public final class MeetingRoom extends WebSocketActor<MeetingRoom.Member> {
  /** The attachment of a connection, which is stored with the connection. */
  public record Member(String name) {}

  /** One message of the history. */
  public record Line(String name, String text) {}

  /** Asks who is here. */
  public record WhoIsHere() implements Call<String> {}

  private static final int KEPT = 100;
  private static final StorageKey<Long> COUNT = StorageKey.of("count", Long.class);
  private static final StorageKey<Line> LINE = StorageKey.of("line/", Line.class);
  private static final StorageKey<String> REMINDER = StorageKey.of("reminder/", String.class);

  @Override
  protected void onUpgrade(Upgrade<Member> upgrade) {
    String name = upgrade.head().query("name").orElse("");
    if (name.isBlank()) {
      upgrade.reject(400, "the name is missing: ?name=…");
      return;
    }
    Connection<Member> me = upgrade.accept(new Member(name));
    KeyRange newestFirst = KeyRange.prefix(LINE.name()).reversed().limit(3);
    List<Line> last =
        storage().list(newestFirst, Line.class).stream().map(entry -> entry.value()).toList();
    for (int i = last.size() - 1; i >= 0; i--) {
      me.send("earlier " + last.get(i).name() + ": " + last.get(i).text());
    }
    connections().broadcast("here: " + names(connections()));
  }

  @Override
  protected void onMessage(Connection<Member> from, String text) {
    String[] words = text.split(" ", 3);
    if (words[0].equals("/remind") && words.length == 3) {
      remind(Duration.ofSeconds(Long.parseLong(words[1])), words[2]); // what throws changes nothing
      from.send("I shall remind you");
      return;
    }
    String name = from.attachment().name();
    long number = storage().increment(COUNT, 1);
    storage().put(line(number), new Line(name, text));
    storage().delete(line(number - KEPT));
    connections().broadcast(name + ": " + text); // leaves once the line is on disk
  }

  private static StorageKey<Line> line(long number) {
    return LINE.at("%016x".formatted(number)); // keys are in the order of their bytes
  }

  private void remind(Duration delay, String of) {
    String name = String.valueOf(storage().increment("reminders", 1));
    storage().put(REMINDER.at(name), of);
    alarms().after(name, delay); // wakes the room if it sleeps then
  }

  @Override
  protected void onAlarm(Alarm alarm) {
    StorageKey<String> reminder = REMINDER.at(alarm.name());
    storage().get(reminder).ifPresent(of -> connections().broadcast("reminder: " + of));
    storage().delete(reminder);
  }

  @Override
  protected void onClose(Connection<Member> gone, CloseReason reason) {
    Connections<Member> others = connections().except(gone);
    others.broadcast("here: " + names(others));
  }

  String onCall(WhoIsHere call) {
    return names(connections());
  }

  private static String names(Connections<Member> members) {
    return members.attachments().stream()
        .map(Member::name)
        .distinct()
        .sorted()
        .collect(Collectors.joining(", "));
  }

  public static void main(String[] args) {
    Dormouse.server().actor("/room/:key", MeetingRoom.class, MeetingRoom::new).start(args);
  }
}
