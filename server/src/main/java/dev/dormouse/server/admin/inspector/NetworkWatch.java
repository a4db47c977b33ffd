package dev.dormouse.server.admin.inspector;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.observe.DormouseObserver;
import dev.dormouse.server.protocol.Time;
import io.vertx.core.json.JsonObject;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Reports the events of the domain {@code Network} to one inspector. It follows the life of each
 * connection, so that each is reported as created once and as closed once.
 *
 * <pre>
 *   (upgrade) ──► HELD ──► STARTED ──► OPEN ──► (closed)
 *                  └ only with a filter ▲
 *   (found open) ──► FOUND ─────────────┘
 * </pre>
 *
 * <p><b>Limits.</b> At most {@value #FOLLOWED_MAX} connections are followed at a time, and at most
 * {@value #FOUND_MAX} of those that were open before. The others are only counted, in {@code
 * Dormouse.dropped} and {@code Dormouse.announced}.
 *
 * <p>Any thread may report events; those of one connection come one after the other.
 */
final class NetworkWatch implements DormouseObserver {
  static final int FOUND_MAX = 10_000;
  static final int FOLLOWED_MAX = 50_000;

  /** The most upgrades that wait until their actor is known; only with a filter. */
  private static final int HELD_MAX = 1_000;

  private static final int SWITCHING_PROTOCOLS = 101;

  /** Tells how much of a connection's life was reported. */
  private sealed interface Followed {
    /** Held back until the actor is known, since the filter may exclude it. */
    record Held(String created, String willSend) implements Followed {}

    /** Found open when the inspector came; nothing was reported yet. */
    record Found(ActorId actor) implements Followed {}

    /** The creation was reported, and the upgrade is not answered yet. */
    record Started() implements Followed {}

    /** The creation and the 101 were reported. */
    record Open() implements Followed {}
  }

  private static final Followed STARTED = new Followed.Started();
  private static final Followed OPEN = new Followed.Open();

  private final InspectorFilter filter;
  private final Outbox outbox;
  private final Time time;
  private final SocketUrls urls;
  private final Redaction redaction;
  private final BooleanSupplier wantsDetails;

  // The following fields are guarded by this.
  private final Map<ConnectionId, Followed> followed = new HashMap<>();
  private final ArrayDeque<ConnectionId> found = new ArrayDeque<>();
  private long announced;
  private long leftOut = -1;
  private int held;
  private boolean isStopped;

  /**
   * Creates a watch that follows nothing yet.
   *
   * @param wantsDetails whether the domain {@code Dormouse} is enabled too
   */
  NetworkWatch(
      InspectorFilter filter,
      Outbox outbox,
      Time time,
      SocketUrls urls,
      Redaction redaction,
      BooleanSupplier wantsDetails) {
    this.filter = filter;
    this.outbox = outbox;
    this.time = time;
    this.urls = urls;
    this.redaction = redaction;
    this.wantsDetails = wantsDetails;
  }

  @Override
  public boolean wantsFrames() {
    return true;
  }

  /** Ends the following of all connections. */
  synchronized void stop() {
    isStopped = true;
    followed.clear();
    found.clear();
    leftOut = -1;
  }

  // ---- connections that were open before

  /**
   * Follows a connection that is open. To be called on the thread of its events, between two of
   * them.
   */
  synchronized void found(ConnectionId id, ActorId actor) {
    if (followed.containsKey(id) || isStopped || !filter.matches(actor)) {
      return;
    }
    if (hasRoom()) {
      followed.put(id, new Followed.Found(actor));
      found.add(id);
    } else {
      outbox.dropConnection();
    }
  }

  /**
   * Records that all open connections were found.
   *
   * @param others the number of connections over the limit, which were not
   */
  synchronized void foundAll(long others) {
    leftOut = others;
  }

  /** Reports the next of the connections that were found, and returns whether there was one. */
  synchronized boolean announceNext() {
    ConnectionId next = found.poll();
    if (next != null) {
      announce(next);
      return true;
    }
    if (leftOut < 0) {
      return false;
    }
    if (wantsDetails.getAsBoolean()) {
      outbox.add(DormouseEvents.announced(announced, leftOut));
    }
    leftOut = -1;
    return true;
  }

  /** Reports a connection now if it was found and not reported yet. */
  private void announce(ConnectionId id) {
    if (followed.get(id) instanceof Followed.Found open) {
      announced++;
      long nowNs = open(id, open.actor(), new JsonObject());
      if (wantsDetails.getAsBoolean()) {
        outbox.add(DormouseEvents.connectionReplayed(id, open.actor(), nowNs));
      }
    }
  }

  /** Reports a connection whose request is not known any more. */
  private long open(ConnectionId id, ActorId actor, JsonObject headers) {
    long nowNs = time.nowNs();
    followed.put(id, OPEN);
    outbox.add(
        NetworkEvents.created(id, urls.of(actor)),
        NetworkEvents.willSendHandshakeRequest(id, nowNs, time.wallMs(), new JsonObject()),
        NetworkEvents.handshakeResponseReceived(id, nowNs, SWITCHING_PROTOCOLS, headers));
    return nowNs;
  }

  private boolean hasRoom() {
    return !isStopped && followed.size() < FOLLOWED_MAX;
  }

  // ---- upgrades

  @Override
  public void upgradeStarted(UpgradeStarted started) {
    ConnectionId id = started.connection();
    String created = NetworkEvents.created(id, urls.of(started.head()));
    String willSend =
        NetworkEvents.willSendHandshakeRequest(
            id,
            time.nowNs(),
            time.wallMs(),
            NetworkEvents.headers(started.head().headers(), redaction));
    synchronized (this) {
      if (isStopped) {
        return;
      }
      if (!filter.isOfAll() && held < HELD_MAX && hasRoom()) {
        held++;
        followed.put(id, new Followed.Held(created, willSend));
      } else if (filter.isOfAll() && hasRoom()) {
        followed.put(id, STARTED);
        outbox.add(created, willSend);
      } else {
        outbox.dropConnection(); // counts until it is accepted with room
      }
    }
  }

  @Override
  public synchronized void upgradeAccepted(UpgradeAccepted accepted) {
    ConnectionId id = accepted.connection();
    JsonObject headers = NetworkEvents.headers(accepted.headers(), redaction);
    if (isTold(id, accepted.actor())) {
      followed.put(id, OPEN);
      answered(id, SWITCHING_PROTOCOLS, headers);
    } else if (filter.matches(accepted.actor()) && hasRoom()) {
      open(id, accepted.actor(), headers);
    }
  }

  @Override
  public synchronized void upgradeRejected(UpgradeRejected rejected) {
    ConnectionId id = rejected.connection();
    if (isTold(id, rejected.actor())) {
      answered(id, rejected.status(), NetworkEvents.headers(rejected.headers(), redaction));
      ended(id);
    }
  }

  @Override
  public synchronized void upgradeFailed(UpgradeFailed failed) {
    unanswered(failed.connection(), failed.actor(), failed.cause().toString());
  }

  @Override
  public synchronized void upgradeAborted(UpgradeAborted aborted) {
    unanswered(
        aborted.connection(), aborted.actor(), "the client was gone before there was an answer");
  }

  private void unanswered(ConnectionId id, @Nullable ActorId actor, String why) {
    if (isTold(id, actor)) {
      outbox.add(NetworkEvents.frameError(id, time.nowNs(), why));
      ended(id);
    }
  }

  private void answered(ConnectionId id, int status, JsonObject headers) {
    outbox.add(NetworkEvents.handshakeResponseReceived(id, time.nowNs(), status, headers));
  }

  /**
   * Returns whether the inspector hears of an upgrade, now that its actor is known. An upgrade that
   * waited until then is reported, or forgotten.
   */
  private boolean isTold(ConnectionId id, @Nullable ActorId actor) {
    if (followed.get(id) instanceof Followed.Held start) {
      held--;
      followed.remove(id);
      if (filter.matches(actor) && hasRoom()) {
        followed.put(id, STARTED);
        outbox.add(start.created(), start.willSend());
      }
    }
    return followed.containsKey(id);
  }

  private void ended(ConnectionId id) {
    followed.remove(id);
    outbox.add(NetworkEvents.closed(id, time.nowNs()));
  }

  // ---- open sockets

  @Override
  public void frameIn(Frame frame) {
    frame(frame, false);
  }

  @Override
  public void frameOut(Frame frame) {
    frame(frame, true);
  }

  private void frame(Frame frame, boolean isSent) {
    if (!isFollowed(frame.connection())) {
      return;
    }
    if (!outbox.hasRoom()) {
      outbox.dropFrame();
      return;
    }
    long nowNs = time.nowNs();
    PayloadExcerpt payload = PayloadExcerpt.of(frame);
    outbox.add(
        isSent
            ? NetworkEvents.frameSent(frame, payload, nowNs)
            : NetworkEvents.frameReceived(frame, payload, nowNs));
    boolean isPlain =
        frame.isFinal() && !frame.isAutomatic() && payload.shownBytes() == frame.bytes();
    if (!isPlain && wantsDetails.getAsBoolean()) {
      outbox.add(DormouseEvents.frameDetails(frame, isSent, payload, nowNs));
    }
  }

  @Override
  public void frameError(FrameError error) {
    if (isFollowed(error.connection())) {
      outbox.add(NetworkEvents.frameError(error.connection(), time.nowNs(), error.error()));
    }
  }

  @Override
  public synchronized void connectionClosed(ConnectionClosed closed) {
    if (isFollowed(closed.connection())) {
      ended(closed.connection());
    }
  }

  private synchronized boolean isFollowed(ConnectionId id) {
    announce(id);
    return followed.containsKey(id);
  }
}
