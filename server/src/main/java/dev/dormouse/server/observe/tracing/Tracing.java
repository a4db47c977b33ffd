package dev.dormouse.server.observe.tracing;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.RequestHead;
import dev.dormouse.server.observe.DormouseObserver;
import dev.dormouse.server.protocol.Time;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapGetter;
import java.util.Locale;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Reports upgrades, connections and turns to OpenTelemetry as spans.
 *
 * <ul>
 *   <li>An upgrade is a span of the kind {@code SERVER}, a child of the client's span if the
 *       request's headers name one. It ends with the answer, which is the 101 for an accepted
 *       upgrade.
 *   <li>A connection is a trace of its own, from the 101 to the close, linked to its upgrade.
 *   <li>A turn is a trace of its own, linked to its connection. Its span is made after the turn has
 *       ended, so spans that a handler makes are not among its children.
 * </ul>
 *
 * <p>This object keeps the span of each upgrade and connection while it is open. Any thread may
 * call its methods.
 */
public final class Tracing implements DormouseObserver {
  private static final AttributeKey<String> CONNECTION =
      AttributeKey.stringKey("dormouse.connection");
  private static final AttributeKey<String> TYPE = AttributeKey.stringKey("dormouse.actor.type");
  private static final AttributeKey<String> KEY = AttributeKey.stringKey("dormouse.actor.key");
  private static final AttributeKey<String> EVENT = AttributeKey.stringKey("dormouse.event");
  private static final AttributeKey<Long> STATUS =
      AttributeKey.longKey("http.response.status_code");
  private static final AttributeKey<String> METHOD = AttributeKey.stringKey("http.request.method");
  private static final AttributeKey<String> PATH = AttributeKey.stringKey("url.path");
  private static final AttributeKey<Long> CODE = AttributeKey.longKey("dormouse.close.code");
  private static final AttributeKey<String> CAUSE = AttributeKey.stringKey("dormouse.close.cause");
  private static final AttributeKey<Long> BYTES_IN = AttributeKey.longKey("dormouse.bytes.in");
  private static final AttributeKey<Long> BYTES_OUT = AttributeKey.longKey("dormouse.bytes.out");
  private static final AttributeKey<Long> QUEUED = AttributeKey.longKey("dormouse.turn.queued_ns");
  private static final AttributeKey<Long> COMMIT = AttributeKey.longKey("dormouse.turn.commit_ns");
  private static final AttributeKey<String> ERROR = AttributeKey.stringKey("error.type");
  private static final int SERVER_ERRORS = 500;

  private static final TextMapGetter<RequestHead> HEADERS =
      new TextMapGetter<>() {
        @Override
        public Iterable<String> keys(RequestHead head) {
          return head.headers().stream().map(header -> header.name()).toList();
        }

        @Override
        public @Nullable String get(@Nullable RequestHead head, String name) {
          return head == null ? null : head.header(name).orElse(null);
        }
      };

  private final OpenTelemetry telemetry;
  private final Tracer tracer;
  private final Time time;
  private final ConcurrentHashMap<ConnectionId, Span> upgrades = new ConcurrentHashMap<>();
  private final ConcurrentHashMap<ConnectionId, Span> connections = new ConcurrentHashMap<>();

  /** Creates an observer that reports spans to an application's telemetry. */
  public Tracing(OpenTelemetry telemetry, Time time) {
    this.telemetry = telemetry;
    this.tracer = telemetry.getTracer("dev.dormouse");
    this.time = time;
  }

  /** Returns the number of spans that have begun and not ended. */
  int open() {
    return upgrades.size() + connections.size();
  }

  @Override
  public void upgradeStarted(UpgradeStarted started) {
    RequestHead head = started.head();
    Context client =
        telemetry.getPropagators().getTextMapPropagator().extract(Context.root(), head, HEADERS);
    Span span =
        tracer
            .spanBuilder("GET")
            .setParent(client)
            .setSpanKind(SpanKind.SERVER)
            .setAttribute(CONNECTION, started.connection().toString())
            .setAttribute(METHOD, head.method())
            .setAttribute(PATH, head.path())
            .startSpan();
    upgrades.put(started.connection(), span);
  }

