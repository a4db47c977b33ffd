package dev.dormouse.server.host.owner;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.server.protocol.FromHost;
import dev.dormouse.server.protocol.FromHost.Attached;
import dev.dormouse.server.protocol.FromHost.NotOwner;
import dev.dormouse.server.protocol.FromHost.Unknown;
import dev.dormouse.server.protocol.Owner;
import dev.dormouse.server.protocol.Release;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.server.protocol.ToHost.Announce;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * One ownership of a group of shards: decides which records of gateways may enter, and holds what
 * actors send to gateways that have not announced their sockets. The decisions need no thread and
 * no clock of their own.
 *
 * <p><b>Gateways.</b> A gateway is absent until its announcement is complete, and again when the
 * link to it breaks. Nothing of an absent gateway enters. What is sent to an absent gateway is
 * held, up to {@value #HELD_RELEASES_MAX} releases and {@value #HELD_BYTES_MAX} bytes, and is
 * delivered once, behind the announcement. If more would have to be held, all of it is dropped, and
 * the announcement is answered so that the sockets of the actors concerned are closed. A gateway
 * that stays absent for {@link #LIMBO_NS} is given up: its connections are closed. Should it come
 * later, all connections of its announcement are answered as unknown, since their closes have taken
 * effect or will.
 *
 * <p><b>A second announcement.</b> When the link to a gateway was broken, the gateway announces its
 * sockets again, and sends again what is unanswered. What an actor has begun to handle by then is
 * {@link InFlight}: its repeats are passed over.
 *
 * <p><b>Refusals.</b> An announcement is answered once: it is taken, or its first part is refused.
 * Nothing else is refused. A record of a gateway that is not attached is passed over, because the
 * gateway has been told, or will be, by the refusal of its announcement, by the notice at the end
 * of the ownership, or by the break of the link; and then it sends the record again. A second
 * refusal of the same attempt would come when the gateway has announced its sockets anew, and would
 * end that attachment.
 *
 * <p><b>The end.</b> While the ownership is left in good order nothing enters, and what actors send
 * goes out. When the ownership is over nothing goes out either, whatever actors still do.
 *
 * <p>The object's monitor guards its fields. It is held while a record is handed to the transport,
 * so that no release overtakes the held ones. No actor's cell is called while it is held.
 */
public final class Ownership {
  /** The most releases that are held for one absent gateway. */
  public static final int HELD_RELEASES_MAX = 1_024;

  /** The most bytes of releases that are held for one absent gateway. */
  public static final long HELD_BYTES_MAX = 1 << 20;

  /** The time after which an absent gateway is given up. */
  public static final long LIMBO_NS = TimeUnit.SECONDS.toNanos(10);

  /** The life of an ownership. */
  enum Life {
    /** Records enter and leave. */
    SERVING,
    /** Nothing enters; what turns have sent leaves. */
    LEAVING,
    /** Nothing enters, and nothing leaves. */
    OVER;

    /**
     * Returns the next state.
     *
     * @throws IllegalStateException if the next state may not follow this one
     */
    Life to(Life next) {
      if (next.compareTo(this) <= 0) {
        throw new IllegalStateException("an ownership cannot go from " + this + " to " + next);
      }
      return next;
    }
  }

  /** Hands records to gateways, by the run of their nodes. */
  public interface Ways {
    void toGateway(long gateway, FromHost record);
  }

  /** A complete announcement, which the stored connections of its gateway are compared with. */
  public static final class Announcement {
    private final long gateway;
    private final long firstNew;
    private final long[] sorted;
    private final long[] states;
    private final Set<ActorId> bereft;
    private final boolean isAgain;
    private final Set<Long> asked;

    private Announcement(
        long gateway,
        long firstNew,
        long[] sorted,
        long[] states,
        Set<ActorId> bereft,
        boolean isAgain,
        Set<Long> asked) {
      this.gateway = gateway;
      this.firstNew = firstNew;
      this.sorted = sorted;
      this.states = states;
      this.bereft = bereft;
      this.isAgain = isAgain;
      this.asked = asked;
    }

    /** Returns the run of the gateway's node. */
    public long gateway() {
      return gateway;
    }

    /** Returns whether the gateway was attached to this ownership before. */
    public boolean isAgain() {
      return isAgain;
    }

    /** Returns the announced ids, in ascending order. The caller must not change the array. */
    public long[] connections() {
      return sorted;
    }

    /**
     * Returns what the gateway knows of an announced connection, as {@link Announce} says it.
     *
     * @param place the place of the connection in {@link #connections()}
     */
    public long state(int place) {
      return states[place];
    }

    /** Returns whether the gateway has announced the connection. */
    public boolean has(long connection) {
      return Arrays.binarySearch(sorted, connection) >= 0;
    }

    /**
     * Returns whether a stored connection of the gateway has no socket: the gateway did not
     * announce it, and has not asked for it since.
     *
     * @param number the number of the connection within the gateway's run
     */
    public boolean isGone(long connection, long number) {
      return number < firstNew && !has(connection) && !asked.contains(connection);
    }

    /** Returns whether something that the actor sent to the gateway was dropped. */
    public boolean isBereft(ActorId actor) {
      return bereft.contains(actor);
    }
  }

  /** A gateway, as this ownership knows it. */
  private static final class Peer {
    boolean isAttached;
    boolean wasAttached;
    boolean isGivenUp;
    long absentSinceNs;
    long firstNew;

    /** The parts of an announcement that is not complete; null if none has begun. */
    @Nullable List<Announce> parts;

    /** The releases that wait for the announcement. */
    ArrayDeque<Release> held = new ArrayDeque<>(0);

    long heldBytes;

    /** The actors some of whose releases were dropped. */
    Set<ActorId> bereft = new HashSet<>(0);

    /**
     * Connections with numbers below {@link #firstNew} that were asked for after the announcement.
     */
    Set<Long> asked = ConcurrentHashMap.newKeySet();

    /** The messages and requests whose repeats are passed over. */
    InFlight inFlight = new InFlight();

    /**
     * The announced connections that were answered as unknown, in ascending order. A gateway that
     * announces one of them again has not heard the answer, or has not acted on it yet.
     */
    long[] unknown = {};

    Peer(boolean isGivenUp, long nowNs) {
      this.isGivenUp = isGivenUp;
      this.absentSinceNs = nowNs;
    }
  }

  private final int group;
  private final Owner owner;
  private final Ways ways;
  private final long beganNs;
  private final Map<Long, Peer> peers = new HashMap<>();
  private final CompletableFuture<Void> over = new CompletableFuture<>();

  /** The life of the ownership; written with the monitor held, read by any thread. */
  private volatile Life life = Life.SERVING;

  private boolean areOthersGivenUp;

  /** The owner that follows; null if none is known. */
  private @Nullable Owner next;

  /** The time at which the ownership ends even if it is not left by then. */
  private long deadlineNs;

  /**
   * Begins an ownership to which no gateway is attached.
   *
   * @param owner this node, in the epoch of the ownership
   */
  public Ownership(int group, Owner owner, Ways ways, long nowNs) {
    this.group = group;
    this.owner = owner;
    this.ways = ways;
    this.beganNs = nowNs;
  }

  /** Returns the group of shards. */
  public int group() {
    return group;
  }

  /** Returns the epoch of the ownership. */
  public long epoch() {
    return owner.epoch();
  }

  /** Returns whether events may enter, so that turns may begin. */
  public boolean isServing() {
    return life == Life.SERVING;
  }

  /** Returns whether the ownership has ended, so that nothing leaves any more. */
  public boolean isOver() {
    return life == Life.OVER;
  }

  // The way in.

  /**
   * The decision about a record or a part of an announcement.
   *
   * @param isTaken whether the record enters
   * @param refusal the notice for the gateway; null if the gateway is told nothing
   * @param announcement the announcement that the part completes; null if it completes none
   */
  record Entry(boolean isTaken, @Nullable NotOwner refusal, @Nullable Announcement announcement) {
    static final Entry TAKEN = new Entry(true, null, null);
    static final Entry PASSED_OVER = new Entry(false, null, null);
  }

  private Entry refused(Announce part, long epoch, @Nullable Owner known) {
    return part.isFirst()
        ? new Entry(false, new NotOwner(group, epoch, known), null)
        : Entry.PASSED_OVER;
  }

  /**
   * Decides whether a record of a gateway may enter.
   *
   * @param epoch the epoch that the record carries; not greater than that of this ownership
   */
  synchronized Entry enter(long gateway, long epoch, ToHost.ForActor record) {
    Peer peer = peers.get(gateway);
    if (life != Life.SERVING
        || epoch != owner.epoch()
        || peer == null
        || !peer.isAttached
        || peer.inFlight.passesOver(record)) {
      return Entry.PASSED_OVER;
    }
    if (record instanceof ToHost.Open open && open.connection().number() < peer.firstNew) {
      peer.asked.add(open.connection().value());
    }
    return Entry.TAKEN;
  }

  /**
   * Decides whether the cells must forget the queued events of a gateway before {@link #announce}
   * takes a part of an announcement: the part is the first one, and the gateway was attached to
   * this ownership before. From here on the gateway is absent, so that what actors send to it is
   * held.
   */
  synchronized boolean isAgain(long gateway, long epoch, Announce part, long nowNs) {
    Peer peer = peers.get(gateway);
    if (!part.isFirst() || epoch != owner.epoch() || peer == null) {
      return false;
    }
    leave(peer, nowNs);
    return peer.wasAttached && life == Life.SERVING;
  }

  /** Notes what the cells had begun to handle when they forgot the queued events of a gateway. */
  synchronized void remember(long gateway, InFlight inFlight, long nowNs) {
    Peer peer = peer(gateway, nowNs);
    peer.held.forEach(inFlight::addAnsweredBy);
    peer.inFlight = inFlight;
  }

  /**
   * Takes a part of an announcement. With the last part the gateway is attached, and gets what was
   * held for it.
   */
  synchronized Entry announce(long gateway, long epoch, Announce part, long nowNs) {
    if (life != Life.SERVING) {
      return refused(part, epoch, null);
    }
    if (epoch != owner.epoch()) {
      return refused(part, epoch, owner);
    }
    Peer peer = peer(gateway, nowNs);
    if (part.isFirst()) {
      leave(peer, nowNs);
      peer.parts = new ArrayList<>(1);
    }
    List<Announce> parts = peer.parts;
    if (parts == null) {
      return Entry.PASSED_OVER; // the first part was refused
    }
    parts.add(part);
    return part.isLast()
        ? new Entry(true, null, attach(gateway, peer, part.firstNew(), parts))
        : Entry.TAKEN;
  }

  private Announcement attach(long gateway, Peer peer, long firstNew, List<Announce> parts) {
    long[] sorted =
        parts.stream().flatMapToLong(part -> Arrays.stream(part.connections())).sorted().toArray();
    long[] states = new long[sorted.length];
    for (Announce part : parts) {
      for (int i = 0; i < part.connections().length; i++) {
        states[Arrays.binarySearch(sorted, part.connections()[i])] = part.states()[i];
      }
    }
    peer.unknown =
        peer.isGivenUp
            ? sorted
            : Arrays.stream(peer.unknown)
                .filter(id -> Arrays.binarySearch(sorted, id) >= 0)
                .toArray();
    peer.parts = null;
    peer.isAttached = true;
    peer.isGivenUp = false;
    peer.firstNew = firstNew;
    peer.asked = ConcurrentHashMap.newKeySet();
    Announcement announcement =
        new Announcement(
            gateway, firstNew, sorted, states, peer.bereft, peer.wasAttached, peer.asked);
    peer.wasAttached = true;
    peer.bereft = new HashSet<>(0);
    ways.toGateway(gateway, new Attached(group, owner.epoch()));
    tellUnknown(gateway, peer.unknown);
    for (Release release : peer.held) {
      ways.toGateway(gateway, release);
    }
    peer.held = new ArrayDeque<>(0);
    peer.heldBytes = 0;
    return announcement;
  }

  /**
   * Answers announced connections as unknown: at once if the gateway is attached, and again after
   * each further announcement that has them.
   */
  public synchronized void unknown(long gateway, long[] connections) {
    Peer peer = peers.get(gateway);
    if (life != Life.SERVING || peer == null) {
      return;
    }
    long[] told = peer.unknown;
    long[] more =
        Arrays.stream(connections).filter(id -> Arrays.binarySearch(told, id) < 0).toArray();
    peer.unknown = LongStream.concat(Arrays.stream(told), Arrays.stream(more)).sorted().toArray();
    if (peer.isAttached) {
      tellUnknown(gateway, more);
    }
  }

  private void tellUnknown(long gateway, long[] connections) {
    for (int from = 0; from < connections.length; from += Announce.PART_MAX) {
      int to = Math.min(from + Announce.PART_MAX, connections.length);
      ways.toGateway(
          gateway, new Unknown(group, owner.epoch(), Arrays.copyOfRange(connections, from, to)));
    }
  }

  /** Returns whether a gateway is attached. */
  public synchronized boolean isAttached(long gateway) {
    Peer peer = peers.get(gateway);
    return peer != null && peer.isAttached;
  }

  /** Returns whether a gateway was given up and has not announced its sockets since. */
  public synchronized boolean isGivenUp(long gateway) {
    Peer peer = peers.get(gateway);
    return peer == null ? areOthersGivenUp : peer.isGivenUp;
  }

  /** Hears that the link to a gateway is broken. */
  synchronized void broken(long gateway, long nowNs) {
    Peer peer = peers.get(gateway);
    if (peer != null) {
      leave(peer, nowNs);
    }
  }

  private static void leave(Peer peer, long nowNs) {
    peer.parts = null;
    if (peer.isAttached) {
      peer.isAttached = false;
      peer.absentSinceNs = nowNs;
    }
  }

  private Peer peer(long gateway, long nowNs) {
    return peers.computeIfAbsent(gateway, run -> new Peer(areOthersGivenUp, nowNs));
  }

  // The way out.

  /**
   * Sends a release to a gateway, holds it for the gateway, or drops it.
   *
   * @return the number of releases that are dropped by this call, those held before included
   */
  public synchronized int send(long gateway, Release release, long nowNs) {
    if (life == Life.OVER || release.epoch() != owner.epoch()) {
      return 1;
    }
    Peer peer = peer(gateway, nowNs);
    if (peer.isAttached) {
      ways.toGateway(gateway, release);
      return 0;
    }
    Release lasting = withoutFlowControl(release);
    if (lasting.records().isEmpty()) {
      return 0;
    }
    long bytes = lasting.records().stream().mapToLong(ToGateway::bytes).sum();
    boolean isTooMuch =
        peer.held.size() >= HELD_RELEASES_MAX || peer.heldBytes + bytes > HELD_BYTES_MAX;
    if (peer.isGivenUp || isTooMuch) {
      return dropHeld(peer) + drop(peer, release);
    }
    if (peer.bereft.contains(release.actor())) {
      return drop(peer, release); // the sockets of the actor will be closed
    }
    peer.held.add(lasting);
    peer.heldBytes += bytes;
    return 0;
  }

  /**
   * Returns a release without what it says about messages that the gateway sends again anyway when
   * it announces. Behind the announcement the gateway would take it for an answer to the repeats.
   */
  private static Release withoutFlowControl(Release release) {
    List<ToGateway> lasting =
        release.records().stream()
            .filter(r -> !(r instanceof ToGateway.Withheld || r instanceof ToGateway.Resumed))
            .toList();
    return lasting.size() == release.records().size()
        ? release
        : new Release(release.actor(), release.epoch(), lasting);
  }

  private static int drop(Peer peer, Release release) {
    peer.bereft.add(release.actor());
    peer.inFlight.forgetRequestsOf(release);
    return 1;
  }

  private static int dropHeld(Peer peer) {
    int dropped = peer.held.size();
    peer.held.forEach(held -> drop(peer, held));
    peer.held = new ArrayDeque<>(0);
    peer.heldBytes = 0;
    return dropped;
  }

  // Gateways that do not come.

  /**
   * Decides which gateways are given up by now. Each is named once, until it has been attached
   * again.
   *
   * @return the decision; null if no gateway is given up now
   */
  synchronized @Nullable GivenUp giveUp(long nowNs) {
    if (life != Life.SERVING) {
      return null;
    }
    Set<Long> gone = new HashSet<>();
    int dropped = 0;
    for (Map.Entry<Long, Peer> entry : peers.entrySet()) {
      Peer peer = entry.getValue();
      if (!peer.isAttached && !peer.isGivenUp && nowNs - peer.absentSinceNs >= LIMBO_NS) {
        peer.isGivenUp = true;
        dropped += dropHeld(peer);
        gone.add(entry.getKey());
      }
    }
    boolean areOthers = !areOthersGivenUp && nowNs - beganNs >= LIMBO_NS;
    areOthersGivenUp |= areOthers;
    return gone.isEmpty() && !areOthers
        ? null
        : new GivenUp(gone, areOthers ? Set.copyOf(peers.keySet()) : null, dropped);
  }

  /**
   * The gateways whose stored connections must be closed.
   *
   * @param gone the runs of these gateways
   * @param known if not null, the gateways that have no peer here, which are all that are not in
   *     this set, are given up, too
   * @param dropped the number of releases that were held for these gateways and are dropped
   */
  public record GivenUp(Set<Long> gone, @Nullable Set<Long> known, int dropped) {
    /** Returns whether the connections of a run must be closed. */
    public boolean has(long run) {
      return gone.contains(run) || (known != null && !known.contains(run));
    }
  }

  // The end.

  /**
   * Begins to leave the ownership in good order: nothing enters from here on.
   *
   * @param next the owner that follows; null if none is known
   * @param deadlineNs the time at which the ownership ends even if it is not left by then
   * @return whether this call begins it
   */
  synchronized boolean leave(@Nullable Owner next, long deadlineNs) {
    if (life != Life.SERVING) {
      return false;
    }
    life = life.to(Life.LEAVING);
    this.next = next;
    this.deadlineNs = deadlineNs;
    return true;
  }

  /** Returns whether the ownership is being left and the deadline for that is past. */
  synchronized boolean isOverdue(long nowNs) {
    return life == Life.LEAVING && nowNs - deadlineNs >= 0;
  }

  /**
   * Ends the ownership: nothing leaves from here on, but the notice to the gateways that are
   * attached or in the middle of an announcement.
   */
  synchronized void end() {
    if (life == Life.OVER) {
      return;
    }
    life = life.to(Life.OVER);
    peers.forEach(
        (run, peer) -> {
          if (peer.isAttached || peer.parts != null) {
            ways.toGateway(run, new NotOwner(group, owner.epoch(), next));
          }
        });
    peers.clear();
  }

  /** Returns a future that the door completes when the ownership is over and its cells are gone. */
  CompletableFuture<Void> over() {
    return over;
  }
}
