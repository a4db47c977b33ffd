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
 * Looks at the actors in memory, round after round: abandons turns that take too long, starts
 * attempts that are due, and has actors hibernate that are idle, or that are too many. Used by one
 * thread at a time.
 */
final class HostRounds {
  private final Collection<ActorCell> cells;
  private final Time time;
  private final int activeActorsMax;
  private final FailureLog failures;
  private final Runnable onRound;
  private final Consumer<ActorId> hibernate;

  /** The cells that this round has not looked at yet; null between two rounds. */
  private @Nullable Iterator<ActorCell> rest;

  /** The largest number of cells since the round began. */
  private int most;

  /** The number of cells that this round has looked at and that stay in memory. */
  private int staying;

  /**
   * True if the last round found the most actors busy; the rounds write it, and any thread reads
   * it.
   */
  private volatile boolean isCrowded;

  /**
   * Creates the rounds of a host; the first one begins with the first tick.
   *
   * @param cells a live view of all cells in memory
   * @param onRound called when a round begins
   * @param hibernate has an actor hibernate if no event waits for it
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

  /** Does the next part of a round that takes so many calls. */
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
        failures.error(
            "the regular check of actor {} failed; it is made again in the next round",
            cell.id(),
            e);
      }
      left--;
    }
    rest = round.hasNext() ? round : null;
    if (rest == null) {
      isCrowded = staying > activeActorsMax && hibernateOverMost(nowNs) > 0;
    }
  }

  /**
   * Returns whether the last round found more actors in memory than there may be, and so many of
   * them busy that hibernating the others was not enough. Any thread.
   */
  boolean isCrowded() {
    return isCrowded;
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

  /** Has actors hibernate that are too many; returns how many are still too many. */
  private int hibernateOverMost(long nowNs) {
    List<IdlePolicy.Candidate> active =
        cells.stream().filter(cell -> !cell.isIdle(nowNs)).map(ActorCell::candidate).toList();
    List<ActorId> sleepers = IdlePolicy.overMost(active, nowNs, activeActorsMax);
    sleepers.forEach(hibernate);
    return active.size() - sleepers.size() - activeActorsMax;
  }
}
