package dev.dormouse.server.host.turn;

import dev.dormouse.log.Log;
import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.Delivery.Outcome;
import dev.dormouse.server.observe.LogLabels;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiPredicate;
import org.slf4j.Logger;

/**
 * The questions that the actors of a host have asked gateways and that have no answer yet. A
 * question does not keep its actor in memory. May be used from any thread.
 */
public final class Questions {
  private static final Logger log = Log.of(Questions.class);

  /**
   * A question that has no answer yet.
   *
   * @param actor the actor that asks
   * @param connection the connection that the question is about
   * @param answer completed with the answer, which may run code of the actor
   * @param executor where the answer is completed
   */
  private record Question<T>(
      ActorId actor, ConnectionId connection, CompletableFuture<T> answer, Executor executor) {
    void answer(T said) {
      try {
        executor.execute(() -> complete(said));
      } catch (RejectedExecutionException stopped) {
        log.debug("the actor's executor has stopped; the answer {} is dropped", said);
      }
    }

    private void complete(T said) {
      Map<String, String> labels = LogLabels.now();
      try {
        answer.complete(said);
      } finally {
        LogLabels.restore(labels);
      }
    }
  }

  private final AtomicLong last;
  private final ConcurrentHashMap<Long, Question<Outcome>> outcomes = new ConcurrentHashMap<>();
  private final ConcurrentHashMap<Long, Question<Optional<Instant>>> seen =
      new ConcurrentHashMap<>();

  /**
   * Creates an empty set of questions. Their numbers begin with the run, so that no other run of
   * the node and no other node uses the same numbers.
   */
  public Questions(long run) {
    this.last = new AtomicLong(ConnectionId.of(run, 0).value());
  }

  /**
   * Asks what becomes of a message that is to be sent.
   *
   * @param actor the actor that asks
   * @param connection the connection that the message is for
   * @param answer completed once, with the answer
   * @param executor where the answer is completed
   * @return the number to report under
   */
  long askOutcome(
      ActorId actor,
      ConnectionId connection,
      CompletableFuture<Outcome> answer,
      Executor executor) {
    return ask(outcomes, new Question<>(actor, connection, answer, executor));
  }

  /**
   * Asks when something was last heard of a client.
   *
   * @param actor the actor that asks
   * @param connection the client's connection
   * @param answer completed once, with the answer
   * @param executor where the answer is completed
   * @return the number to report under
   */
  long askSeen(
      ActorId actor,
      ConnectionId connection,
      CompletableFuture<Optional<Instant>> answer,
      Executor executor) {
    return ask(seen, new Question<>(actor, connection, answer, executor));
  }

  private <T> long ask(Map<Long, Question<T>> open, Question<T> question) {
    long report = last.incrementAndGet();
    open.put(report, question);
    return report;
  }

  /** Answers what became of a message; a second answer is ignored. */
  public void answer(ToHost.Delivered delivered) {
    answer(outcomes, delivered.report(), delivered.outcome());
  }

  /** Answers when something was last heard of a client; a second answer is ignored. */
  public void answer(ToHost.Seen told) {
    answer(seen, told.report(), Optional.ofNullable(told.at()));
  }

  private static <T> void answer(Map<Long, Question<T>> open, long report, T said) {
    Question<T> question = open.remove(report);
    if (question != null) {
      question.answer(said);
    }
  }

  /** Answers the questions about messages that were not sent, and will not be. */
  public void discarded(List<? extends ToGateway> records) {
    for (ToGateway record : records) {
      if (record instanceof ToGateway.Send send && send.report() != 0) {
        answer(outcomes, send.report(), Outcome.TURN_DISCARDED);
      }
    }
  }

  /**
   * Answers questions whose answers will not come, because no gateway will bring them to this host:
   * a message counts as not written, and nothing is known of a client.
   *
   * @param whose chooses the questions, by the actor that asks and the connection that the question
   *     is about
   */
  public void unanswerable(BiPredicate<ActorId, ConnectionId> whose) {
    unanswerable(outcomes, whose, Outcome.CONNECTION_CLOSED);
    unanswerable(seen, whose, Optional.empty());
  }

  private static <T> void unanswerable(
      Map<Long, Question<T>> open, BiPredicate<ActorId, ConnectionId> whose, T said) {
    open.forEach(
        (report, question) -> {
          if (whose.test(question.actor, question.connection)) {
            answer(open, report, said);
          }
        });
  }

  /** Returns the number of questions without an answer. */
  public int size() {
    return outcomes.size() + seen.size();
  }
}
