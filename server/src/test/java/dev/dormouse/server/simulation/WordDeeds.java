package dev.dormouse.server.simulation;

import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.Connections;
import dev.dormouse.sdk.Delivery;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.simulation.TurnModel.Word;
import java.nio.ByteBuffer;
import java.util.Set;
import java.util.TreeSet;

/** The deeds that say something: each is done to the actor and to the model. */
final class WordDeeds {
  private final Scene scene;
  private final Dice dice;
  private final RandomActor self;
  private final Picture work;
  private final TurnModel turn;

  WordDeeds(Scene scene) {
    this.scene = scene;
    this.dice = scene.dice;
    this.self = scene.self;
    this.work = scene.work;
    this.turn = scene.turn;
  }

  void any() {
    switch (dice.below(5)) {
      case 0, 1 -> sendToSomeone();
      case 2 -> broadcast();
      case 3 -> close();
      default -> remember();
    }
  }

  private void sendToSomeone() {
    Connection<Object> target = scene.someone();
    if (target != null) {
      send(target);
    }
  }

  void send(Connection<Object> target) {
    String text = scene.next();
    Delivery delivery;
    if (dice.chance(80)) {
      delivery = target.send(text);
    } else {
      delivery = target.send(ByteBuffer.wrap(Payload.text(text).bytes()));
      text = "binary " + text;
    }
    scene.say("send " + target.id() + " " + text, target.id());
    if (dice.chance(20)) {
      scene.run.questions().ask(turn, delivery);
    }
  }

  private void broadcast() {
    Connections<Object> all = self.all();
    Set<String> tags = scene.someTags();
    for (String tag : tags) {
      all = all.tagged(tag);
    }
    Connection<Object> except = dice.chance(30) ? scene.someone() : null;
    if (except != null) {
      all = all.except(except);
    }
    Set<ConnectionId> recipients = new TreeSet<>();
    Set<ConnectionId> closing = new TreeSet<>();
    work.connections()
        .forEach(
            (id, member) -> {
              if (turn.isClosing(id) || scene.mayBeClosing()) {
                closing.add(id);
              }
              if (member.tags().containsAll(tags) && (except == null || !id.equals(except.id()))) {
                recipients.add(id);
              }
            });
    if (dice.chance(50)) {
      scene.same("number of those tagged " + tags, recipients.size(), all.count());
    }
    String text = scene.next();
    all.broadcast(text);
    Set<ConnectionId> left = except == null ? Set.of() : Set.of(except.id());
    turn.words.add(
        new Word(Words.broadcast(tags, left, Payload.text(text)), false, recipients, closing));
  }

  private void close() {
    Connection<Object> target = dice.chance(40) ? scene.someone() : null;
    if (target != null && !scene.run.isCalm()) {
      int code = 4000 + dice.below(100);
      target.close(code, scene.next());
      scene.say(Words.close(target.id(), code), target.id());
      turn.closing.add(target.id());
    }
  }

  /** Keeps a connection for later turns, and uses those that are gone. */
  private void remember() {
    Connection<Object> target = scene.someone();
    if (target != null && self.kept.stream().noneMatch(c -> c.id().equals(target.id()))) {
      self.kept.add(target);
    }
    for (Connection<Object> handle : self.kept) {
      if (!work.connections().containsKey(handle.id())) {
        handle.send("to nobody");
        handle.attach("for nobody");
        handle.tag("nobody");
        handle.close();
        scene.same("whether " + handle.id() + " is open", false, handle.isOpen());
      }
    }
  }
}
