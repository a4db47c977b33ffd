package dev.dormouse.server.simulation;

import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.Connections;
import dev.dormouse.sdk.HttpRequest;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.sdk.KeyRange;
import dev.dormouse.sdk.LimitExceededException;
import dev.dormouse.sdk.Storage;
import dev.dormouse.sdk.Upgrade;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.simulation.Picture.Member;
import dev.dormouse.server.simulation.TextCodec.Badge;
import dev.dormouse.server.simulation.TurnModel.Fate;
import dev.dormouse.server.simulation.TurnModel.Word;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** What one handler does: each deed to the actor, and to the model of its turn. */
final class Deeds {
  private static final List<String> TAGS = List.of("a", "b", "c", "d");

  private final Simulation run;
  private final Dice dice;
  private final RandomActor self;
  private final TurnModel turn;
  private final Picture work;
  private int count;

  /** The connection that the turn is about, if there is one to be had. */
  private @Nullable Connection<Object> mine;

  Deeds(Simulation run, RandomActor self, TurnModel turn) {
    this.run = run;
    this.dice = run.dice();
    this.self = self;
    this.turn = turn;
    this.work = turn.work;
  }

  // Handlers.

  void some() {
    several();
    trouble();
  }

  void about(Connection<Object> connection) {
    mine = connection;
    some();
  }

  void message(Connection<Object> from) {
    mine = from;
    several();
    if (run.isCalm() || dice.chance(60)) {
      send(from);
    }
    trouble();
  }

  void upgrade(Upgrade<Object> upgrade) {
    several();
    ConnectionId id = turn.connection;
    int choice = run.isCalm() ? 0 : dice.below(10);
    if (choice < 8) {
      Object attachment = attachment();
      Set<String> tags = someTags();
      mine = upgrade.accept(attachment, tags.toArray(String[]::new));
      work.connections().put(id, new Member(described(attachment), List.copyOf(tags)));
      say(Words.accept(id, tags), null);
      if (dice.chance(50)) {
        send(mine);
      }
      several();
    } else if (choice < 9) {
      upgrade.reject(403, "as the dice say");
      say(Words.reject(id, 403), null);
    } else {
      turn.isDoomed = true; // neither
    }
    trouble();
  }

  void request(HttpRequest request) {
    several();
    if (run.isCalm() || dice.chance(90)) {
      request.respond(HttpResponse.text(200, next()));
      say(Words.respond(turn.about, 200), null);
    } else {
      turn.isDoomed = true;
    }
    trouble();
  }

  // Trouble.

  private void trouble() {
    if (run.mayMisbehave(run.weather().hangPercent()) && run.mayNest()) {
      if (dice.chance(40)) {
        run.time().advance(run.weather().options().turnLimit().toMillis());
      }
      run.meanwhile(turn);
      if (isLate()) {
        tryLate();
        throwIf(dice.chance(50));
        return;
      }
      several();
    }
    if (run.mayMisbehave(run.weather().waitPercent())) {
      waitForStages();
    }
    if (run.mayMisbehave(run.weather().overdoPercent())) {
      overdo();
    }
    if (dice.chance(30)) {
      look();
    }
    if (run.mayMisbehave(run.weather().throwPercent())) {
      fail();
    }
  }

  private void fail() {
    int how = dice.below(4);
    throwIf(how < 2);
    turn.isReset = true;
    turn.hasFailed = true;
    try {
      self.beginAnew();
    } catch (RuntimeException e) {
      if (how == 2) {
        throw e;
      }
    }
  }

  private static void throwIf(boolean isThrowing) {
    if (isThrowing) {
      throw new IllegalStateException("as the dice say");
    }
  }

  private void waitForStages() {
    if (dice.chance(20)) {
      CompletableFuture<Void> work = new CompletableFuture<>();
      self.inTheBackground(work);
      run.addBackground(work);
    }
    int stages = dice.between(1, 2);
    for (int i = 0; i < stages; i++) {
      CompletableFuture<Void> begun = new CompletableFuture<>();
      CompletableFuture<Void> awaited =
          begun.thenRun(
              () -> {
                if (isLate()) {
                  tryLate();
                } else {
                  several();
                }
              });
      self.await(awaited);
      turn.awaited++;
      run.addStage(new Simulation.Stage(turn, begun, awaited));
    }
  }

  private boolean isLate() {
    return turn.fate != Fate.OPEN;
  }

  /** What a handler does after its turn was given up must be refused. */
  private void tryLate() {
    Runnable deed =
        switch (dice.below(5)) {
          case 0 -> () -> self.store().put("late", "T" + turn.number);
          case 1 -> () -> self.all().broadcast("late T" + turn.number);
          case 2 -> () -> self.await(CompletableFuture.completedFuture(null));
          case 3 -> () -> self.reply("late", "T" + turn.number);
          default -> () -> self.store().get("k1", String.class);
        };
    try {
      deed.run();
    } catch (IllegalStateException e) {
      return;
    }
    run.oracle().broken(Promise.BAD_HANDLER, turn + " was over, and could go on");
  }

