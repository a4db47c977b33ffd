package dev.dormouse.server.gateway.http;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.Header;
import dev.dormouse.sdk.RequestHead;
import dev.dormouse.server.gateway.limits.Refusal;
import dev.dormouse.server.gateway.limits.Tally;
import dev.dormouse.server.observe.DormouseObserver;
import dev.dormouse.server.observe.DormouseObserver.RequestEnded;
import dev.dormouse.server.observe.DormouseObserver.UpgradeAborted;
import dev.dormouse.server.observe.DormouseObserver.UpgradeAccepted;
import dev.dormouse.server.observe.DormouseObserver.UpgradeFailed;
import dev.dormouse.server.observe.DormouseObserver.UpgradeRejected;
import dev.dormouse.server.observe.DormouseObserver.UpgradeStarted;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpStatusClass;
import java.util.ArrayDeque;
import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Tells observers of the requests and upgrades of one HTTP connection, and counts the requests that
 * are not answered. It sees every answer on its way to the client, whether the gateway, an actor or
 * the application gave it, and the end of the connection.
 *
 * <p>Observers hear of a request once, at its end. They hear of an upgrade at its start and at
 * exactly one of four ends: accepted, rejected, aborted, failed. Requests that come while there are
 * no observers are not reported.
 *
 * <p>Only the connection's event loop uses it, except {@link #upgradeId}, {@link #reached} and
 * {@link #refused}, which any thread may call.
 */
public final class HttpWatch {
  /** The entry of every request that came while there were no observers. */
  private static final Unanswered UNWATCHED = new Unanswered("", 0);

  /** A request that is not answered. */
  private record Unanswered(String method, long startedNs) {}

  /** An upgrade that observers hear of. */
  private static final class Upgrade {
    private final ConnectionId id;
    private final long startedNs;

    /** The actor of the upgrade; null before the request has come to its route. */
    private volatile @Nullable ActorId actor;

    /** The subject of the authenticated user; empty if there is none. */
    private volatile String user = "";

    /** The reason why the gateway refuses; null if the gateway does not refuse. */
    private volatile @Nullable Refusal why;

    /** The headers of the 101; null before the 101 is written. */
    private @Nullable List<Header> switched;

    private boolean isEnded;

    Upgrade(ConnectionId id, long startedNs) {
      this.id = id;
      this.startedNs = startedNs;
    }
  }

  private final Tally tally;

  /** The requests that are not answered, in the order in which they came and will be answered. */
  private final ArrayDeque<Unanswered> unanswered = new ArrayDeque<>(1);

  /** The status of the answer that is being written; 0 if there is none. */
  private int status;

  /** The latest request, if it is an upgrade that observers hear of; else null. */
  private volatile @Nullable Upgrade upgrade;

  public HttpWatch(Tally tally) {
    this.tally = tally;
  }

  /** Records the head of a new request. */
  void requestCame(HttpRequest request) {
    tally.counters().activeRequests.increment();
    unanswered.add(
        tally.observers().isAny()
            ? new Unanswered(request.method().name(), tally.time().nowNs())
            : UNWATCHED);
  }

  /** Watches a new upgrade from now on, in place of any earlier upgrade. */
  public void upgradeCame(ConnectionId id, RequestHead head) {
    upgrade = new Upgrade(id, tally.time().nowNs());
    tell(DormouseObserver::upgradeStarted, new UpgradeStarted(id, head));
  }

  /**
   * Watches the upgrade under another id, because the host was asked again. Observers hear that the
   * upgrade with the earlier id was aborted, and of the start of an upgrade with this id.
   */
  public void upgradeAgain(ConnectionId id, RequestHead head) {
    Upgrade watched = upgrade;
    if (watched != null && isFirstEnd(watched)) {
      tell(DormouseObserver::upgradeAborted, new UpgradeAborted(watched.id, watched.actor));
      Upgrade again = new Upgrade(id, watched.startedNs);
      again.actor = watched.actor;
      again.user = watched.user;
      upgrade = again;
      tell(DormouseObserver::upgradeStarted, new UpgradeStarted(id, head));
    }
  }

  /** Watches no upgrade, because the new request is none, or there are no observers. */
  public void otherCame() {
    upgrade = null;
  }

  /** Returns the id of the watched upgrade; null if no upgrade is watched. */
  public @Nullable ConnectionId upgradeId() {
    Upgrade watched = upgrade;
    return watched == null ? null : watched.id;
  }

  /** Records that the watched upgrade has come to the route of an actor. */
  public void reached(ActorId actor, String user) {
    Upgrade watched = upgrade;
    if (watched != null) {
      watched.actor = actor;
      watched.user = user;
    }
  }

  /**
   * Counts a refusal that the gateway is about to send.
   *
   * @param watch the watch of the connection; null if there is none
   */
  public static void refused(Tally tally, @Nullable HttpWatch watch, Refusal why) {
    Upgrade watched = watch == null ? null : watch.upgrade;
    if (watched != null && why != Refusal.REJECTED) {
      watched.why = why;
    }
    tally.refused(why, watched == null ? null : watched.actor, watched == null ? null : watched.id);
  }

  /** Records that the head of an answer is written. */
  void answerBegan(HttpResponse answer) {
    boolean isSwitch = answer.status().equals(HttpResponseStatus.SWITCHING_PROTOCOLS);
    Upgrade watched = upgrade;
    if (isSwitch) {
      requestEnded();
      if (watched != null) {
        watched.switched = headers(answer.headers());
      }
    } else if (answer.status().codeClass() != HttpStatusClass.INFORMATIONAL) {
      status = answer.status().code();
      rejected(watched, status, headers(watched, answer));
    }
  }

  private static List<Header> headers(@Nullable Upgrade watched, HttpResponse answer) {
    return watched == null ? List.of() : headers(answer.headers());
  }

  private static List<Header> headers(HttpHeaders headers) {
    return headers.entries().stream().map(h -> new Header(h.getKey(), h.getValue())).toList();
  }

  /** Records that the end of an answer is written. */
  void answerEnded() {
    tellOf(requestEnded());
  }

  /** Records that the 101 is written and that the connection belongs to the socket. */
  public void accepted(ActorId by) {
    Upgrade watched = upgrade;
    if (watched != null && isFirstEnd(watched)) {
      List<Header> headers = watched.switched;
      tell(
          DormouseObserver::upgradeAccepted,
          new UpgradeAccepted(
              watched.id,
              by,
              watched.user,
              headers == null ? List.of() : headers,
              tookNs(watched.startedNs)));
    }
  }

  /** Records that the upgrade failed with an error, without an answer to the client. */
  public void failed(Throwable cause) {
    Upgrade watched = upgrade;
    if (watched != null && isFirstEnd(watched)) {
      tell(DormouseObserver::upgradeFailed, new UpgradeFailed(watched.id, watched.actor, cause));
    }
  }

  /**
   * Records that the connection has ended or no longer carries HTTP.
   *
   * @param isActive whether the connection lives on, with a socket or with a handler of the
   *     application
   */
  public void connectionEnded(boolean isActive) {
    while (!unanswered.isEmpty()) {
      tellOf(requestEnded());
    }
    Upgrade watched = upgrade;
    if (watched == null) {
      return;
    }
    List<Header> headers = watched.switched;
    if (headers != null && isActive) {
      // A handler before the route has taken the connection for a WebSocket of its own.
      rejected(watched, HttpResponseStatus.SWITCHING_PROTOCOLS.code(), headers);
    } else if (isFirstEnd(watched)) {
      tell(DormouseObserver::upgradeAborted, new UpgradeAborted(watched.id, watched.actor));
    }
  }

  private void rejected(@Nullable Upgrade watched, int answered, List<Header> headers) {
    if (watched != null && isFirstEnd(watched)) {
      Refusal reason = watched.why;
      tell(
          DormouseObserver::upgradeRejected,
          new UpgradeRejected(
              watched.id,
              watched.actor,
              answered,
              headers,
              reason == null ? null : reason.name(),
              tookNs(watched.startedNs)));
    }
  }

  private static boolean isFirstEnd(Upgrade watched) {
    boolean isFirst = !watched.isEnded;
    watched.isEnded = true;
    return isFirst;
  }

  private @Nullable Unanswered requestEnded() {
    Unanswered first = unanswered.poll();
    if (first != null) {
      tally.counters().activeRequests.decrement();
    }
    return first;
  }

  private void tellOf(@Nullable Unanswered ended) {
    int answer = status;
    status = 0;
    if (ended != null && !ended.equals(UNWATCHED) && tally.observers().isAny()) {
      tell(
          DormouseObserver::requestEnded,
          new RequestEnded(ended.method, answer, tookNs(ended.startedNs)));
    }
  }

  private long tookNs(long startedNs) {
    return tally.time().nowNs() - startedNs;
  }

  private <T> void tell(BiConsumer<DormouseObserver, T> method, T what) {
    tally.observers().tell(method, what);
  }
}
