package dev.dormouse.server.simulation;

import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.KeyRange;
import dev.dormouse.sdk.Storage;
import dev.dormouse.server.simulation.Picture.Member;
import dev.dormouse.server.simulation.TextCodec.Badge;
import dev.dormouse.storage.rows.AlarmRow;
import dev.dormouse.storage.rows.DueClock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The deeds that change stored state: each is done to the actor and to the model. */
final class StateDeeds {
  private final Scene scene;
  private final Dice dice;
  private final RandomActor self;
  private final Picture work;

  StateDeeds(Scene scene) {
    this.scene = scene;
    this.dice = scene.dice;
    this.self = scene.self;
    this.work = scene.work;
  }

  void any() {
    switch (dice.below(12)) {
      case 0, 1 -> put();
      case 2 -> delete();
      case 3 -> list();
      case 4 -> clearOrCount();
      case 5, 6 -> attach();
      case 7 -> mutate();
      case 8 -> tag();
      case 9 -> untag();
      case 10 -> automate();
      default -> setOrCancelAlarm();
    }
  }

  private void put() {
    String key = dice.chance(40) ? "last" : "k" + dice.below(6);
    String value = key.equals("last") ? Long.toString(scene.turn.number) : scene.next();
    self.store().put(key, value);
    work.values().put(key, value);
  }

  private void delete() {
    String key = "k" + dice.below(6);
    boolean wasThere = self.store().delete(key);
    scene.same("whether there was " + key, work.values().remove(key) != null, wasThere);
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
    scene.same(
        "keys of " + range,
        keys.subList(0, Math.min(limit, keys.size())),
        self.store().list(isReversed ? range.reversed() : range, String.class).stream()
            .map(Storage.Entry::key)
            .toList());
    String key = "k" + dice.below(6);
    scene.same(key, work.values().get(key), self.store().get(key, String.class).orElse(null));
  }

  private void clearOrCount() {
    if (dice.chance(30)) {
      String prefix = dice.chance(30) ? "k" : "k" + dice.below(6);
      self.store().deleteAll(KeyRange.prefix(prefix));
      work.values().keySet().removeIf(key -> key.startsWith(prefix));
    } else {
      long count = Long.parseLong(work.values().getOrDefault("number", "0")) + 1;
      scene.same("number", count, self.store().increment("number", 1));
      work.values().put("number", Long.toString(count));
    }
  }

  @Nullable Object attachment() {
    return switch (dice.below(5)) {
      case 0 -> null;
      case 1, 2 -> new Badge(scene.next());
      default -> scene.next();
    };
  }

  /** Attaches something, or nothing. */
  void attach(Connection<Object> target, @Nullable Object attachment) {
    target.attach(attachment);
    change(target.id(), TextCodec.describeOrNull(attachment));
  }

  private void change(ConnectionId id, @Nullable String attachment) {
    work.connections().put(id, new Member(attachment, work.connections().get(id).tags()));
  }

  private void attach() {
    Connection<Object> target = scene.someone();
    if (target != null) {
      attach(target, attachment());
    }
  }

  private void mutate() {
    Connection<Object> target = scene.someone();
    if (target != null) {
      Object attachment = target.attachment();
      scene.same(
          "attachment of " + target.id(),
          work.connections().get(target.id()).attachment(),
          TextCodec.describeOrNull(attachment));
      if (attachment instanceof Badge badge) {
        badge.text = scene.next();
        change(target.id(), TextCodec.describe(badge));
      }
    }
  }

  private void tag() {
    Connection<Object> target = scene.someone();
    if (target != null) {
      Set<String> added = scene.someTags();
      target.tag(added.toArray(String[]::new));
      Set<String> tags = new LinkedHashSet<>(work.connections().get(target.id()).tags());
      tags.addAll(added);
      retag(target.id(), tags);
    }
  }

  private void untag() {
    Connection<Object> target = scene.someone();
    if (target != null) {
      String removed = scene.aTag();
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
      scene.say(Words.retag(id, tags), id);
    }
  }

  private void automate() {
    String request = "ping" + dice.below(3);
    if (dice.chance(60)) {
      String reply = scene.next();
      self.reply(request, reply);
      work.replies().put(request, reply);
    } else {
      self.clearReply(request);
      work.replies().remove(request);
    }
  }

  private void setOrCancelAlarm() {
    String name = "a" + dice.below(4);
    if (scene.run.isCalm() || dice.chance(25)) {
      boolean wasThere = self.clock().cancel(name);
      scene.same(
          "whether alarm " + name + " was set", work.alarms().remove(name) != null, wasThere);
      return;
    }
    long nowMs = scene.run.time().wallMs();
    long delayMs = dice.chance(30) ? dice.below(500) : dice.below(60_000);
    if (dice.chance(50)) {
      long dueMs = nowMs + delayMs - (dice.chance(20) ? 5_000 : 0);
      self.clock().at(name, Instant.ofEpochMilli(dueMs));
      work.alarms().put(name, new AlarmRow(DueClock.WALL, dueMs));
    } else {
      self.clock().after(name, Duration.ofMillis(delayMs));
      work.alarms().put(name, new AlarmRow(DueClock.RUNNING, nowMs + delayMs));
    }
  }
}
