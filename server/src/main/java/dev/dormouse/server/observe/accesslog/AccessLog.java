package dev.dormouse.server.observe.accesslog;

import dev.dormouse.log.Log;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.observe.DormouseObserver;
import dev.dormouse.server.observe.accesslog.AccessLine.Event;
import dev.dormouse.server.protocol.Time;
import io.vertx.core.Handler;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.net.SocketAddress;
import io.vertx.ext.auth.User;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Writes the access log. Each request has one line at its answer, a declined upgrade too. An
 * accepted upgrade has one line at the 101 and one at the close of the connection. {@code Caller}
 * defines what a line says about a client; queries, cookies and other headers are never logged.
 *
 * <p>Any thread. For each open connection this object keeps up to 4 KiB.
 */
public final class AccessLog implements DormouseObserver {
  /** The name of the logger that writes the lines, at level INFO. */
  public static final String LOGGER = "dormouse.access";

  private static final int SWITCHING_PROTOCOLS = 101;

  private final AccessLogFormat format;
  private final Time time;
  private final Consumer<String> lines;
  private final ConcurrentHashMap<ConnectionId, Caller> callers = new ConcurrentHashMap<>();

  /** Creates an access log that writes to the logger {@value #LOGGER}. */
  public AccessLog(AccessLogFormat format, Time time) {
    this(format, time, line -> Log.of(LOGGER).info("{}", line));
  }

  AccessLog(AccessLogFormat format, Time time, Consumer<String> lines) {
    this.format = format;
    this.time = time;
    this.lines = lines;
  }

  /** Logs all requests that come to a router. To be called before other routes are added. */
  public void listenTo(Router router) {
    router.route().handler(this::answerOf);
  }

  /**
   * Returns a handler that also logs the requests that are answered before they come to the router.
   */
  public Handler<HttpServerRequest> inFrontOf(Handler<HttpServerRequest> server) {
    return request -> {
      long beganNs = time.nowNs();
      // The router's own end handler replaces this one.
      request.response().endHandler(end -> answered(request, null, beganNs, true));
      server.handle(request);
    };
  }

  private void answerOf(RoutingContext context) {
    long beganNs = time.nowNs();
    context.addEndHandler(
        end -> answered(context.request(), context.user(), beganNs, end.succeeded()));
    context.next();
  }

  private void answered(
      HttpServerRequest request, @Nullable User user, long beganNs, boolean isAnswered) {
    int status = request.response().getStatusCode();
    if (isAnswered && status == SWITCHING_PROTOCOLS) {
      return;
    }
    write(
        new AccessLine(
            Event.REQUEST,
            time.instant(),
            callerOf(request, user),
            isAnswered ? status : 0,
            Duration.ofNanos(time.nowNs() - beganNs),
            0,
            request.response().bytesWritten(),
            null,
            null));
  }

  private static Caller callerOf(HttpServerRequest request, @Nullable User user) {
    SocketAddress address = request.remoteAddress();
    return new Caller(
        orEmpty(address == null ? null : address.hostAddress()),
        orEmpty(user == null ? null : user.subject()),
        request.method().name(),
        orEmpty(request.path()),
        name(request.version()),
        orEmpty(request.getHeader("Referer")),
        orEmpty(request.getHeader("User-Agent")));
  }

  private static String name(HttpVersion version) {
    return switch (version) {
      case HTTP_1_0 -> "HTTP/1.0";
      case HTTP_1_1 -> "HTTP/1.1";
      default -> "HTTP/2.0";
    };
  }

  private static String orEmpty(@Nullable String text) {
    return text == null ? "" : text;
  }

  @Override
  public void upgradeStarted(UpgradeStarted started) {
    callers.put(started.connection(), Caller.of(started.head()));
  }

  @Override
  public void upgradeAccepted(UpgradeAccepted accepted) {
    Caller caller =
        callers.computeIfPresent(
            accepted.connection(), (id, asked) -> asked.authenticated(accepted.user()));
    write(
        new AccessLine(
            Event.UPGRADE,
            time.instant(),
            caller == null ? Caller.UNKNOWN : caller,
            SWITCHING_PROTOCOLS,
            Duration.ofNanos(accepted.tookNs()),
            0,
            0,
            accepted.connection(),
            null));
  }

  /** Logs a declined upgrade by the answer to its request. */
  @Override
  public void upgradeRejected(UpgradeRejected rejected) {
    callers.remove(rejected.connection());
  }

  @Override
  public void upgradeFailed(UpgradeFailed failed) {
    callers.remove(failed.connection());
  }

  @Override
  public void upgradeAborted(UpgradeAborted aborted) {
    callers.remove(aborted.connection());
  }

  @Override
  public void connectionClosed(ConnectionClosed closed) {
    Caller caller = callers.remove(closed.connection());
    write(
        new AccessLine(
            Event.CLOSE,
            time.instant(),
            caller == null ? Caller.UNKNOWN : caller,
            closed.reason().code(),
            Duration.ofNanos(closed.lastedNs()),
            closed.bytesIn(),
            closed.bytesOut(),
            closed.connection(),
            closed.reason().cause()));
  }

  /** Returns the number of connections that this object keeps data of. */
  int remembered() {
    return callers.size();
  }

  private void write(AccessLine line) {
    lines.accept(line.in(format));
  }
}
