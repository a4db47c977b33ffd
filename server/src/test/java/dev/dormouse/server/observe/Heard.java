package dev.dormouse.server.observe;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * An observer that keeps the events it is told of, in order; frames are kept with their payloads.
 */
public final class Heard implements DormouseObserver {
  /** A frame, with the first bytes of its payload. */
  public record Seen(boolean isIn, Frame frame, String payload) {}

  private final boolean wantsFrames;
  private final BlockingQueue<Object> all = new LinkedBlockingQueue<>();
  private final List<Object> taken = new ArrayList<>();

  public Heard(boolean wantsFrames) {
    this.wantsFrames = wantsFrames;
  }

  /** Waits for the next event of a kind, and passes over events of other kinds before it. */
  public <T> T next(Class<T> kind) {
    while (true) {
      Object next;
      try {
        next = all.poll(10, TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
      assertThat(next).as("a %s, after %s", kind.getSimpleName(), taken).isNotNull();
      taken.add(next);
      if (kind.isInstance(next)) {
        return kind.cast(next);
      }
    }
  }

  /** Returns the events of a kind that nobody has taken or passed over yet. */
  public <T> List<T> waiting(Class<T> kind) {
    return all.stream().filter(kind::isInstance).map(kind::cast).toList();
  }

  /** Returns the events of a kind that were taken or passed over. */
  public <T> List<T> taken(Class<T> kind) {
    return taken.stream().filter(kind::isInstance).map(kind::cast).toList();
  }

  @Override
  public boolean wantsFrames() {
    return wantsFrames;
  }

  @Override
  public void requestEnded(RequestEnded ended) {
    all.add(ended);
  }

  @Override
  public void upgradeStarted(UpgradeStarted started) {
    all.add(started);
  }

  @Override
  public void upgradeAccepted(UpgradeAccepted accepted) {
    all.add(accepted);
  }

  @Override
  public void upgradeRejected(UpgradeRejected rejected) {
    all.add(rejected);
  }

  @Override
  public void upgradeFailed(UpgradeFailed failed) {
    all.add(failed);
  }

  @Override
  public void upgradeAborted(UpgradeAborted aborted) {
    all.add(aborted);
  }

  @Override
  public void frameIn(Frame frame) {
    all.add(new Seen(true, frame, new String(frame.payload().first(20), StandardCharsets.UTF_8)));
  }

  @Override
  public void frameOut(Frame frame) {
    all.add(new Seen(false, frame, new String(frame.payload().first(20), StandardCharsets.UTF_8)));
  }

  @Override
  public void frameError(FrameError error) {
    all.add(error);
  }

  @Override
  public void connectionClosed(ConnectionClosed closed) {
    all.add(closed);
  }

  @Override
  public void actorActivated(ActorActivated activated) {
    all.add(activated);
  }

  @Override
  public void actorHibernated(ActorHibernated hibernated) {
    all.add(hibernated);
  }

  @Override
  public void actorReset(ActorReset reset) {
    all.add(reset);
  }

  @Override
  public void turnEnded(TurnEnded ended) {
    all.add(ended);
  }

  @Override
  public void limitHit(LimitHit hit) {
    all.add(hit);
  }
}
