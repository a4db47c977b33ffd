package dev.dormouse.server.simulation;

import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.simulation.TurnModel.Word;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** One turn from inside its handler: the actor, the model of the turn, and the connections. */
final class Scene {
  private static final List<String> TAGS = List.of("a", "b", "c", "d");

  /** The tag by which connections are counted. */
  private static final String COUNTED = "c";

  final Simulation run;
  final Dice dice;
  final RandomActor self;
  final TurnModel turn;
  final Picture work;
  private int count;

  /** The connection that the turn is about, if there is one to be had. */
  @Nullable Connection<Object> mine;

  Scene(Simulation run, RandomActor self, TurnModel turn) {
    this.run = run;
    this.dice = run.dice();
    this.self = self;
    this.turn = turn;
    this.work = turn.work;
  }

  /** Returns a text that names its turn and is sent only once. */
  String next() {
    return "T" + turn.number + "." + ++count;
  }

  Set<String> someTags() {
    Set<String> tags = new LinkedHashSet<>();
    int number = dice.below(3);
    for (int i = 0; i < number; i++) {
      tags.add(aTag());
    }
    return tags;
  }

  String aTag() {
    return dice.pick(TAGS);
  }

  /** Finds some connection of the actor, in one of the ways there are. */
  @Nullable Connection<Object> someone() {
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

  /**
   * Records a word, with its connection if it has one; the word is in vain if that connection is
   * about to close.
   */
  void say(String text, @Nullable ConnectionId to) {
    boolean isOptional = to != null && (turn.isClosing(to) || mayBeClosing());
    turn.words.add(Word.of(text, isOptional));
  }

  /** Returns whether any connection may be about to close without the model's knowing. */
  boolean mayBeClosing() {
    return run.oracle().mayHaveGivenUp(turn.actor);
  }

  // The checks of the actor's state follow.

  /** Looks at everything there is: it must be as the model has it. */
  void look() {
    List<String> values = new ArrayList<>();
    work.values().forEach((key, value) -> values.add(key + "=" + value));
    same("storage", values, self.values());
    List<String> alarms = new ArrayList<>();
    work.alarms()
        .forEach((name, row) -> alarms.add(name + " " + row.dueMs() + " " + row.failures()));
    same("alarms", alarms, self.alarmsByName());
    same("number of connections", work.connections().size(), self.all().count());
    long tagged =
        work.connections().values().stream().filter(m -> m.tags().contains(COUNTED)).count();
    same("number of tagged connections", (int) tagged, self.all().tagged(COUNTED).count());
    lookAtConnections(dice.chance(50));
  }

  private void lookAtConnections(boolean isDecoding) {
    List<String> there = new ArrayList<>();
    for (Connection<Object> c : self.all()) {
      String attachment = isDecoding ? " " + TextCodec.describeOrNull(c.attachment()) : "";
      there.add(c.id() + " " + c.tags() + attachment);
      boolean isOpen = !turn.isClosing(c.id());
      if (isOpen != c.isOpen() && !(isOpen && mayBeClosing())) {
        there.add(isOpen ? "is not open" : "is open");
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

  /** Checks that a finding is as the model says. */
  void same(String what, @Nullable Object wanted, @Nullable Object found) {
    if (!Objects.equals(wanted, found)) {
      run.oracle()
          .broken(
              turn.work.equals(turn.base) ? Promise.SLEEP : Promise.ATOMIC,
              "%s finds %s to be %s, not %s".formatted(turn, what, found, wanted));
    }
  }
}
