package dev.dormouse.server.host.owner;

import dev.dormouse.log.Log;
import dev.dormouse.server.host.owner.Ownership.Announcement;
import dev.dormouse.server.host.owner.Ownership.GivenUp;
import dev.dormouse.server.host.owner.Ownership.Ways;
import dev.dormouse.server.protocol.FromHost.NotOwner;
import dev.dormouse.server.protocol.Owner;
import dev.dormouse.server.protocol.Placement;
import dev.dormouse.server.protocol.Release;
import dev.dormouse.server.protocol.Time;
import dev.dormouse.server.protocol.ToHost;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * The ownerships of a host, and the door for all records of gateways. The first thing that happens
 * to a record is the comparison of its epoch: a record of an older epoch is refused, and a record
 * of a later epoch tells the host that it owns the group no longer.
 *
 * <p>{@link Cells} does what follows from the decisions: it runs the actors.
 */
public final class Ownerships {
  private static final Logger log = Log.of(Ownerships.class);

  /** The part of the host that runs the actors of the groups. */
  public interface Cells {

    /** Takes a record that has passed the door. */
    void take(ToHost.ForActor record);

    /**
     * Forgets the queued events of a gateway, which sends them again, and remembers which of its
     * messages are in a turn or in a commit, so that their repeats are passed over. Returns when
     * that is done.
     */
    void forgetQueued(int group, long gateway);

    /** Compares the stored connections of a gateway with its announcement, in the background. */
    void compare(Ownership ownership, Announcement announcement);

    /** Closes the stored connections of gateways that did not come, in the background. */
    void closeAll(Ownership ownership, GivenUp gateways);

    /** Drops all cells of a group at once; their open turns are abandoned. */
    void drop(int group);

    /**
     * Handles no further events of a group; completes when all commits of its turns are reported.
     */
    CompletionStage<Void> settle(int group);
  }

  private final String node;
  private final Placement placement;
  private final Ways ways;
  private final Time time;
  private final Cells cells;
  private final AtomicReferenceArray<@Nullable Ownership> owned;

  /**
   * Creates the door of a host that owns nothing.
   *
   * @param node the name of the host's node
   */
  public Ownerships(String node, Placement placement, Ways ways, Time time, Cells cells) {
    this.node = node;
    this.placement = placement;
    this.ways = ways;
    this.time = time;
    this.cells = cells;
    this.owned = new AtomicReferenceArray<>(placement.groups());
  }

  /** Begins the ownership of a group, once the commits of all earlier epochs can be read. */
  public void begin(int group, long epoch) {
    Ownership before = owned.get(group);
    if (before != null) {
      lose(group, before, null, "a later ownership begins");
    }
    owned.set(group, new Ownership(group, new Owner(node, epoch), ways, time.nowNs()));
    log.debug("group {} is owned in epoch {}", group, epoch);
  }

  /** Returns the ownership of a group; null if the host does not own the group. */
  public @Nullable Ownership of(int group) {
    return owned.get(group);
  }

  /**
   * Takes a record of a gateway. The records of one gateway must come one after the other.
   *
   * @param gateway the run of the gateway's node
   * @param epoch the epoch in which the gateway believes that the host owns the group
   */
  public void accept(long gateway, long epoch, ToHost record) {
    int group =
        record instanceof ToHost.ForActor forActor
            ? placement.groupOf(forActor.actor())
            : ((ToHost.Announce) record).group();
    Ownership ownership = owned.get(group);
    if (ownership == null) {
      ways.toGateway(gateway, new NotOwner(group, epoch, placement.ownerOf(group)));
      return;
    }
    if (epoch > ownership.epoch()) {
      lose(group, ownership, null, "a gateway knows of epoch " + epoch);
      ways.toGateway(gateway, new NotOwner(group, epoch, null));
      return;
    }
    NotOwner refusal =
        record instanceof ToHost.Announce announce
            ? ownership.announce(
                gateway,
                epoch,
                announce,
                () -> cells.forgetQueued(group, gateway),
                complete -> cells.compare(ownership, complete),
                time.nowNs())
            : enter(ownership, gateway, epoch, record);
    if (refusal != null) {
      ways.toGateway(gateway, refusal);
    } else if (record instanceof ToHost.ForActor forActor) {
      cells.take(forActor);
    }
  }

  private static @Nullable NotOwner enter(
      Ownership ownership, long gateway, long epoch, ToHost record) {
    return record instanceof ToHost.Open open
        ? ownership.enter(gateway, epoch, open.connection().value(), open.connection().number())
        : ownership.enter(gateway, epoch, null, 0);
  }

  /** Hears that the link to a gateway is broken. */
  public void broken(long gateway) {
    for (int group = 0; group < owned.length(); group++) {
      Ownership ownership = owned.get(group);
      if (ownership != null) {
        ownership.broken(gateway, time.nowNs());
      }
    }
  }

  /**
   * Sends a release to a gateway, if the host owns the group of its actor in the release's epoch.
   */
  public void send(long gateway, Release release) {
    Ownership ownership = owned.get(placement.groupOf(release.actor()));
    if (ownership != null) {
      ownership.send(gateway, release, time.nowNs());
    }
  }

  /** Gives up gateways that did not come. To be called about once a second. */
  public void tick() {
    for (int group = 0; group < owned.length(); group++) {
      Ownership ownership = owned.get(group);
      GivenUp gone = ownership == null ? null : ownership.giveUp(time.nowNs());
      if (ownership != null && gone != null) {
        cells.closeAll(ownership, gone);
      }
    }
  }

  /**
   * Leaves a group in good order: open turns end, their commits are reported and their releases go
   * out; then the gateways are told of the next owner.
   *
   * @param next the next owner; null if none is known
   * @return completes when the group is left; the caller ends it by {@link #lose} if that takes too
   *     long
   */
  public CompletionStage<Void> leave(int group, @Nullable Owner next) {
    Ownership ownership = owned.get(group);
    if (ownership == null) {
      return CompletableFuture.completedFuture(null);
    }
    ownership.leave();
    return cells.settle(group).thenRun(() -> lose(group, ownership, next, "it was handed over"));
  }

  /** Ends the ownership of a group at once: its cells are dropped, and nothing more leaves. */
  public void lose(int group, String why) {
    Ownership ownership = owned.get(group);
    if (ownership != null) {
      lose(group, ownership, null, why);
    }
  }

  private void lose(int group, Ownership ownership, @Nullable Owner next, String why) {
    if (owned.compareAndSet(group, ownership, null)) {
      ownership.end(next);
      cells.drop(group);
      log.debug("group {} is owned no longer, since {}", group, why);
    }
  }
}
