package dev.dormouse.server.simulation;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.Alarm;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.ConnectionFailedException;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.HttpRequest;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.sdk.KeyRange;
import dev.dormouse.sdk.Upgrade;
import dev.dormouse.sdk.WebSocketActor;
import dev.dormouse.server.simulation.ClusterTurn.Word;
import dev.dormouse.server.simulation.Picture.Member;
import dev.dormouse.server.simulation.TurnModel.Kind;
import dev.dormouse.storage.rows.AlarmRow;
import dev.dormouse.storage.rows.DueClock;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * An actor in a cluster whose handlers do what the dice say, each deed to the actor and to the
 * model of its turn. A turn that writes names itself in the storage.
 */
final class ClusterActor extends WebSocketActor<Object> {
  private interface Answering<R extends @Nullable Object> {
    R run(ClusterTurn turn) throws Exception;
  }

  private static final List<String> TAGS = List.of("a", "b", "c");

  final ReplicatedStore store;
  final long epoch;
  private final ClusterSimulation run;
  private final Dice dice;
  private int texts;

  private ClusterActor(ClusterSimulation run, ReplicatedStore store, long epoch) {
    this.run = run;
    this.dice = run.dice();
    this.store = store;
    this.epoch = epoch;
  }

  /** Makes an actor, or fails to. */
  static ClusterActor make(ClusterSimulation run, HostNode node, long epoch) {
    if (run.mayMisbehave(run.weather().throwPercent() / 3)) {
      throw new IllegalStateException("as the dice say: no object");
    }
    return new ClusterActor(run, node.store(), epoch);
  }

  ActorId name() {
    return id();
  }

  private <R extends @Nullable Object> R handle(
      Kind kind, @Nullable ConnectionId connection, long about, Answering<R> handler)
      throws Exception {
    return handle(run.ledger().begin(this, kind, connection, about), handler);
  }

  private <R extends @Nullable Object> R handle(ClusterTurn turn, Answering<R> handler)
      throws Exception {
    Kind kind = turn.kind;
    texts = 0;
    R answer;
    try {
      if (kind == Kind.ACTIVATE || dice.chance(30)) {
        look(turn);
      }
      several(turn);
      answer = handler.run(turn);
      boolean isWriting =
          turn.isChanged() || kind == Kind.CLOSE || dice.chance(kind == Kind.MESSAGE ? 50 : 20);
      if (isWriting) {
        String value = "T" + turn.number;
        storage().put("last", value);
        turn.work.values().put("last", value);
      }
      if (run.mayMisbehave(run.weather().waitPercent())) {
        await(turn);
      }
      if (run.mayMisbehave(run.weather().throwPercent())) {
        throw new IllegalStateException("as the dice say");
      }
    } catch (Throwable e) {
      run.ledger().over(turn, false);
      throw e;
    }
    if (turn.awaited == 0) {
      run.ledger().over(turn, true);
    }
    return answer;
  }

  private void await(ClusterTurn turn) {
    CompletableFuture<Void> begun = new CompletableFuture<>();
    turn.awaited++;
    waitFor(begun.thenRun(() -> run.ledger().over(turn, true)));
    run.addStage(begun);
  }

  // The handlers follow.

  @Override
  protected void onActivate() throws Exception {
    handle(Kind.ACTIVATE, null, 0, turn -> null);
  }

  @Override
  protected void onUpgrade(Upgrade<Object> upgrade) throws Exception {
    ConnectionId asking = ConnectionId.parse(upgrade.head().query("id").orElseThrow());
    handle(
        Kind.UPGRADE,
        asking,
        0,
        turn -> {
          if (!run.isCalm() && dice.chance(10)) {
            upgrade.reject(403, "as the dice say");
            return null;
          }
          String attachment = next(turn);
          Set<String> tags = someTags();
          Connection<Object> me = upgrade.accept(attachment, tags.toArray(String[]::new));
          turn.work
              .connections()
              .put(asking, new Member(TextCodec.describe(attachment), List.copyOf(tags)));
          if (dice.chance(50)) {
            send(turn, me);
          }
          return null;
        });
  }