  @Override
  public void upgradeAccepted(UpgradeAccepted accepted) {
    Span upgrade = upgrades.remove(accepted.connection());
    SpanBuilder builder = tracer.spanBuilder("connection " + accepted.actor().type()).setNoParent();
    if (upgrade != null) {
      of(upgrade, accepted.actor()).setAttribute(STATUS, 101).end();
      builder.addLink(upgrade.getSpanContext());
    }
    Span connection = builder.startSpan();
    of(connection, accepted.actor()).setAttribute(CONNECTION, accepted.connection().toString());
    connections.put(accepted.connection(), connection);
  }

  @Override
  public void upgradeRejected(UpgradeRejected rejected) {
    Span upgrade = upgrades.remove(rejected.connection());
    if (upgrade != null) {
      of(upgrade, rejected.actor()).setAttribute(STATUS, rejected.status());
      if (rejected.why() != null) {
        upgrade.setAttribute(ERROR, rejected.why());
      }
      if (rejected.status() >= SERVER_ERRORS) {
        upgrade.setStatus(StatusCode.ERROR);
      }
      upgrade.end();
    }
  }

  @Override
  public void upgradeFailed(UpgradeFailed failed) {
    Span upgrade = upgrades.remove(failed.connection());
    if (upgrade != null) {
      of(upgrade, failed.actor()).recordException(failed.cause()).setStatus(StatusCode.ERROR);
      upgrade.end();
    }
  }

  @Override
  public void upgradeAborted(UpgradeAborted aborted) {
    Span upgrade = upgrades.remove(aborted.connection());
    if (upgrade != null) {
      of(upgrade, aborted.actor()).setAttribute(ERROR, "client_gone").end();
    }
  }

  @Override
  public void frameError(FrameError error) {
    Span connection = connections.get(error.connection());
    if (connection != null) {
      connection.setStatus(StatusCode.ERROR, error.error());
    }
  }

  @Override
  public void connectionClosed(ConnectionClosed closed) {
    Span connection = connections.remove(closed.connection());
    if (connection != null) {
      connection
          .setAttribute(CODE, closed.reason().code())
          .setAttribute(CAUSE, closed.reason().cause().name().toLowerCase(Locale.ROOT))
          .setAttribute(BYTES_IN, closed.bytesIn())
          .setAttribute(BYTES_OUT, closed.bytesOut())
          .end();
    }
  }

  @Override
  public void turnEnded(TurnEnded ended) {
    long endNs = TimeUnit.MILLISECONDS.toNanos(time.wallMs());
    ConnectionId id = ended.connection();
    Span connection = id == null ? null : connections.get(id);
    SpanContext link = connection == null ? SpanContext.getInvalid() : connection.getSpanContext();
    Span turn =
        tracer
            .spanBuilder(ended.event() + " " + ended.actor().type())
            .setNoParent()
            .addLink(link)
            .setStartTimestamp(endNs - ended.commitNs() - ended.ranNs(), TimeUnit.NANOSECONDS)
            .startSpan();
    of(turn, ended.actor())
        .setAttribute(EVENT, ended.event())
        .setAttribute(QUEUED, ended.queuedNs())
        .setAttribute(COMMIT, ended.commitNs());
    if (id != null) {
      turn.setAttribute(CONNECTION, id.toString());
    }
    if (ended.outcome() != TurnOutcome.COMMITTED) {
      turn.setStatus(StatusCode.ERROR, ended.outcome().name().toLowerCase(Locale.ROOT));
    }
    turn.end(endNs, TimeUnit.NANOSECONDS);
  }

  private static Span of(Span span, @Nullable ActorId actor) {
    return actor == null
        ? span
        : span.setAttribute(TYPE, actor.type()).setAttribute(KEY, actor.key());
  }
}
