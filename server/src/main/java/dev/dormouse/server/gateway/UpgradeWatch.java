package dev.dormouse.server.gateway;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.Header;
import dev.dormouse.server.observe.DormouseObserver;
import dev.dormouse.server.observe.DormouseObserver.UpgradeAborted;
import dev.dormouse.server.observe.DormouseObserver.UpgradeAccepted;
import dev.dormouse.server.observe.DormouseObserver.UpgradeFailed;
import dev.dormouse.server.observe.DormouseObserver.UpgradeRejected;
import dev.dormouse.server.observe.DormouseObserver.UpgradeStarted;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpStatusClass;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.Locale;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * An upgrade as observers hear of it: its start, then one of four ends. Made only while somebody
 * listens. The connection's {@link HttpGuard} have it while it is open: they see every answer on
 * its way to the client, whoever gave it, and the end of the connection.
 *
 * <p>The connection's event loop, but for what is said to it of the actor and of reasons.
 */
final class UpgradeWatch {
  private final GatewayParts parts;
  private final ConnectionId id;
  private final long startedNs;

  /** Null before the request has come to its route. */
  private volatile @Nullable ActorId actor;

  /** Who was authenticated before that; empty if nobody was. */
  private volatile String user = "";

  /** Null unless the gateway itself refuses. */
  private volatile @Nullable Refusal why;

  /** Of the 101; null before it is on its way. */
  private @Nullable List<Header> switched;

  private boolean isEnded;

  UpgradeWatch(GatewayParts parts, ConnectionId id) {
    this.parts = parts;
    this.id = id;
    this.startedNs = parts.time().nowNs();
  }

  /** A request comes: it is watched if it asks for an upgrade and somebody listens. */
  static void begin(GatewayParts parts, HttpServerRequest request, Supplier<ConnectionId> ids) {
    if (!parts.observers().isAny() || !isUpgrade(request)) {
      return;
    }
    HttpGuard guard = ChannelTakeover.guardOf(request);
    if (guard != null) {
      UpgradeWatch begun = new UpgradeWatch(parts, ids.get());
      guard.upgrade(begun);
      begun.tell(
          DormouseObserver::upgradeStarted,
          new UpgradeStarted(begun.id, RequestHeads.headOfAny(request)));
    }
  }

  private static boolean isUpgrade(HttpServerRequest request) {
    return request.headers().getAll("Upgrade").stream()
        .anyMatch(value -> value.toLowerCase(Locale.ROOT).contains("websocket"));
  }

  /** What watches the request; null if nothing does. */
  static @Nullable UpgradeWatch of(GatewayParts parts, HttpServerRequest request) {
    HttpGuard guard = parts.observers().isAny() ? ChannelTakeover.guardOf(request) : null;
    return guard == null ? null : guard.upgrade();
  }

  ConnectionId id() {
    return id;
  }

  /** The request has come to its route. */
  static void reached(GatewayParts parts, RoutingContext request, ActorId actor) {
    UpgradeWatch watch = of(parts, request.request());
    if (watch != null) {
      watch.actor = actor;
      watch.user = Users.subject(request);
    }
  }

  /** The gateway is about to refuse it. */
  static void refused(GatewayParts parts, HttpServerRequest request, Refusal why) {
    UpgradeWatch watch = of(parts, request);
    if (watch != null && why != Refusal.REJECTED) {
      watch.why = why;
    }
    parts.refused(why, watch == null ? null : watch.actor, watch == null ? null : watch.id);
  }

  /** An answer is on its way. */
  void answered(HttpResponse answer) {
    HttpResponseStatus status = answer.status();
    if (status.equals(HttpResponseStatus.SWITCHING_PROTOCOLS)) {
      switched = headers(answer.headers());
    } else if (status.codeClass() != HttpStatusClass.INFORMATIONAL) {
      rejected(status.code(), headers(answer.headers()));
    }
  }

  private static List<Header> headers(HttpHeaders headers) {
    return headers.entries().stream().map(h -> new Header(h.getKey(), h.getValue())).toList();
  }

  private void rejected(int status, List<Header> headers) {
    if (end()) {
      Refusal reason = why;
      tell(
          DormouseObserver::upgradeRejected,
          new UpgradeRejected(
              id, actor, status, headers, reason == null ? null : reason.name(), tookNs()));
    }
  }

  /** The 101 is written, and the connection is the socket's, which is about to open. */
  void accepted(ActorId by) {
    if (end()) {
      List<Header> headers = switched;
      tell(
          DormouseObserver::upgradeAccepted,
          new UpgradeAccepted(id, by, user, headers == null ? List.of() : headers, tookNs()));
    }
  }

  /** It came to an error of which the client was not told. */
  void failed(Throwable cause) {
    if (end()) {
      tell(DormouseObserver::upgradeFailed, new UpgradeFailed(id, actor, cause));
    }
  }

  /** The HTTP connection is no more. */
  void ended(boolean isActive) {
    List<Header> headers = switched;
    if (headers != null && isActive) {
      // Somebody else has taken the connection: a handler before the route, for its own WebSocket.
      rejected(HttpResponseStatus.SWITCHING_PROTOCOLS.code(), headers);
    } else if (end()) {
      tell(DormouseObserver::upgradeAborted, new UpgradeAborted(id, actor));
    }
  }

  private boolean end() {
    boolean isFirst = !isEnded;
    isEnded = true;
    return isFirst;
  }

  private long tookNs() {
    return parts.time().nowNs() - startedNs;
  }

  private <T> void tell(BiConsumer<DormouseObserver, T> method, T what) {
    parts.observers().tell(method, what);
  }
}