  @Override
  protected void onMessage(Connection<Object> from, String text) throws Exception {
    long sequence = Long.parseLong(text.substring(1));
    handle(
        Kind.MESSAGE,
        from.id(),
        sequence,
        turn -> {
          if (run.isCalm() || dice.chance(60)) {
            send(turn, from);
          }
          return null;
        });
  }

  @Override
  protected void onMessage(Connection<Object> from, ByteBuffer bytes) throws Exception {
    onMessage(from, StandardCharsets.UTF_8.decode(bytes).toString());
  }

  @Override
  protected void onError(Connection<Object> connection, ConnectionFailedException error)
      throws Exception {
    handle(Kind.ERROR, connection.id(), 0, turn -> null);
  }

  @Override
  protected void onClose(Connection<Object> gone, CloseReason reason) throws Exception {
    handle(
        Kind.CLOSE,
        gone.id(),
        0,
        turn -> {
          run.ledger().closes(turn, reason);
          return null;
        });
  }

  @Override
  protected HttpResponse onRequest(HttpRequest request) throws Exception {
    long number = Long.parseLong(request.head().query("number").orElseThrow());
    return handle(Kind.REQUEST, null, number, turn -> HttpResponse.text(200, next(turn)));
  }

  @Override
  protected void onAlarm(Alarm alarm) throws Exception {
    ClusterTurn turn = run.ledger().begin(this, Kind.ALARM, null, 0);
    rings(turn, alarm);
    handle(turn, ringing -> null);
  }

  private void rings(ClusterTurn turn, Alarm alarm) {
    AlarmRow set = turn.base.alarms().get(alarm.name());
    if (set == null || set.dueMs() != alarm.due().toEpochMilli()) {
      run.ledger().broken(Promise.ATOMIC, alarm + " rings in " + turn + ", and " + set + " is set");
    }
    turn.work.alarms().remove(alarm.name());
  }

  @Override
  protected void onHibernate() throws Exception {
    handle(Kind.HIBERNATE, null, 0, turn -> null);
  }

  // The deeds follow.

  private String next(ClusterTurn turn) {
    return "T" + turn.number + "." + ++texts;
  }

  private Set<String> someTags() {
    Set<String> tags = new LinkedHashSet<>();
    for (int i = dice.below(3); i > 0; i--) {
      tags.add(dice.pick(TAGS));
    }
    return tags;
  }

  private void several(ClusterTurn turn) {
    for (int i = dice.below(3); i > 0; i--) {
      switch (dice.below(10)) {
        case 0, 1 -> put(turn);
        case 2 -> count(turn);
        case 3 -> attach(turn);
        case 4 -> tag(turn);
        case 5 -> setOrCancelAlarm(turn);
        case 6, 7 -> sendToSomeone(turn);
        case 8 -> broadcast(turn);
        default -> close(turn);
      }
    }
  }

  private void put(ClusterTurn turn) {
    String key = "k" + dice.below(5);
    if (dice.chance(25)) {
      storage().delete(key);
      turn.work.values().remove(key);
    } else {
      String value = next(turn);
      storage().put(key, value);
      turn.work.values().put(key, value);
    }
  }

  private void count(ClusterTurn turn) {
    long count = Long.parseLong(turn.work.values().getOrDefault("number", "0")) + 1;
    same(turn, "number", count, storage().increment("number", 1));
    turn.work.values().put("number", Long.toString(count));
  }

  private @Nullable Connection<Object> someone(ClusterTurn turn) {
    List<ConnectionId> all = new ArrayList<>(turn.work.connections().keySet());
    if (all.isEmpty()) {
      return null;
    }
    ConnectionId id = dice.pick(all);
    Connection<Object> found = connections().find(id).orElse(null);
    if (found == null) {
      run.ledger().broken(Promise.SLEEP, turn + " does not find connection " + id);
    }
    return found;
  }

  private void attach(ClusterTurn turn) {
    Connection<Object> target = someone(turn);
    if (target != null) {
      String attachment = next(turn);
      target.attach(attachment);
      Member before = turn.work.connections().get(target.id());
      turn.work
          .connections()
          .put(
              target.id(),
              new Member(TextCodec.describe(attachment), before.tags(), before.closing()));
    }
  }

