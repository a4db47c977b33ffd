package dev.dormouse.server.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ActorOptions;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.Delivery.Outcome;
import dev.dormouse.sdk.OutboundPolicy;
import dev.dormouse.server.observe.Observers;
import dev.dormouse.server.protocol.DirectTransport;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.protocol.Time;
import dev.dormouse.server.protocol.ToHost;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** An open socket on a {@link StuckChannel}, and what the host hears of it. */
final class StuckSocket implements AutoCloseable {
  /** How many bytes may wait. */
  static final int BYTES_MAX = 40_000;

  /** How many of them may be in the channel before others wait outside of it. */
  static final int CHANNEL_BYTES = BYTES_MAX / 4;

  /** What became of messages, by the number under which it was asked. */
  final Map<Long, Outcome> outcomes = new TreeMap<>();

  final List<CloseReason> closes = new ArrayList<>();
  final Counters counters = new Counters();
  final StuckChannel channel = new StuckChannel();
  final ClientSocket socket;
  private final List<ByteBuf> sharedFrames = new ArrayList<>();

  StuckSocket(OutboundPolicy policy) {
    this(policy, null);
  }

  /** With compression, unless the terms are null. */
  StuckSocket(OutboundPolicy policy, DeflateTerms terms) {
    ActorOptions options = ActorOptions.defaults().onSlowClient(policy).outboundBytesMax(BYTES_MAX);
    DirectTransport transport = new DirectTransport();
    transport.connect(this::hear, release -> {});
    GatewayParts parts =
        new GatewayParts(
            GatewayOptions.defaults(),
            transport,
            Time.system(),
            new ConnectionGroups(),
            new LoopQueues(),
            counters,
            new Heartbeats(Duration.ZERO, Time.system()),
            new Admission(ConnectionLimits.none(), 256),
            new InboundBudget(Long.MAX_VALUE),
            new Observers(Time.system()));
    socket =
        new ClientSocket(
            parts,
            new ActorRoute("chat", "/chat/:key", false, options),
            new ActorId("chat", "lobby"),
            ConnectionId.of(1, 1),
            channel.eventLoop(),
            terms,
            List.of(),
            (Admission.Seat) parts.admission().admit(null, 0));
    parts.groups().add(socket);
    channel.pipeline().addLast(socket.frames, socket);
    socket.opened();
  }

  private void hear(ToHost told) {
    if (told instanceof ToHost.Delivered delivered) {
      assertThat(outcomes.put(delivered.report(), delivered.outcome())).isNull();
    } else if (told instanceof ToHost.Closed closed) {
      closes.add(closed.reason());
    }
  }

  /** Sends a text that goes to others too, asking for its outcome under a number. */
  void send(long report, String key, String text) {
    Payload payload = Payload.text(text);
    ByteBuf shared = OutboundFrames.message(PooledByteBufAllocator.DEFAULT, payload);
    sharedFrames.add(shared);
    socket.send(payload, shared, key, report);
    socket.flush();
    shared.release();
  }

  /** The client sends these bytes. */
  void receive(byte[] bytes) {
    channel.writeInbound(Unpooled.wrappedBuffer(bytes));
  }

  /** The client is lost. */
  void lose() {
    assertThat(channel.close().isSuccess()).isTrue();
    channel.runPendingTasks();
  }

  /** The client is lost, and nothing of it is left. */
  @Override
  public void close() {
    lose();
    assertThat(sharedFrames).allMatch(frame -> frame.refCnt() == 0);
    assertThat(counters.deflateContexts.sum()).isZero();
    assertThat(socket.waitingBytes()).isZero();
  }
}
