package dev.dormouse.server.observe.tracing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.CloseReason.Cause;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.Header;
import dev.dormouse.sdk.RequestHead;
import dev.dormouse.server.observe.DormouseObserver.ConnectionClosed;
import dev.dormouse.server.observe.DormouseObserver.FrameError;
import dev.dormouse.server.observe.DormouseObserver.TurnEnded;
import dev.dormouse.server.observe.DormouseObserver.TurnOutcome;
import dev.dormouse.server.observe.DormouseObserver.UpgradeAborted;
import dev.dormouse.server.observe.DormouseObserver.UpgradeAccepted;
import dev.dormouse.server.observe.DormouseObserver.UpgradeFailed;
import dev.dormouse.server.observe.DormouseObserver.UpgradeRejected;
import dev.dormouse.server.observe.DormouseObserver.UpgradeStarted;
import dev.dormouse.server.protocol.Time;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.propagation.ContextPropagators;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.LinkData;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class TracingTest {
  private static final ActorId ROOM = new ActorId("room", "one");
  private static final ConnectionId ID = ConnectionId.of(3, 17);
  private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";

  private final InMemorySpanExporter spans = InMemorySpanExporter.create();
  private final OpenTelemetrySdk telemetry =
      OpenTelemetrySdk.builder()
          .setTracerProvider(
              SdkTracerProvider.builder()
                  .addSpanProcessor(SimpleSpanProcessor.create(spans))
                  .build())
          .setPropagators(ContextPropagators.create(W3CTraceContextPropagator.getInstance()))
          .build();
  private final Tracing tracing = new Tracing(telemetry, Time.system());

  @AfterEach
  void close() {
    assertThat(tracing.open()).isZero();
    telemetry.close();
  }

  private void start() {
    tracing.upgradeStarted(
        new UpgradeStarted(
            ID,
            new RequestHead(
                "GET",
                "/room/one",
                Map.of(),
                List.of(new Header("traceparent", "00-" + TRACE + "-b7ad6b7169203331-01")),
                "")));
  }

  private SpanData only() {
    assertThat(spans.getFinishedSpanItems()).hasSize(1);
    SpanData span = spans.getFinishedSpanItems().get(0);
    spans.reset();
    return span;
  }

  private static Long status(SpanData span) {
    return span.getAttributes().get(AttributeKey.longKey("http.response.status_code"));
  }

  @Test
  @DisplayName("N10 the HTTP span ends at the 101, and the connection's begins there, linked to it")
  void theHTTPSpanEndsAtThe101AndTheConnectionsBeginsThereLinkedToIt() {
    start();
    tracing.upgradeAccepted(new UpgradeAccepted(ID, ROOM, "", List.of(), 1));
    SpanData http = only();
    assertThat(http.getKind()).isEqualTo(SpanKind.SERVER);
    assertThat(http.getTraceId()).isEqualTo(TRACE);
    assertThat(status(http)).isEqualTo(101);
    tracing.turnEnded(
        new TurnEnded(ROOM, "message", ID, 5, 1_000_000, 2_000_000, 9, TurnOutcome.COMMITTED));
    SpanData turn = only();
    tracing.connectionClosed(
        new ConnectionClosed(ID, ROOM, new CloseReason(1000, "", Cause.CLIENT), 1, 2, 3));
    SpanData connection = only();
    assertThat(connection.getLinks())
        .extracting(LinkData::getSpanContext)
        .containsExactly(http.getSpanContext());
    assertThat(connection.getTraceId()).isNotEqualTo(TRACE);
    assertThat(connection.getAttributes().get(AttributeKey.longKey("dormouse.close.code")))
        .isEqualTo(1000);
    assertThat(turn.getLinks())
        .extracting(LinkData::getSpanContext)
        .containsExactly(connection.getSpanContext());
    assertThat(turn.getName()).isEqualTo("message room");
    assertThat(turn.getEndEpochNanos() - turn.getStartEpochNanos()).isEqualTo(3_000_000);
    assertThat(turn.getAttributes().get(AttributeKey.stringKey("dormouse.actor.key")))
        .isEqualTo("one");
  }

  @Test
  @DisplayName("N10 no span leaks: rejected, failed and aborted upgrades end theirs")
  void noSpanLeaksRejectedFailedAndAbortedUpgradesEndTheirs() {
    start();
    tracing.upgradeRejected(new UpgradeRejected(ID, ROOM, 503, List.of(), "NODE_FULL", 1));
    SpanData rejected = only();
    assertThat(status(rejected)).isEqualTo(503);
    assertThat(rejected.getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);
    start();
    tracing.upgradeRejected(new UpgradeRejected(ID, null, 401, List.of(), null, 1));
    assertThat(only().getStatus().getStatusCode()).isEqualTo(StatusCode.UNSET);
    start();
    tracing.upgradeFailed(new UpgradeFailed(ID, ROOM, new IllegalStateException("as asked")));
    assertThat(only().getEvents()).hasSize(1);
    start();
    tracing.upgradeAborted(new UpgradeAborted(ID, null));
    assertThat(only().hasEnded()).isTrue();
  }

  @Test
  @DisplayName(
      "N10 a connection whose upgrade nobody heard of has its span, and a turn of none has too")
  void aConnectionWhoseUpgradeNobodyHeardOfHasItsSpanAndATurnOfNoneHasToo() {
    tracing.upgradeAccepted(new UpgradeAccepted(ID, ROOM, "", List.of(), 1));
    tracing.frameError(new FrameError(ID, ROOM, "reserved bits 7"));
    tracing.connectionClosed(
        new ConnectionClosed(ID, ROOM, new CloseReason(1002, "", Cause.VIOLATION), 1, 2, 3));
    SpanData connection = only();
    assertThat(connection.getLinks()).isEmpty();
    assertThat(connection.getStatus().getDescription()).isEqualTo("reserved bits 7");
    tracing.turnEnded(new TurnEnded(ROOM, "alarm", null, 0, 1, 0, 0, TurnOutcome.FAILED));
    SpanData turn = only();
    assertThat(turn.getLinks()).isEmpty();
    assertThat(turn.getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);
  }
}