  private void tag(ClusterTurn turn) {
    Connection<Object> target = someone(turn);
    if (target == null) {
      return;
    }
    Member before = turn.work.connections().get(target.id());
    Set<String> tags = new LinkedHashSet<>(before.tags());
    String tag = dice.pick(TAGS);
    if (dice.chance(50)) {
      target.tag(tag);
      tags.add(tag);
    } else {
      target.untag(tag);
      tags.remove(tag);
    }
    turn.work
        .connections()
        .put(target.id(), new Member(before.attachment(), List.copyOf(tags), before.closing()));
  }

  private void setOrCancelAlarm(ClusterTurn turn) {
    String name = "a" + dice.below(3);
    if (run.isCalm() || dice.chance(25)) {
      alarms().cancel(name);
      turn.work.alarms().remove(name);
      return;
    }
    long dueMs = run.time().wallMs() + dice.below(20_000);
    alarms().at(name, Instant.ofEpochMilli(dueMs));
    turn.work.alarms().put(name, new AlarmRow(DueClock.WALL, dueMs));
  }

  private void sendToSomeone(ClusterTurn turn) {
    Connection<Object> target = someone(turn);
    if (target != null) {
      send(turn, target);
    }
  }

  private void send(ClusterTurn turn, Connection<Object> target) {
    String text = next(turn);
    var unused = target.send(text);
    turn.words.add(new Word(target.id(), text));
  }

  private void broadcast(ClusterTurn turn) {
    String text = next(turn);
    if (dice.chance(50)) {
      connections().tagged(dice.pick(TAGS)).broadcast(text);
    } else {
      connections().broadcast(text);
    }
    turn.words.add(new Word(null, text));
  }

  private void close(ClusterTurn turn) {
    Connection<Object> target = run.isCalm() || dice.chance(60) ? null : someone(turn);
    if (target != null) {
      run.trace(turn + " closes " + target.id());
      int code = 4000 + dice.below(100);
      boolean isOpen = target.isOpen();
      target.close(code, "T" + turn.number);
      if (isOpen) {
        turn.work
            .connections()
            .compute(target.id(), (id, member) -> member.closed(code, "T" + turn.number));
      }
    }
  }

  // The checks of what the handler finds follow.

  private static final List<String> PARTS =
      List.of("storage", "connections", "number of connections", "alarms");

  private void look(ClusterTurn turn) {
    List<Object> wanted = wanted(turn.work);
    List<Object> found = found();
    for (int i = 0; i < PARTS.size(); i++) {
      same(turn, PARTS.get(i), wanted.get(i), found.get(i));
    }
    for (Connection<Object> c : connections()) {
      Member member = turn.work.connections().get(c.id());
      if (member != null && member.closing() != null && c.isOpen()) {
        run.ledger().broken(Promise.SLEEP, turn + " finds " + c.id() + " open, which was closed");
      }
    }
  }

  /** Returns whether the actor sees a state. */
  boolean sees(Picture picture) {
    return found().equals(wanted(picture));
  }

  private static List<Object> wanted(Picture picture) {
    List<String> values = new ArrayList<>();
    picture.values().forEach((key, value) -> values.add(key + "=" + value));
    List<String> members = new ArrayList<>();
    picture
        .connections()
        .forEach((id, m) -> members.add(id + " " + m.tags() + " " + m.attachment()));
    return List.of(values, members, members.size(), List.copyOf(picture.alarms().keySet()));
  }

  private List<Object> found() {
    List<String> values =
        storage().list(KeyRange.all(), Object.class).stream()
            .map(entry -> entry.key() + "=" + entry.value())
            .toList();
    List<String> members = new ArrayList<>();
    for (Connection<Object> c : connections()) {
      members.add(c.id() + " " + c.tags() + " " + TextCodec.describeOrNull(c.attachment()));
    }
    List<String> names = alarms().list().stream().map(Alarm::name).sorted().toList();
    return List.of(values, members, connections().count(), names);
  }

  private void same(ClusterTurn turn, String what, Object wanted, @Nullable Object found) {
    if (!Objects.equals(wanted, found)) {
      run.ledger()
          .broken(
              turn.isChanged() ? Promise.ATOMIC : Promise.SLEEP,
              "%s finds %s to be %s, not %s".formatted(turn, what, found, wanted));
    }
  }
}
