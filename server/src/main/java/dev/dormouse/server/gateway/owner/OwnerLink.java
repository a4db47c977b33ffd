package dev.dormouse.server.gateway.owner;

import dev.dormouse.server.protocol.FromHost.NotOwner;
import dev.dormouse.server.protocol.Owner;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Decides, for one group of shards, to which host a gateway sends and from which host it takes
 * releases. The decisions need no thread and no clock of their own.
 *
 * <p><b>The rule.</b> A gateway is <em>attached</em> to at most one owner of the group, in one
 * epoch. The first records that it sends to that owner are the announcement of its sockets. It
 * takes releases of that epoch alone. When the link to the owner breaks, when the owner says that
 * it owns the group no longer, or when a later epoch has been known for {@link #PATIENCE_NS}, the
 * gateway <em>seeks</em>: it sends nothing for the group, keeps what is unanswered, and asks the
 * placement again and again. It never goes back to an earlier epoch.
 *
 * <p>The monitor of the object guards its fields; {@link #owner} may be read without it.
 */
final class OwnerLink {
  /** The state of a link. */
  enum State {
    /** No owner is known, or the gateway has not announced its sockets to the owner. */
    SEEKING,
    /** The gateway has announced its sockets, and sends. */
    ATTACHED;

    /**
     * Returns the next state.
     *
     * @throws IllegalStateException if the next state may not follow this one
     */
    State to(State next) {
      if (this == next) {
        throw new IllegalStateException("a link cannot go from " + this + " to " + next);
      }
      return next;
    }
  }

  /** The time without an owner after which the sockets of the group are closed. */
  static final Duration LIMBO_MAX = Duration.ofSeconds(10);

  /** The shortest pause between two attachments, so that a refusal is not answered at once. */
  static final long PAUSE_NS = TimeUnit.MILLISECONDS.toNanos(100);

  /**
   * The time for which a gateway that learns of a later owner stays attached to the former one. The
   * former owner says its last, and then that it owns the group no longer, so nothing is lost if it
   * leaves in good order.
   */
  static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(1);

  private State state = State.SEEKING;

  /**
   * The owner that the gateway is attached to; null while it seeks. Every attachment has an object
   * of its own, even if the owner and its epoch are the same as before.
   */
  private volatile @Nullable Owner owner;

  /** The greatest epoch that is known of the group. */
  private long highest;

  /** True while the placement names a later owner than the owner of this attachment. */
  private boolean isLaterKnown;

  private long laterKnownSinceNs;
  private long seekingSinceNs;
  private boolean isLimboOver;

  /** The time before which the gateway does not attach again. */
  private long pausesUntilNs;

  OwnerLink(long nowNs) {
    this.seekingSinceNs = nowNs;
    this.pausesUntilNs = nowNs;
  }

  /**
   * Returns the owner that the gateway is attached to; null while it seeks. The object stands for
   * the attachment: what was sent under another object, even an equal one, came before this
   * attachment. Any thread.
   */
  @Nullable Owner owner() {
    return owner;
  }

  /**
   * Attaches the gateway to an owner if that is right at this moment. The caller announces the
   * sockets of the group, and then has everything unanswered sent again, before it gives up the
   * monitor.
   *
   * @param found the owner that the placement names; null if it names none
   * @return whether the gateway is attached by this call
   */
  synchronized boolean attach(@Nullable Owner found, long nowNs) {
    if (found == null || found.epoch() < highest) {
      return false;
    }
    Owner current = owner;
    if (current != null) {
      if (found.epoch() == current.epoch()) {
        return false;
      }
      if (!isLaterKnown) {
        isLaterKnown = true;
        laterKnownSinceNs = nowNs;
      }
      if (nowNs - laterKnownSinceNs < PATIENCE_NS) {
        return false;
      }
      seek(nowNs);
    }
    if (nowNs - pausesUntilNs < 0) {
      return false;
    }
    state = state.to(State.ATTACHED);
    owner = new Owner(found.node(), found.epoch());
    highest = found.epoch();
    isLimboOver = false;
    return true;
  }

  /**
   * Returns whether a release or a notice of this epoch is from the owner the gateway is attached
   * to.
   */
  synchronized boolean isFromOwner(long epoch) {
    Owner current = owner;
    return current != null && current.epoch() == epoch;
  }

  /**
   * Hears that a host has refused records.
   *
   * @return whether the gateway begins to seek by this call
   */
  synchronized boolean refused(NotOwner notice, long nowNs) {
    Owner known = notice.known();
    if (known != null) {
      highest = Math.max(highest, known.epoch());
    }
    Owner current = owner;
    boolean isOver =
        current != null && (current.epoch() == notice.refused() || current.epoch() < highest);
    if (isOver) {
      pausesUntilNs = known != null && known.epoch() > notice.refused() ? nowNs : nowNs + PAUSE_NS;
      seek(nowNs);
    }
    return isOver;
  }

  /**
   * Hears that the link to the host of a node is broken.
   *
   * @return whether the gateway begins to seek by this call
   */
  synchronized boolean broken(String node, long nowNs) {
    Owner current = owner;
    boolean isOver = current != null && current.node().equals(node);
    if (isOver) {
      pausesUntilNs = nowNs + PAUSE_NS;
      seek(nowNs);
    }
    return isOver;
  }

  private void seek(long nowNs) {
    state = state.to(State.SEEKING);
    owner = null;
    isLaterKnown = false;
    seekingSinceNs = nowNs;
  }

  /**
   * Returns, once each time the gateway seeks, that it has sought for too long, so that the sockets
   * of the group must be closed.
   */
  synchronized boolean isLimboOver(long nowNs) {
    boolean isOver =
        state == State.SEEKING && !isLimboOver && nowNs - seekingSinceNs >= LIMBO_MAX.toNanos();
    isLimboOver |= isOver;
    return isOver;
  }
}