  /** Goes beyond a limit. */
  private void overdo() {
    Connection<Object> target = someone();
    if (target == null) {
      return;
    }
    if (turn.awaited > 0 || dice.chance(50)) {
      String[] tooMany = new String[Connection.TAGS_MAX + 1];
      for (int i = 0; i < tooMany.length; i++) {
        tooMany[i] = "t" + i;
      }
      try {
        target.tag(tooMany);
        run.oracle().broken(Promise.LIMITS, turn + " set " + tooMany.length + " tags");
      } catch (LimitExceededException e) {
        throwIf(dice.chance(50));
      }
    } else {
      String tooLarge = "x".repeat(SimulatedNode.ATTACHMENT_BYTES_MAX);
      target.attach(tooLarge);
      change(target.id(), described(tooLarge));
      turn.isDoomed = true;
    }
  }

  // Deeds.

  private void several() {
    if (dice.chance(40)) {
      look();
    }
    int deeds = dice.below(4);
    for (int i = 0; i < deeds; i++) {
      one();
    }
  }

  private void one() {
    switch (dice.below(14)) {
      case 0, 1 -> put();
      case 2 -> delete();
      case 3 -> list();
      case 4, 5 -> attach();
      case 6 -> mutate();
      case 7 -> tag();
      case 8 -> untag();
      case 9 -> sendToSomeone();
      case 10 -> broadcast();
      case 11 -> close();
      case 12 -> automate();
      default -> remember();
    }
  }

  private String next() {
    return "T" + turn.number + "." + ++count;
  }

  private void put() {
    String key = dice.chance(40) ? "last" : "k" + dice.below(6);
    String value = key.equals("last") ? Long.toString(turn.number) : next();
    self.store().put(key, value);
    work.values().put(key, value);
  }

  private void delete() {
    String key = "k" + dice.below(6);
    boolean wasThere = self.store().delete(key);
    same("whether there was " + key, work.values().remove(key) != null, wasThere);
  }

  private void list() {
    boolean isReversed = dice.chance(50);
    int limit = dice.between(1, 4);
    KeyRange range = KeyRange.prefix("k").after("k" + dice.below(3)).limit(limit);
    List<String> keys =
        new ArrayList<>(work.values().tailMap(range.after(), false).headMap("l").keySet());
    if (isReversed) {
      Collections.reverse(keys);
    }
    same(
        "keys of " + range,
        keys.subList(0, Math.min(limit, keys.size())),
        self.store().list(isReversed ? range.reversed() : range, String.class).stream()
            .map(Storage.Entry::key)
            .toList());
    String key = "k" + dice.below(6);
    same(key, work.values().get(key), self.store().get(key, String.class).orElse(null));
  }

  private @Nullable Object attachment() {
    return switch (dice.below(5)) {
      case 0 -> null;
      case 1, 2 -> new Badge(next());
      default -> next();
    };
  }

  private static @Nullable String described(@Nullable Object attachment) {
    return attachment == null ? null : TextCodec.describe(attachment);
  }

  /** Some connection that the actor has, found in one of the ways there are. */
  private @Nullable Connection<Object> someone() {
    if (work.connections().isEmpty()) {
      return null;
    }
    if (mine != null && work.connections().containsKey(mine.id()) && dice.chance(40)) {
      return mine;
    }
    ConnectionId id = dice.pick(List.copyOf(work.connections().keySet()));
    for (Connection<Object> handle : self.kept) {
      if (handle.id().equals(id)) {
        return handle;
      }
    }
    Connection<Object> found =
        dice.chance(50)
            ? self.all().find(id).orElse(null)
            : self.all().stream().filter(c -> c.id().equals(id)).findFirst().orElse(null);
    if (found == null) {
      run.oracle().broken(Promise.SLEEP, turn + " does not find connection " + id);
    }
    return found;
  }

  private void change(ConnectionId id, @Nullable String attachment) {
    work.connections().put(id, new Member(attachment, work.connections().get(id).tags()));
  }

  private void attach() {
    Connection<Object> target = someone();
    if (target != null) {
      Object attachment = attachment();
      target.attach(attachment);
      change(target.id(), described(attachment));
    }
  }

  private void mutate() {
    Connection<Object> target = someone();
    if (target != null) {
      Object attachment = target.attachment();
      same(
          "attachment of " + target.id(),
          work.connections().get(target.id()).attachment(),
          described(attachment));
      if (attachment instanceof Badge badge) {
        badge.text = next();
        change(target.id(), described(badge));
      }
    }
  }

  private Set<String> someTags() {
    Set<String> tags = new LinkedHashSet<>();
    int number = dice.below(3);
    for (int i = 0; i < number; i++) {
      tags.add(dice.pick(TAGS));
    }
    return tags;
  }

  private void tag() {
    Connection<Object> target = someone();
    if (target != null) {
      Set<String> added = someTags();
      target.tag(added.toArray(String[]::new));
      Set<String> tags = new LinkedHashSet<>(work.connections().get(target.id()).tags());
      tags.addAll(added);
      retag(target.id(), tags);
    }
  }

