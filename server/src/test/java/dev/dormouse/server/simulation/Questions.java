package dev.dormouse.server.simulation;

import dev.dormouse.sdk.Delivery;
import dev.dormouse.sdk.Delivery.Outcome;
import dev.dormouse.server.simulation.TurnModel.Fate;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** The questions of handlers about their messages: each is answered once, and truthfully. */
final class Questions {
  private static final class Question {
    final TurnModel turn;
    int answers;

    Question(TurnModel turn) {
      this.turn = turn;
    }
  }

  private final Simulation run;
  private final List<Question> questions = new ArrayList<>();

  Questions(Simulation run) {
    this.run = run;
  }

  /** Records that a turn asks for the outcome of the message it has just sent. */
  void ask(TurnModel turn, Delivery delivery) {
    CompletionStage<Outcome> stage = delivery.outcome();
    if (stage.toCompletableFuture().isDone()) {
      return; // the message was sent to nobody
    }
    Question question = new Question(turn);
    questions.add(question);
    stage.whenComplete((outcome, error) -> told(question, outcome));
  }

  private void told(Question question, @Nullable Outcome outcome) {
    TurnModel turn = question.turn;
    run.count(Happening.OUTCOME_TOLD);
    boolean isDiscarded = outcome == Outcome.TURN_DISCARDED;
    boolean mayBeDiscarded = turn.fate == Fate.BAD || turn.isLost || turn.mayFail;
    boolean mayBeSent = turn.fate == Fate.GOOD && !turn.isLost;
    if (outcome == null || ++question.answers > 1) {
      run.oracle().broken(Promise.LIVENESS, turn + " is told what it asked: " + outcome);
    } else if (isDiscarded ? !mayBeDiscarded : !mayBeSent) {
      run.oracle().broken(Promise.ATOMIC, turn + " is told of what it said: " + outcome);
    }
  }

  /** Forgets all questions, since the process died and nobody will answer. */
  void forget() {
    questions.clear();
  }

  /** Returns a turn whose question was not answered; null if there is none. */
  @Nullable TurnModel unanswered() {
    return questions.stream()
        .filter(question -> question.answers == 0)
        .map(question -> question.turn)
        .findFirst()
        .orElse(null);
  }
}
