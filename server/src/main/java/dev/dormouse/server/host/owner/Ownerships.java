package dev.dormouse.server.host.owner;

import dev.dormouse.log.Counted;
import dev.dormouse.log.Log;
import dev.dormouse.sdk.ActorId;
import dev.dormouse.server.host.owner.Ownership.Announcement;
import dev.dormouse.server.host.owner.Ownership.Entry;
import dev.dormouse.server.host.owner.Ownership.GivenUp;
import dev.dormouse.server.host.owner.Ownership.Ways;
import dev.dormouse.server.observe.FailureLog;
import dev.dormouse.server.protocol.FromHost.NotOwner;
import dev.dormouse.server.protocol.Owner;
import dev.dormouse.server.protocol.Placement;
import dev.dormouse.server.protocol.Release;
import dev.dormouse.server.protocol.Time;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.atomic.LongAdder;
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

    /**
     * Takes a record that has passed the door.
     *
     * @param ownership the ownership whose door it was; if that is over by now, the record is
     *     passed over, since the gateway sends it again to the owner that follows
     */
    void take(Ownership ownership, ToHost.ForActor record);

    /**
     * Forgets the queued events of a gateway, which sends them again. Returns when that is done.
     *
     * @param inFlight takes the gateway's messages and requests that are not queued any more and
     *     whose answers have not left the cells
     */
    void forgetQueued(int group, long gateway, InFlight inFlight);

    /** Compares the stored connections of a gateway with its announcement, in the background. */
    void compare(Ownership ownership, Announcement announcement);

    /** Closes the stored connections of gateways that did not come, in the background. */
    void closeAll(Ownership ownership, GivenUp gateways);

    /**
     * Drops all cells of an ownership that is over at once; their open turns are abandoned, and
     * nothing leaves them any more.
     */
    void drop(int group);

    /**
     * Handles no further events of a group.
     *
     * @return completes when the open turns have ended, all commits are reported and all releases
     *     have left the cells
     */
    CompletionStage<Void> settle(int group);
  }

  /** The deadline of an ownership that is left without one. */
  private static final long NO_DEADLINE_NS = Long.MAX_VALUE / 2;

  private final String node;
  private final Placement placement;
  private final Ways ways;
  private final Time time;
  private final Cells cells;
  private final FailureLog failures;
  private final AtomicReferenceArray<@Nullable Ownership> owned;
  private final LongAdder dropped = new LongAdder();
  private final LongAdder stale = new LongAdder();

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
    this.failures = new FailureLog(time);
    this.owned = new AtomicReferenceArray<>(placement.groups());
  }

  /**
   * Begins the ownership of a group, once the commits of all earlier epochs can be read. Nothing
   * happens if the host owns the group in this epoch or a later one already.
   */
  public void begin(int group, long epoch) {
    Ownership before = owned.get(group);
    if (before != null && before.epoch() >= epoch) {
      return;
    }
    if (before != null) {
      lose(group, before, "a later ownership begins");
    }
    owned.set(group, new Ownership(group, new Owner(node, epoch), ways, time.nowNs()));
    log.debug("group {} is owned in epoch {}", group, epoch);
  }

  /** Returns the ownership of a group; null if the host does not own the group. */
  public @Nullable Ownership of(int group) {
    return owned.get(group);
  }

  /** Returns the ownership of an actor's group; null if the host does not own the group. */
  public @Nullable Ownership of(ActorId actor) {
    return owned.get(placement.groupOf(actor));
  }

  /** Counts the groups that the host owns. */
  public int count() {
    int count = 0;
    for (int group = 0; group < owned.length(); group++) {
      count += owned.get(group) == null ? 0 : 1;
    }
    return count;
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
    boolean isAttempt = record instanceof ToHost.Announce part && part.isFirst();
    if (ownership == null) {
      if (isAttempt) { // nothing else is refused, see Ownership
        ways.toGateway(gateway, new NotOwner(group, epoch, placement.ownerOf(group)));
      }
      return;
    }
    if (epoch > ownership.epoch()) {
      lose(group, ownership, "a gateway knows of epoch " + epoch);
      if (isAttempt) {
        ways.toGateway(gateway, new NotOwner(group, epoch, null));
      }
      return;
    }
    Entry entry =
        record instanceof ToHost.ForActor forActor
            ? ownership.enter(gateway, epoch, forActor)
            : announce(ownership, gateway, epoch, (ToHost.Announce) record);
    Announcement announcement = entry.announcement();
    if (entry.refusal() != null) {
      ways.toGateway(gateway, entry.refusal());
    } else if (announcement != null) {
      cells.compare(ownership, announcement);
    } else if (entry.isTaken() && record instanceof ToHost.ForActor forActor) {
      cells.take(ownership, forActor);
    }
  }

  private Entry announce(Ownership ownership, long gateway, long epoch, ToHost.Announce part) {
    if (ownership.isAgain(gateway, epoch, part, time.nowNs())) {
      InFlight inFlight = new InFlight();
      cells.forgetQueued(ownership.group(), gateway, inFlight);
      ownership.remember(gateway, inFlight, time.nowNs());
    }
    return ownership.announce(gateway, epoch, part, time.nowNs());
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
   * Sends a release to the gateways that its records concern, each of which gets its part.
   *
   * @param gateways the runs of the gateways that hold connections of the actor
   */
  public void send(Release release, long[] gateways) {
    Routes.split(release, gateways).forEach(this::send);
  }

  /**
   * Sends a release to a gateway, if the host owns the group of its actor in the release's epoch.
   */
  public void send(long gateway, Release release) {
    Ownership ownership = of(release.actor());
    if (ownership == null || ownership.epoch() != release.epoch() || ownership.isOver()) {
      stale.increment();
      log.debug(
          "a release of actor {} in epoch {} is dropped, because the group is not owned",
          release.actor(),
          release.epoch());
      return;
    }
    int drops = ownership.send(gateway, release, time.nowNs());
    if (drops > 0) {
      dropped.add(drops);
      failures.error(
          "the gateway of run {} has not announced its sockets, and more is sent to it than may be"
              + " held; {} dropped, the last of actor {}, whose sockets there will be closed",
          gateway,
          Counted.of(drops, "release"),
          release.actor());
      boolean isAccepting =
          release.records().stream().anyMatch(ToGateway.Accepted.class::isInstance);
      if (isAccepting && ownership.isGivenUp(gateway)) {
        // The connection may have been stored after the connections of the gateway were closed.
        cells.closeAll(ownership, new GivenUp(Set.of(gateway), null, 0));
      }
    }
  }

  /** Counts the releases of ownerships that were over. */
  public long stale() {
    return stale.sum();
  }

  /** Counts the releases that were dropped because their gateway had not announced its sockets. */
  public long dropped() {
    return dropped.sum();
  }

  /**
   * Gives up gateways that did not come, and ends ownerships that could not be left in time. To be
   * called about once a second.
   */
  public void tick() {
    failures.tick();
    for (int group = 0; group < owned.length(); group++) {
      Ownership ownership = owned.get(group);
      if (ownership == null) {
        continue;
      }
      if (ownership.isOverdue(time.nowNs())) {
        lose(group, ownership, "it could not be left in good order in time");
        continue;
      }
      GivenUp gone = ownership.giveUp(time.nowNs());
      if (gone != null) {
        dropped.add(gone.dropped());
        log.debug(
            "group {} gives up gateways of runs {}, {} others; {} dropped",
            group,
            gone.gone(),
            gone.known() == null ? "no" : "all",
            Counted.of(gone.dropped(), "release"));
        cells.closeAll(ownership, gone);
      }
    }
  }

  /** Leaves a group in good order, however long that takes. */
  public CompletionStage<Void> leave(int group, @Nullable Owner next) {
    return leave(group, next, time.nowNs() + NO_DEADLINE_NS);
  }

  /**
   * Leaves a group in good order: open turns end, their commits are reported and their releases go
   * out; then the gateways are told of the next owner. At the deadline the group is lost with
   * whatever is not done.
   *
   * @param next the next owner; null if none is known
   * @param deadlineNs the deadline, by the clock that never jumps; {@link #tick} looks at it
   * @return completes when the group is left or lost
   */
  public CompletionStage<Void> leave(int group, @Nullable Owner next, long deadlineNs) {
    Ownership ownership = owned.get(group);
    if (ownership == null) {
      return CompletableFuture.completedFuture(null);
    }
    if (ownership.leave(next, deadlineNs)) {
      cells.settle(group).thenRun(() -> lose(group, ownership, "it was handed over"));
    }
    return ownership.over();
  }

  /** Ends the ownership of a group at once: its cells are dropped, and nothing more leaves. */
  public void lose(int group, String why) {
    Ownership ownership = owned.get(group);
    if (ownership != null) {
      lose(group, ownership, why);
    }
  }

  /** Ends an ownership at once, unless it has ended before. */
  public void lose(Ownership ownership, String why) {
    lose(ownership.group(), ownership, why);
  }

  private void lose(int group, Ownership ownership, String why) {
    if (owned.compareAndSet(group, ownership, null)) {
      ownership.end();
      cells.drop(group);
      log.debug("group {} is owned no longer, since {}", group, why);
      ownership.over().complete(null);
    }
  }
}
