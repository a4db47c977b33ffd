package dev.dormouse.server.gateway.socket;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ActorOptions;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.Delivery.Outcome;
import dev.dormouse.sdk.OutboundPolicy;
import dev.dormouse.server.gateway.limits.Admission;
import dev.dormouse.server.gateway.limits.Counters;
import dev.dormouse.server.gateway.limits.GatewayOptions;
import dev.dormouse.server.gateway.limits.HandledKinds;
import dev.dormouse.server.gateway.limits.Tally;
import dev.dormouse.server.gateway.owner.OwnerLinks;
import dev.dormouse.server.gateway.wire.DeflateTerms;
import dev.dormouse.server.gateway.wire.OutboundFrames;
import dev.dormouse.server.observe.Observers;
import dev.dormouse.server.protocol.DirectTransport;
import dev.dormouse.server.protocol.Owner;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.protocol.Placement;
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
import java.util.concurrent.TimeUnit;

/** An open socket on a {@link StuckChannel}, with the host's view of it. */
public final class StuckSocket implements AutoCloseable, Time {
  /** The number of bytes that may wait. */
  public static final int BYTES_MAX = 40_000;

  /** The number of bytes that may be in the channel before others wait outside of it. */
  static final int CHANNEL_BYTES = BYTES_MAX / 4;

  /** The outcomes of messages, by the number under which each was asked for. */
  final Map<Long, Outcome> outcomes = new TreeMap<>();

  final List<CloseReason> closes = new ArrayList<>();

  /** The lengths of the messages that came, in bytes. */
  final List<Integer> messages = new ArrayList<>();

  final Counters counters;
  final StuckChannel channel = new StuckChannel();
  final ClientSocket socket;
  private long nowNs;
  private final List<ByteBuf> sharedFrames = new ArrayList<>();

  public StuckSocket(OutboundPolicy policy) {
    this(policy, null);
  }

  /**
   * Opens a socket with compression, unless the terms are null. Nothing beyond the limit may wait.
   */
  StuckSocket(OutboundPolicy policy, DeflateTerms terms) {
    this(
        policy,
        terms,
        GatewayOptions.defaults().reading(Duration.ofSeconds(30)).burstBytesMax(0).withoutPings());
  }

  StuckSocket(OutboundPolicy policy, DeflateTerms terms, GatewayOptions limits) {
    channel.freezeTime();
    ActorOptions options =
        ActorOptions.defaults().outboundPolicy(policy).outboundBytesMax(BYTES_MAX);
    DirectTransport transport = new DirectTransport();
    transport.connect((run, epoch, record) -> hear(record), record -> {});
    SocketParts parts =
        new SocketParts(
            new Tally(
                limits.clientHeapBytesMax(Long.MAX_VALUE).clientDirectBytesMax(Long.MAX_VALUE),
                this,
                new Observers(Time.system())),
            new OwnerLinks(Placement.fixed(new Owner("", 1)), transport, this));
    counters = parts.tally().counters();
    socket =
        new ClientSocket(
            parts,
            options,
            HandledKinds.ALL,
            new ActorId("chat", "lobby"),
            ConnectionId.of(1, 1),
            channel.eventLoop(),
            terms,
            List.of(),
            (Admission.Place) parts.tally().admission().admit(null, 0));
    parts.groups().add(socket);
    channel.pipeline().addLast(socket.frames, socket);
    socket.opened();
  }

  @Override
  public long nowNs() {
    return nowNs;
  }

  @Override
  public long wallMs() {
    return nowNs / 1_000_000;
  }

  /** Moves the time on, and does what is due. */
  void pass(Duration by) {
    nowNs += by.toNanos();
    channel.advanceTimeBy(by.toNanos(), TimeUnit.NANOSECONDS);
    channel.runScheduledPendingTasks();
  }

  private void hear(ToHost told) {
    if (told instanceof ToHost.Delivered delivered) {
      assertThat(outcomes.put(delivered.report(), delivered.outcome())).isNull();
    } else if (told instanceof ToHost.Message message) {
      messages.add(message.payload().size());
      socket.handled(message.sequence());
    } else if (told instanceof ToHost.Closed closed) {
      closes.add(closed.reason());
    }
  }

  /** Sends a text that goes to others too, and asks for its outcome under a number. */
  public void send(long report, String key, String text) {
    Payload payload = Payload.text(text);
    ByteBuf shared = OutboundFrames.message(PooledByteBufAllocator.DEFAULT, payload);
    sharedFrames.add(shared);
    socket.send(payload, shared, key, report);
    socket.flush();
    shared.release();
  }

  /** Lets the client send these bytes. */
  void receive(byte[] bytes) {
    channel.writeInbound(Unpooled.wrappedBuffer(bytes));
  }

  /** Loses the client. */
  void lose() {
    assertThat(channel.close().isSuccess()).isTrue();
    channel.runPendingTasks();
  }

  /** Loses the client, and checks that none of its frames are left. */
  @Override
  public void close() {
    lose();
    assertThat(sharedFrames).allMatch(frame -> frame.refCnt() == 0);
    assertThat(counters.deflateContexts.sum()).isZero();
    assertThat(socket.waitingBytes()).isZero();
  }
}
