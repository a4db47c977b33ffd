package dev.dormouse.server.simulation;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.AutoReply;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.storage.rows.ActorRow;
import dev.dormouse.storage.rows.AlarmRow;
import dev.dormouse.storage.rows.AutoRepliesRow;
import dev.dormouse.storage.rows.ConnectionRow;
import dev.dormouse.storage.rows.DueAlarm;
import dev.dormouse.storage.rows.Table;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Everything that is durable of an actor, as its user sees it: the state that a turn finds, and the
 * state that it leaves.
 *
 * @param values the storage: key to text
 * @param connections the connections, in the order of their ids
 * @param replies the automatic replies: request to reply, in order
 * @param alarms the alarms by name
 */
record Picture(
    TreeMap<String, String> values,
    TreeMap<ConnectionId, Member> connections,
    LinkedHashMap<String, String> replies,
    TreeMap<String, AlarmRow> alarms) {

  /**
   * Stands for any actor: rows name their actor's alarms only, and the actor is known otherwise.
   */
  private static final ActorId ANY = new ActorId("any", "one");

  /**
   * A connection.
   *
   * @param attachment the attachment in the form of {@link TextCodec#describe}; null if there is
   *     none
   * @param tags the tags, in order
   * @param closing the close that the actor has sent; null if it has not, or if that is not stored
   */
  record Member(
      @Nullable String attachment, List<String> tags, ConnectionRow.@Nullable Closing closing) {
    Member(@Nullable String attachment, List<String> tags) {
      this(attachment, tags, null);
    }

    Member closed(int code, String reason) {
      return closing == null
          ? new Member(attachment, tags, new ConnectionRow.Closing(code, reason))
          : this;
    }
  }

  Picture() {
    this(new TreeMap<>(), new TreeMap<>(), new LinkedHashMap<>(), new TreeMap<>());
  }

  Picture copy() {
    return new Picture(
        new TreeMap<>(values),
        new TreeMap<>(connections),
        new LinkedHashMap<>(replies),
        new TreeMap<>(alarms));
  }

  Picture without(ConnectionId gone) {
    Picture less = copy();
    less.connections.remove(gone);
    return less;
  }

  List<AutoReply> autoReplies() {
    return replies.entrySet().stream().map(e -> new AutoReply(e.getKey(), e.getValue())).toList();
  }

  /**
   * Reads an actor's rows.
   *
   * @throws IllegalStateException if they contradict each other
   */
  static Picture of(Rows rows) {
    Picture picture = new Picture();
    TextCodec codec = new TextCodec();
    rows.table(Table.VALUE)
        .forEach(
            (key, value) ->
                picture.values.put(
                    new String(key, StandardCharsets.UTF_8), String.valueOf(codec.decode(value))));
    rows.table(Table.CONNECTION)
        .forEach(
            (key, value) -> {
              ConnectionRow row = ConnectionRow.decode(value);
              String attachment =
                  row.attachment() == null
                      ? null
                      : new String(row.attachment(), StandardCharsets.UTF_8);
              picture.connections.put(
                  new ConnectionId(ByteBuffer.wrap(key).getLong()),
                  new Member(attachment, row.tags(), row.closing()));
            });
    for (AutoReply reply :
        AutoRepliesRow.decodeOrNone(rows.get(Table.ACTOR, AutoRepliesRow.key())).replies()) {
      picture.replies.put(reply.request(), reply.reply());
    }
    picture.readAlarms(rows);
    ActorRow row = ActorRow.decodeOrNone(rows.get(Table.ACTOR, ActorRow.KEY));
    ActorRow counted = ActorRow.NONE;
    for (ConnectionId id : picture.connections.keySet()) {
      counted = counted.with(id.run(), 1);
    }
    if (!row.gateways().equals(counted.gateways())) {
      throw new IllegalStateException(
          "its row counts the connections of %s, and it has the rows of %s"
              .formatted(row.gateways(), picture.connections.keySet()));
    }
    return picture;
  }

  private void readAlarms(Rows rows) {
    Set<DueAlarm> places = new HashSet<>();
    rows.table(Table.ALARM)
        .forEach(
            (key, value) -> {
              String name = new String(key, StandardCharsets.UTF_8);
              alarms.put(name, AlarmRow.decode(value));
              places.add(alarms.get(name).place(ANY, name));
            });
    Set<DueAlarm> due = new HashSet<>();
    rows.table(Table.DUE).keySet().forEach(key -> due.add(DueAlarm.of(ANY, key)));
    if (!due.equals(places)) {
      throw new IllegalStateException(
          "its alarms are due at " + places + ", and its rows say at " + due);
    }
  }

  /** Returns in words the parts of this picture that the other lacks. */
  String differenceTo(Picture other) {
    return describe(this, other) + ", not " + describe(other, this);
  }

  private static String describe(Picture all, Picture but) {
    Map<String, Map<?, ?>> parts = new LinkedHashMap<>();
    parts.put("storage", only(all.values, but.values));
    parts.put("connections", only(all.connections, but.connections));
    parts.put("automatic replies", only(all.replies, but.replies));
    parts.put("alarms", only(all.alarms, but.alarms));
    parts.values().removeIf(Map::isEmpty);
    return parts.isEmpty() ? "nothing" : parts.toString();
  }

  private static <K, V> Map<K, V> only(Map<K, V> all, Map<K, V> but) {
    Map<K, V> rest = new LinkedHashMap<>(all);
    rest.entrySet().removeAll(but.entrySet());
    return rest;
  }
}
