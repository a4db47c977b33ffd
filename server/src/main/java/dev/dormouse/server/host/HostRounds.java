package dev.dormouse.server.host;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.server.observe.FailureLog;
import dev.dormouse.server.protocol.Time;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Looks at the actors in memory, round after round: whose turn takes too long, what is to be tried
 * again, who is idle, and who has to go because there are too many. One thread at a time.
 */
final class HostRounds {
  private final Collection<ActorCell> cells;
  private final Time time;
  private final int activeActorsMax;
  private final FailureLog failures;
  private final Runnable onRound;
  private final Consumer<ActorId> hibernate;

  /** Those that were not looked at yet; null between two rounds. */
  private @Nullable Iterator<ActorCell> rest;

  /** How many there were, at most, since the round began. */
  private int most;

  /** How many stay in memory, of those that were looked at. */
  private int staying;

  /**
   * Before the first round.
   *
   * @param cells all in memory, as they come and go
   * @param onRound called when a round begins
   * @param hibernate whom it is called with hibernates, if still idle
   */
  HostRounds(
      Collection<ActorCell> cells,
      Time time,
      int activeActorsMax,
      FailureLog failures,
      Runnable onRound,
      Consumer<ActorId> hibernate) {
    this.cells = cells;
    this.time = time;
    this.activeActorsMax = activeActorsMax;
    this.failures = failures;
    this.onRound = onRound;
    this.hibernate = hibernate;
  }

  /** Does one of so many parts of a round. */
  void tick(int parts) {
    Iterator<ActorCell> round = rest;
    if (round == null) {
      onRound.run();
      most = 0;
      staying = 0;
      round = cells.iterator();
    }
    long nowNs = time.nowNs();
    most = Math.max(most, cells.size());
    int left = parts == 1 ? Integer.MAX_VALUE : most / parts + 1;
    while (left > 0 && round.hasNext()) {
      ActorCell cell = round.next();
      try {
        look(cell, nowNs);
      } catch (RuntimeException | Error e) {
        failures.error("actor {} could not be looked at", cell.id(), e); // but the others
      }
      left--;
    }
    rest = round.hasNext() ? round : null;
    if (rest == null && staying > activeActorsMax) {
      hibernateOverMost(nowNs);
    }
  }

  private void look(ActorCell cell, long nowNs) {
    cell.abandonOverdue(nowNs);
    cell.retryIfDue(nowNs);
    if (cell.isIdle(nowNs)) {
      hibernate.accept(cell.id());
    } else {
      staying++;
    }
  }

  private void hibernateOverMost(long nowNs) {
    List<IdlePolicy.Candidate> active =
        cells.stream().filter(cell -> !cell.isIdle(nowNs)).map(ActorCell::candidate).toList();
    IdlePolicy.overMost(active, nowNs, activeActorsMax).forEach(hibernate);
  }
}
