package dev.dormouse.server.gateway.owner;

import dev.dormouse.log.Log;
import dev.dormouse.sdk.ActorId;
import dev.dormouse.server.observe.LineRate;
import dev.dormouse.server.protocol.FromHost;
import dev.dormouse.server.protocol.Owner;
import dev.dormouse.server.protocol.Placement;
import dev.dormouse.server.protocol.Release;
import dev.dormouse.server.protocol.Time;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.server.protocol.Transport;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * The gateway's links to the owners of all groups of shards. Every record for a host passes here,
 * and every record of a host.
 *
 * <p><b>Nothing is kept here.</b> What is sent while the gateway seeks an owner is dropped, because
 * each {@link Holder} keeps what is unanswered and sends it again when it is told that the gateway
 * is attached: a socket its unhandled messages and its close, the pending upgrades and the plain
 * requests theirs. So there is one place for each kind of record, and no second queue.
 *
 * <p><b>Order.</b> A holder sends under the owner that it was told of, and a record is dropped if
 * the gateway is attached otherwise by then. The announcement is handed to the transport before any
 * holder is told. So an owner gets the announcement first, then what is sent again, then what is
 * new.
 *
 * <p><b>Locks.</b> The group's monitor is held while an announcement is made, while a release is
 * carried out, and while a record is handed to the transport, so that none of these comes into the
 * middle of another. The transport and the holder must return at once, and may call this object
 * again from within for the same group.
 *
 * <p>Where the {@link Placement} is fixed, gateway and host are one process: the gateway is
 * attached from the start, nothing is announced, and releases pass without a check.
 */
public final class OwnerLinks {
  private static final Logger log = Log.of(OwnerLinks.class);

  /** The log lines about releases of former owners at once; later there is one in a second. */
  private static final int STALE_LINES = 10;

  /**
   * The parts of the gateway that keep what is unanswered. Called with the group's monitor held.
   */
  public interface Holder {

    /** Returns the ids of the group's sockets that must be announced. */
    long[] announced(int group);

    /**
     * Returns what the gateway knows of connections that it announces, as {@link ToHost.Announce}
     * says it. By default it knows nothing, so that nothing is compared.
     */
    default long[] states(int group, long[] connections) {
      return new long[connections.length];
    }

    /** Returns the number of the next connection that the gateway will ask for. */
    long firstNew();

    /**
     * Sends again, under this owner, what is unanswered of the group; returns at once.
     *
     * @param owner the object by which this attachment is known, see {@link #send(int, Owner,
     *     ToHost)}
     */
    void attached(int group, Owner owner);

    /** Closes the sockets of the group with 1012, because no owner was found in time. */
    void limboOver(int group);

    /** Carries out a release. */
    void release(Release release);

    /** Closes sockets with 1012 whose connections the owner does not have. */
    void unknown(int group, long[] connections);
  }

  private final Placement placement;
  private final Transport transport;
  private final Time time;
  private final OwnerLink[] links;
  private final @Nullable Owner fixed;
  private final LongAdder staleReleases = new LongAdder();
  private final LineRate staleLines;
  private volatile @Nullable Holder holder;

  /** Creates links that are not attached, or attached for ever if the placement is fixed. */
  public OwnerLinks(Placement placement, Transport transport, Time time) {
    this.placement = placement;
    this.transport = transport;
    this.time = time;
    this.links = new OwnerLink[placement.groups()];
    Arrays.setAll(links, group -> new OwnerLink(time.nowNs()));
    this.fixed = placement.isFixed() ? placement.ownerOf(0) : null;
    this.staleLines = new LineRate(time, STALE_LINES, Duration.ofSeconds(1));
  }

  /** Sets the holder; called once, before any record is sent. */
  public void begin(Holder holder) {
    this.holder = holder;
  }

  private Holder holder() {
    Holder known = holder;
    if (known == null) {
      throw new IllegalStateException("the links of a gateway are used before begin()");
    }
    return known;
  }

  /** Returns whether owners never change, so that nobody need keep anything for a new owner. */
  public boolean isFixed() {
    return fixed != null;
  }

  /** Returns the number of groups into which the shards are divided. */
  public int groups() {
    return links.length;
  }

  /** Returns the group of an actor. */
  public int groupOf(ActorId actor) {
    return fixed != null ? 0 : placement.groupOf(actor);
  }

  /** Returns the owner of a group that the gateway is attached to; null while it seeks. */
  public @Nullable Owner owner(int group) {
    return fixed != null ? fixed : links[group].owner();
  }

  /** Returns whether the gateway is still attached to the owner that a holder was told of. */
  @SuppressWarnings("ReferenceEquality") // each attachment has an object of its own
  public boolean isAttached(int group, @Nullable Owner told) {
    return told != null && owner(group) == told;
  }

