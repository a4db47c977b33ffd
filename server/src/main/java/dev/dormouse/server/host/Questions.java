package dev.dormouse.server.host;

import dev.dormouse.log.Log;
import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.Delivery.Outcome;
import dev.dormouse.server.observe.LogLabels;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.slf4j.Logger;

/**
 * What actors asked gateways and were not told yet, of all actors of a host; it keeps none of them
 * in memory. What nobody asks is not here. Any thread.
 */
final class Questions {
  private static final Logger log = Log.of(Questions.class);

  private record Question(Consumer<ToHost> onAnswer, Executor executor) {}

  private final AtomicLong last;
  private final ConcurrentHashMap<Long, Question> open = new ConcurrentHashMap<>();

  /** Numbers what is asked so that no other run of the node, and none of another node, does. */
  Questions(long incarnation) {
    this.last = new AtomicLong(ConnectionId.of(incarnation, 0).value());
  }

  /**
   * Something is asked.
   *
   * @param onAnswer called once, with the answer
   * @param executor where that is done
   * @return the number to report under
   */
  long ask(Consumer<ToHost> onAnswer, Executor executor) {
    long report = last.incrementAndGet();
    open.put(report, new Question(onAnswer, executor));
    return report;
  }

  /** A gateway answers; nothing if what was asked is answered already. */
  void answered(long report, ToHost answer) {
    Question question = open.remove(report);
    if (question == null) {
      return;
    }
    try {
      question.executor.execute(() -> tell(question, answer));
    } catch (RejectedExecutionException stopped) {
      log.debug("nobody is there any more to hear {}", answer);
    }
  }

  /** What comes of an answer is code of the actor's. */
  private static void tell(Question question, ToHost answer) {
    Map<String, String> labels = LogLabels.now();
    try {
      question.onAnswer.accept(answer);
    } finally {
      LogLabels.restore(labels);
    }
  }

  /** These were not said, and will not be. */
  void discarded(ActorId actor, List<? extends ToGateway> records) {
    for (ToGateway record : records) {
      if (record instanceof ToGateway.Send send && send.report() != 0) {
        answered(
            send.report(),
            new ToHost.Delivered(actor, send.connection(), send.report(), Outcome.TURN_DISCARDED));
      }
    }
  }

  /** How much is not answered. */
  int size() {
    return open.size();
  }
}
