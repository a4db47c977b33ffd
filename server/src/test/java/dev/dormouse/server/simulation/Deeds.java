package dev.dormouse.server.simulation;

import dev.dormouse.sdk.Alarm;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.sdk.LimitExceededException;
import dev.dormouse.sdk.Upgrade;
import dev.dormouse.server.simulation.Picture.Member;
import dev.dormouse.server.simulation.TurnModel.Fate;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** The deeds of one handler: each is done to the actor and to the model of its turn. */
final class Deeds {
  private final Simulation run;
  private final Dice dice;
  private final RandomActor self;
  private final TurnModel turn;
  private final Scene scene;
  private final StateDeeds state;
  private final WordDeeds words;

  Deeds(Simulation run, RandomActor self, TurnModel turn) {
    this.run = run;
    this.dice = run.dice();
    this.self = self;
    this.turn = turn;
    this.scene = new Scene(run, self, turn);
    this.state = new StateDeeds(scene);
    this.words = new WordDeeds(scene);
  }

  // The deeds of handlers follow.

  void some() {
    several();
    trouble();
  }

  void alarm(Alarm alarm) {
    run.oracle().rings(turn, alarm);
    some();
  }

  void about(Connection<Object> connection) {
    scene.mine = connection;
    some();
  }

  void message(Connection<Object> from) {
    scene.mine = from;
    several();
    if (run.isCalm() || dice.chance(60)) {
      words.send(from);
    }
    trouble();
  }

  void upgrade(Upgrade<Object> upgrade) {
    several();
    ConnectionId id = turn.connection;
    int choice = run.isCalm() ? 0 : dice.below(10);
    if (choice < 8) {
      Object attachment = state.attachment();
      Set<String> tags = scene.someTags();
      Connection<Object> me = upgrade.accept(attachment, tags.toArray(String[]::new));
      String described = TextCodec.describeOrNull(attachment);
      turn.work.connections().put(id, new Member(described, List.copyOf(tags)));
      scene.mine = me;
      scene.say(Words.accept(id, tags), null);
      if (dice.chance(50)) {
        words.send(me);
      }
      several();
    } else if (choice < 9) {
      upgrade.reject(403, "as the dice say");
      scene.say(Words.reject(id, 403), null);
    } else {
      turn.isDoomed = true; // neither
    }
    trouble();
  }

  /** Returns the answer to a request; null if the handler is not to answer. */
  @Nullable HttpResponse request() {
    several();
    boolean isAnswered = run.isCalm() || dice.chance(90);
    trouble();
    if (!isAnswered || isLate()) {
      turn.hasFailed = true; // even if stages are awaited
      return null;
    }
    scene.say(Words.respond(turn.about, 200), null);
    return HttpResponse.text(200, scene.next());
  }

  // The deeds that make trouble follow.

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
      scene.look();
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
      throw self.beginAnew();
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

  /** Acts after the turn was given up; every deed must be refused then. */
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
    Connection<Object> target = scene.someone();
    if (target == null || !target.isOpen()) {
      return;
    }
    if (turn.awaited > 0 || dice.chance(50)) {
      String[] tooMany = new String[Connection.TAGS_DEFAULT + 1];
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
      state.attach(target, "x".repeat(SimulatedNode.ATTACHMENT_BYTES_MAX));
      turn.isDoomed = true;
    }
  }

  private void several() {
    if (dice.chance(40)) {
      scene.look();
    }
    int deeds = dice.below(4);
    for (int i = 0; i < deeds; i++) {
      if (dice.chance(70)) {
        state.any();
      } else {
        words.any();
      }
    }
  }
}
