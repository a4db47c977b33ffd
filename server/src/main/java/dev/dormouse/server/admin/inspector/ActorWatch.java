package dev.dormouse.server.admin.inspector;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.server.observe.DormouseObserver;
import dev.dormouse.server.protocol.Time;
import org.jspecify.annotations.Nullable;

/** Reports the events of the domain {@code Dormouse} to one inspector. Any thread. */
final class ActorWatch implements DormouseObserver {
  private final InspectorFilter filter;
  private final Outbox outbox;
  private final Time time;

  ActorWatch(InspectorFilter filter, Outbox outbox, Time time) {
    this.filter = filter;
    this.outbox = outbox;
    this.time = time;
  }

  @Override
  public void upgradeAccepted(UpgradeAccepted accepted) {
    if (isAsked(accepted.actor())) {
      outbox.add(DormouseEvents.connectionOpened(accepted, time.nowNs()));
    }
  }

  @Override
  public void upgradeRejected(UpgradeRejected rejected) {
    if (isAsked(rejected.actor())) {
      outbox.add(DormouseEvents.upgradeRejected(rejected, time.nowNs()));
    }
  }

  @Override
  public void upgradeFailed(UpgradeFailed failed) {
    if (isAsked(failed.actor())) {
      outbox.add(DormouseEvents.upgradeFailed(failed, time.nowNs()));
    }
  }

  @Override
  public void upgradeAborted(UpgradeAborted aborted) {
    if (isAsked(aborted.actor())) {
      outbox.add(DormouseEvents.upgradeAborted(aborted, time.nowNs()));
    }
  }

  @Override
  public void connectionClosed(ConnectionClosed closed) {
    if (isAsked(closed.actor())) {
      outbox.add(DormouseEvents.connectionClosed(closed, time.nowNs()));
    }
  }

  @Override
  public void actorActivated(ActorActivated activated) {
    if (isAsked(activated.actor())) {
      outbox.add(DormouseEvents.actorActivated(activated, time.nowNs()));
    }
  }

  @Override
  public void actorHibernated(ActorHibernated hibernated) {
    if (isAsked(hibernated.actor())) {
      outbox.add(DormouseEvents.actorHibernated(hibernated, time.nowNs()));
    }
  }

  @Override
  public void actorReset(ActorReset reset) {
    if (isAsked(reset.actor())) {
      outbox.add(DormouseEvents.actorReset(reset, time.nowNs()));
    }
  }

  @Override
  public void turnEnded(TurnEnded ended) {
    if (!isAsked(ended.actor())) {
      return;
    }
    if (outbox.hasRoom()) {
      outbox.add(DormouseEvents.turnEnded(ended, time.nowNs()));
    } else {
      outbox.dropTurn();
    }
  }

  @Override
  public void limitHit(LimitHit hit) {
    if (!isAsked(hit.actor())) {
      return;
    }
    if (outbox.hasRoom()) {
      outbox.add(DormouseEvents.limitHit(hit, time.nowNs()));
    } else {
      outbox.dropLimit();
    }
  }

  private boolean isAsked(@Nullable ActorId actor) {
    return filter.matches(actor);
  }
}
