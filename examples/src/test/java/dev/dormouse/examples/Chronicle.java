package dev.dormouse.examples;

import dev.dormouse.sdk.Alarm;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.HttpRequest;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.sdk.Storage;
import dev.dormouse.sdk.Upgrade;
import dev.dormouse.sdk.WebSocketActor;
import dev.dormouse.server.Dormouse;
import java.time.Duration;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Supplier;

/**
 * An actor that writes down every event in several places that must agree afterwards. It greets a
 * connection with {@code hello}. It answers a message with {@code done <count> <hash>}, as {@link
 * Journal} does. If the message begins with {@code all}, it also tells all connections {@code said
 * <count> <hash>} and sets an alarm, which tells them {@code rang <name>}. {@code GET} returns the
 * stored values, a key and value on each line.
 */
public class Chronicle extends WebSocketActor<Chronicle.Mark> {
  static final String LINE = "line/";
  static final String OPENED = "opened/";
  static final String CLOSED = "closed/";
  static final String RUNG = "rung/";
  static final String SLEPT = "slept";
  static final String WOKE = "woke";
  private static final Duration RINGS_AFTER = Duration.ofMillis(20);
  private static final String COUNT = "count";
  private static final String HASH = "hash";

  /**
   * The attachment of a connection.
   *
   * @param name the name of the connection
   * @param said the number of its messages that were handled
   */
  public record Mark(String name, int said) {}

  /** Returns a server of chronicles. */
  public static Dormouse server(Supplier<Chronicle> factory) {
    return Dormouse.server().actor("/witness/:key", Chronicle.class, factory);
  }

  /** Returns the tags of a connection after this number of messages. */
  static SortedSet<String> tagsAfter(String name, int said) {
    SortedSet<String> tags = new TreeSet<>();
    tags.add(name);
    tags.add(said % 2 == 0 ? "even" : "odd");
    return tags;
  }

  @Override
  protected void onActivate() {
    storage().put(WOKE, number(WOKE) + 1);
  }

  @Override
  protected void onUpgrade(Upgrade<Mark> upgrade) {
    String name = upgrade.head().query("name").orElseThrow();
    storage().put(OPENED + name, number(OPENED + name) + 1);
    var tags = tagsAfter(name, 0);
    upgrade.accept(new Mark(name, 0), tags.toArray(String[]::new)).send("hello");
  }

  @Override
  protected void onMessage(Connection<Mark> from, String message) {
    long count = number(COUNT) + 1;
    String hash = Journal.hash(storage().get(HASH, String.class).orElse(""), message);
    storage().put(LINE + "%016x".formatted(count), message);
    storage().put(COUNT, count);
    storage().put(HASH, hash);
    Mark mark = from.attachment();
    from.attach(new Mark(mark.name(), mark.said() + 1));
    from.untag(from.tags().toArray(String[]::new));
    from.tag(tagsAfter(mark.name(), mark.said() + 1).toArray(String[]::new));
    from.send("done " + count + " " + hash);
    if (message.startsWith("all")) {
      connections().broadcast("said " + count + " " + hash);
      alarms().after(RUNG + count, RINGS_AFTER);
    }
  }

  @Override
  protected void onAlarm(Alarm alarm) {
    storage().put(alarm.name(), number(alarm.name()) + 1);
    connections().broadcast("rang " + alarm.name());
  }

  @Override
  protected void onClose(Connection<Mark> gone, CloseReason reason) {
    Mark mark = gone.attachment();
    Optional<String> before = storage().get(CLOSED + mark.name(), String.class);
    String now = reason.code() + " " + mark.said() + " " + new TreeSet<>(gone.tags());
    storage().put(CLOSED + mark.name(), before.map(b -> b + " and " + now).orElse(now));
  }

  @Override
  protected void onHibernate() {
    storage().put(SLEPT, number(SLEPT) + 1);
  }

  @Override
  protected HttpResponse onRequest(HttpRequest request) {
    StringBuilder all = new StringBuilder();
    for (String prefix : new String[] {LINE, CLOSED, HASH}) {
      for (Storage.Entry<String> entry : storage().list(prefix, String.class)) {
        all.append(entry.key()).append(' ').append(entry.value()).append('\n');
      }
    }
    for (String prefix : new String[] {OPENED, RUNG, COUNT, SLEPT, WOKE}) {
      for (Storage.Entry<Long> entry : storage().list(prefix, Long.class)) {
        all.append(entry.key()).append(' ').append(entry.value()).append('\n');
      }
    }
    return HttpResponse.text(200, all.toString());
  }

  private long number(String key) {
    return storage().get(key, Long.class).orElse(0L);
  }
}