  /**
   * Hands a record to the transport, for the owner of a group that its holder was told of.
   *
   * @param told the object that the holder was told, not one that is equal to it
   * @return whether the record was handed over; false if the gateway is attached to another owner,
   *     to the same owner anew, or to none
   */
  public boolean send(int group, @Nullable Owner told, ToHost record) {
    if (fixed != null) {
      transport.toHost(fixed, record);
      return true;
    }
    synchronized (links[group]) { // no announcement comes between the check and the record
      if (told == null || !isAttached(group, told)) {
        return false;
      }
      transport.toHost(told, record);
      return true;
    }
  }

  /**
   * Hands a record to the transport, for the owner that the gateway is attached to at this moment.
   *
   * @return whether the record was handed over; false if the gateway is attached to no owner
   */
  public boolean send(ToHost.ForActor record) {
    if (fixed != null) {
      transport.toHost(fixed, record);
      return true;
    }
    int group = placement.groupOf(record.actor());
    synchronized (links[group]) {
      return send(group, links[group].owner(), record);
    }
  }

  /**
   * Runs an action while the gateway is neither attached to an owner of the group nor gets a
   * release of the group. The action must return at once.
   */
  public void undisturbed(int group, Runnable action) {
    if (fixed != null) {
      action.run();
      return;
    }
    synchronized (links[group]) {
      action.run();
    }
  }

  /** Takes a record of a host. */
  public void accept(FromHost record) {
    record.dispatch(receiver);
  }

  private final FromHost.Receiver receiver =
      new FromHost.Receiver() {
        @Override
        public void release(Release release) {
          if (fixed != null) {
            holder().release(release);
            return;
          }
          OwnerLink link = links[placement.groupOf(release.actor())];
          synchronized (link) { // no announcement comes between the check and the release
            if (link.isFromOwner(release.epoch())) {
              holder().release(release);
              return;
            }
          }
          refused(release);
        }

        @Override
        public void attached(FromHost.Attached attached) {
          log.debug("group {} is attached in epoch {}", attached.group(), attached.epoch());
        }

        @Override
        public void notOwner(FromHost.NotOwner notice) {
          if (fixed == null) {
            links[notice.group()].refused(notice, time.nowNs());
            seek(notice.group());
          }
        }

        @Override
        public void unknown(FromHost.Unknown unknown) {
          OwnerLink link = links[unknown.group()];
          synchronized (link) {
            if (link.isFromOwner(unknown.epoch())) {
              holder().unknown(unknown.group(), unknown.connections());
            }
          }
        }
      };

  private void refused(Release stale) {
    staleReleases.increment();
    long leftOut = staleLines.next();
    if (leftOut != LineRate.LEAVE_OUT) {
      log.info(
          "a release of actor {} in epoch {} is refused, because that ownership has ended; the"
              + " actor's next owner answers instead ({} more such lines were left out)",
          stale.actor(),
          stale.epoch(),
          leftOut);
    }
  }

  /** Hears that the link to the host of a node is broken. */
  public void broken(String node) {
    if (fixed != null) {
      return;
    }
    for (int group = 0; group < links.length; group++) {
      links[group].broken(node, time.nowNs());
    }
  }

  /**
   * Looks for owners of the groups that have none. To be called about ten times a second, and
   * whenever the placement may have changed.
   */
  public void tick() {
    if (fixed != null) {
      return;
    }
    for (int group = 0; group < links.length; group++) {
      seek(group);
      synchronized (links[group]) {
        if (links[group].isLimboOver(time.nowNs())) {
          holder().limboOver(group);
        }
      }
    }
  }

  private void seek(int group) {
    Owner found = placement.ownerOf(group);
    OwnerLink link = links[group];
    synchronized (link) {
      Owner before = link.owner();
      if (before != null
          && found != null
          && found.epoch() > before.epoch()
          && !transport.isReachable(before.node())) {
        link.broken(before.node(), time.nowNs()); // nothing more can come from that owner
      }
      if (!link.attach(found, time.nowNs())) {
        return;
      }
      Owner owner = link.owner();
      if (owner != null) {
        announce(group, owner);
        if (isAttached(group, owner)) { // the owner may have refused the announcement at once
          holder().attached(group, owner);
        }
      }
    }
  }

  private void announce(int group, Owner owner) {
    long[] all = holder().announced(group);
    long firstNew = holder().firstNew();
    int from = 0;
    boolean isLast;
    do {
      int to = Math.min(all.length, from + ToHost.Announce.PART_MAX);
      isLast = to == all.length;
      long[] part = Arrays.copyOfRange(all, from, to);
      long[] states = holder().states(group, part);
      transport.toHost(
          owner, new ToHost.Announce(group, firstNew, part, states, from == 0, isLast));
      from = to;
    } while (!isLast && isAttached(group, owner));
  }

  /** Returns how many releases of former owners were dropped. */
  public long staleReleases() {
    return staleReleases.sum();
  }
}