  private void untag() {
    Connection<Object> target = someone();
    if (target != null) {
      String removed = dice.pick(TAGS);
      target.untag(removed);
      Set<String> tags = new LinkedHashSet<>(work.connections().get(target.id()).tags());
      tags.remove(removed);
      retag(target.id(), tags);
    }
  }

  private void retag(ConnectionId id, Set<String> tags) {
    Member before = work.connections().get(id);
    if (!before.tags().equals(List.copyOf(tags))) {
      work.connections().put(id, new Member(before.attachment(), List.copyOf(tags)));
      say(Words.retag(id, tags), id);
    }
  }

  private void sendToSomeone() {
    Connection<Object> target = someone();
    if (target != null) {
      send(target);
    }
  }

  private void send(Connection<Object> target) {
    String text = next();
    if (dice.chance(80)) {
      target.send(text);
    } else {
      target.send(ByteBuffer.wrap(Payload.text(text).bytes()));
      text = "binary " + text;
    }
    say("send " + target.id() + " " + text, target.id());
  }

  private void broadcast() {
    Connections<Object> all = self.all();
    Set<String> tags = someTags();
    for (String tag : tags) {
      all = all.tagged(tag);
    }
    Connection<Object> except = dice.chance(30) ? someone() : null;
    if (except != null) {
      all = all.except(except);
    }
    Set<ConnectionId> recipients = new TreeSet<>();
    Set<ConnectionId> closing = new TreeSet<>();
    work.connections()
        .forEach(
            (id, member) -> {
              if (turn.isClosing(id) || mayBeClosing()) {
                closing.add(id);
              }
              if (member.tags().containsAll(tags) && (except == null || !id.equals(except.id()))) {
                recipients.add(id);
              }
            });
    if (dice.chance(50)) {
      same("number of those tagged " + tags, recipients.size(), all.count());
    }
    String text = next();
    all.broadcast(text);
    Set<ConnectionId> left = except == null ? Set.of() : Set.of(except.id());
    turn.words.add(
        new Word(Words.broadcast(tags, left, Payload.text(text)), false, recipients, closing));
  }

  private void close() {
    Connection<Object> target = dice.chance(30) ? someone() : null;
    if (target != null && !run.isCalm()) {
      int code = 4000 + dice.below(100);
      target.close(code, next());
      say(Words.close(target.id(), code), target.id());
      turn.closing.add(target.id());
    }
  }

  private void automate() {
    String request = "ping" + dice.below(3);
    if (dice.chance(60)) {
      String reply = next();
      self.reply(request, reply);
      work.replies().put(request, reply);
    } else {
      self.clearReply(request);
      work.replies().remove(request);
    }
  }

  /** Keeps a handle for later turns; uses one of a connection that is gone. */
  private void remember() {
    Connection<Object> target = someone();
    if (target != null && self.kept.stream().noneMatch(c -> c.id().equals(target.id()))) {
      self.kept.add(target);
    }
    for (Connection<Object> handle : self.kept) {
      if (!work.connections().containsKey(handle.id())) {
        handle.send("to nobody");
        handle.attach("for nobody");
        handle.tag("nobody");
        handle.close();
        same("whether " + handle.id() + " is open", false, handle.isOpen());
      }
    }
  }

  /** A word, about a connection if it is about one; said in vain if that is about to go. */
  private void say(String text, @Nullable ConnectionId to) {
    boolean isOptional = to != null && (turn.isClosing(to) || mayBeClosing());
    turn.words.add(Word.of(text, isOptional));
  }

  /** Whether any connection may be about to close without the model's knowing. */
  private boolean mayBeClosing() {
    return run.oracle().mayHaveGivenUp(turn.actor);
  }

  // Looking.

  /** Looks at all there is: it must be as the model has it. */
  private void look() {
    List<String> values =
        self.store().list(KeyRange.all(), String.class).stream()
            .map(e -> e.key() + "=" + e.value())
            .toList();
    same(
        "storage",
        work.values().entrySet().stream().map(e -> e.getKey() + "=" + e.getValue()).toList(),
        values);
    same("number of connections", work.connections().size(), self.all().count());
    boolean isDecoding = dice.chance(50);
    List<String> there = new ArrayList<>();
    for (Connection<Object> c : self.all()) {
      there.add(c.id() + " " + c.tags() + (isDecoding ? " " + described(c.attachment()) : ""));
      boolean isOpen = !turn.isClosing(c.id());
      if (isOpen != c.isOpen() && !(isOpen && mayBeClosing())) {
        there.add(isOpen ? "is open" : "is not open");
      }
    }
    List<String> wanted = new ArrayList<>();
    work.connections()
        .forEach(
            (id, member) ->
                wanted.add(
                    id + " " + member.tags() + (isDecoding ? " " + member.attachment() : "")));
    same("connections", wanted, there);
  }

  private void same(String what, @Nullable Object wanted, @Nullable Object found) {
    if (!Objects.equals(wanted, found)) {
      run.oracle()
          .broken(
              turn.work.equals(turn.base) ? Promise.SLEEP : Promise.ATOMIC,
              "%s finds %s to be %s, not %s".formatted(turn, what, found, wanted));
    }
  }
}
