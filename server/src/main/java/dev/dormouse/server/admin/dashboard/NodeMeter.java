package dev.dormouse.server.admin.dashboard;

import dev.dormouse.server.observe.DormouseObserver;
import java.util.concurrent.atomic.LongAdder;

/**
 * Counts upgrades and turns, and how long their commits took. It listens only while there is an
 * {@link Audience}. Any thread.
 */
final class NodeMeter implements DormouseObserver {
  private final LongAdder upgrades = new LongAdder();
  private final LongAdder turns = new LongAdder();
  private final TimeCounts commits = new TimeCounts();

  @Override
  public void upgradeAccepted(UpgradeAccepted accepted) {
    upgrades.increment();
  }

  @Override
  public void turnEnded(TurnEnded ended) {
    turns.increment();
    if (ended.commitNs() > 0) {
      commits.add(ended.commitNs());
    }
  }

  long upgrades() {
    return upgrades.sum();
  }

  long turns() {
    return turns.sum();
  }

  TimeCounts commits() {
    return commits;
  }
}
