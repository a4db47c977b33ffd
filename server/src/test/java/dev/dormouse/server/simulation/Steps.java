package dev.dormouse.server.simulation;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Chooses the next step of a run. */
final class Steps {
  private enum Step {
    RUN,
    TO_HOST,
    TO_GATEWAY,
    TO_CLIENT,
    WRITE,
    REPORT,
    SAY,
    CONNECT,
    END,
    REQUEST,
    TICK,
    HIBERNATE,
    STAGE,
    LOOK,
    LEFTOVERS,
    BAD_READS,
    REFUSE,
    FULL,
    FAIL,
    FENCE,
    CRASH,
    STOP
  }

  private static final int DOOMED_CRASH_PERCENT = 3;

  private final Simulation run;

  /** The steps, each as often as its weight says: one is drawn by its place. */
  private final List<Step> drawn = new ArrayList<>();

  Steps(Simulation run) {
    this.run = run;
    for (Step step : Step.values()) {
      drawn.addAll(Collections.nCopies(weight(step, run.weather()), step));
    }
  }

  private static int weight(Step step, Weather weather) {
    return switch (step) {
      case RUN -> 250;
      case TO_HOST -> 160;
      case SAY -> 130;
      case TO_GATEWAY, TO_CLIENT -> 100;
      case REPORT -> 90;
      case WRITE -> 70;
      case STAGE -> 30;
      case CONNECT -> 30;
      case END, REQUEST, TICK -> 20;
      case HIBERNATE -> 12;
      case LOOK, LEFTOVERS -> 2;
      case BAD_READS -> weather.badReadsWeight();
      case REFUSE -> weather.refusalWeight();
      case FULL -> weather.fullWeight();
      case FAIL -> weather.failWeight();
      case FENCE -> weather.fenceWeight();
      case CRASH -> weather.crashWeight();
      case STOP -> weather.stopWeight();
    };
  }

  /** Takes some step. */
  void any() {
    boolean isDoomed = !run.node().store.isGood() && !run.isNested();
    if (isDoomed && run.dice().chance(DOOMED_CRASH_PERCENT)) {
      run.crash(); // a process with a failed store ends soon, by itself or by others
    } else {
      take(run.dice().pick(drawn));
    }
  }

  private void take(Step step) {
    SimulatedNode node = run.node();
    switch (step) {
      case RUN -> node.runTask();
      case TO_HOST -> node.deliverToHost();
      case TO_GATEWAY -> node.deliverToGateway();
      case TO_CLIENT -> node.deliverToClient();
      case WRITE -> node.store.write();
      case REPORT -> node.store.report();
      case SAY -> run.say();
      case CONNECT -> run.connect();
      case END -> run.end();
      case REQUEST -> run.request();
      case TICK -> run.tick(pause());
      case HIBERNATE -> run.hibernate();
      case STAGE -> {
        run.completeStage();
        run.completeBackground();
      }
      case LOOK -> run.look();
      case LEFTOVERS -> node.closeLeftovers();
      case BAD_READS -> node.store.failReads(run.dice().chance(50) ? 0 : 30);
      case REFUSE -> node.store.refuseSome();
      case FULL -> node.store.fill(run.dice().chance(30));
      case FAIL -> node.store.fail();
      case FENCE -> node.store.fence();
      case CRASH -> {
        if (!run.isNested()) {
          run.crash();
        }
      }
      case STOP -> {
        if (!run.isNested()) {
          run.stop();
        }
      }
    }
  }

  private long pause() {
    Dice dice = run.dice();
    int kind = dice.below(10);
    return kind < 7 ? dice.below(400) : kind < 9 ? dice.below(5_000) : dice.below(30_000);
  }

  /**
   * Takes this number of steps of a node that takes nothing new in; fewer if the node is replaced
   * or quiet.
   */
  void someOf(SimulatedNode node, int number) {
    for (int i = 0; i < number && !run.isBroken() && !node.isQuiet(); i++) {
      switch (run.dice().below(8)) {
        case 0, 1 -> node.runTask();
        case 2 -> node.deliverToHost();
        case 3 -> node.deliverToGateway();
        case 4 -> node.deliverToClient();
        case 5 -> node.store.write();
        case 6 -> node.store.report();
        default -> {
          run.end();
          run.completeStage();
          run.completeBackground();
        }
      }
      run.checkBetweenSteps();
    }
  }
}
