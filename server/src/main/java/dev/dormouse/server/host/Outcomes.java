package dev.dormouse.server.host;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.Delivery.Outcome;
import dev.dormouse.server.protocol.ToGateway;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What actors asked about their messages and do not know yet, of all actors of a host: it does not
 * keep them in memory. Nothing of a message that nobody asks about. Any thread.
 */
final class Outcomes {
  private static final Logger log = LoggerFactory.getLogger(Outcomes.class);

  private record Asked(OutcomeStage<Outcome> stage, Executor executor) {}

  private final AtomicLong last;
  private final ConcurrentHashMap<Long, Asked> asked = new ConcurrentHashMap<>();

  /** Numbers what is asked so that no other run of the node, and none of another node, does. */
  Outcomes(long incarnation) {
    this.last = new AtomicLong(ConnectionId.of(incarnation, 0).value());
  }

  /**
   * Has the stage completed when the outcome is known.
   *
   * @param executor where that is done
   * @return the number to report it under
   */
  long ask(OutcomeStage<Outcome> stage, Executor executor) {
    long report = last.incrementAndGet();
    asked.put(report, new Asked(stage, executor));
    return report;
  }

  /** What became of a message; nothing if that is known already. */
  void arrived(ActorId actor, long report, Outcome outcome) {
    Asked known = asked.remove(report);
    if (known == null) {
      return;
    }
    try {
      known.executor.execute(() -> known.stage.complete(outcome));
    } catch (RejectedExecutionException stopped) {
      log.debug("actor {} does not hear any more that a message was {}", actor, outcome);
    }
  }

  /** These were not, and will not be, said. */
  void discarded(ActorId actor, List<ToGateway> records) {
    for (ToGateway record : records) {
      if (record instanceof ToGateway.Send send && send.report() != 0) {
        arrived(actor, send.report(), Outcome.TURN_DISCARDED);
      }
    }
  }

  /** How many are not known. */
  int size() {
    return asked.size();
  }
}
