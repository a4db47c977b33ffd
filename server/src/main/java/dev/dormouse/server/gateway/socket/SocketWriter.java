package dev.dormouse.server.gateway.socket;

import dev.dormouse.sdk.Delivery.Outcome;
import dev.dormouse.sdk.OutboundPolicy;
import dev.dormouse.server.gateway.limits.ClientMemory;
import dev.dormouse.server.gateway.limits.ClientMemory.Held;
import dev.dormouse.server.gateway.limits.GatewayOptions;
import dev.dormouse.server.gateway.limits.Progress;
import dev.dormouse.server.gateway.socket.WaitingMessages.Entry;
import dev.dormouse.server.gateway.wire.OutboundFrames;
import dev.dormouse.server.gateway.wire.SocketDeflate;
import dev.dormouse.server.protocol.HeapCost;
import dev.dormouse.server.protocol.Payload;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.socket.DuplexChannel;
import io.netty.channel.socket.DuplexChannelConfig;
import io.netty.channel.uring.IoUringChannelOption;
import io.netty.handler.ssl.SslHandler;
import java.time.Duration;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Writes to one socket, and decides the fate of messages for a client that does not read them.
 * Frames leave with the next {@link #flush}. A failed write reaches the socket as an exception of
 * the pipeline, so no code waits for the future of a write. Only the socket's event loop may use
 * the writer.
 *
 * <p><b>A slow client.</b> While the channel is writable, messages go straight into it. While it is
 * not, messages wait here, where the actor type's {@link OutboundPolicy} can still drop some of
 * them; a message in the channel may be half sent and can no longer be dropped. When the channel is
 * writable again, the waiting messages follow. They are compressed only then, because a compression
 * context must not refer to a dropped message. Close frames are written behind the waiting
 * messages, pings and pongs before them.
 *
 * <p><b>A client that is too slow.</b> Up to {@link GatewayOptions#burstBytesMax} bytes more than
 * the limit may wait for a client that goes on reading, as {@link Progress} measures it, because a
 * slow client is not the cause of one long message or of all messages of one turn. While more bytes
 * than the limit wait, a timer watches the client's progress.
 */
@SuppressWarnings("FutureReturnValueIgnored")
final class SocketWriter {
  /**
   * The channel may hold one in this many of the bytes that may wait, because messages in the
   * channel cannot be dropped.
   */
  private static final int CHANNEL_SHARE = 4;

  /**
   * The unsent bytes that the operating system may take from the channel, on Linux. With few of
   * them, the bytes that it takes show how many bytes the client reads.
   */
  private static final long UNSENT_BYTES_MAX = 128 << 10;

  /** The time, in milliseconds, after which the charge for the channel's bytes is updated. */
  private static final long CHARGE_MS = 100;

  private final ChannelHandlerContext context;
  private final ClientSocket socket;
  private final @Nullable SocketDeflate deflate;

  /** True if frames were written since the last flush. */
  private boolean isUnflushed;

  /** The bytes of the payloads of all written frames. */
  private long bytesOut;

  /** The queue of messages that wait for the client; null while the client keeps up. */
  private @Nullable WaitingMessages waiting;

  /**
   * Creates the writer of a channel.
   *
   * @param deflate the compression; null if permessage-deflate was not negotiated
   */
  SocketWriter(
      ChannelHandlerContext context, ClientSocket socket, @Nullable SocketDeflate deflate) {
    this.context = context;
    this.socket = socket;
    this.deflate = deflate;
    int channelBytes = bytesMax() / CHANNEL_SHARE;
    if (channelBytes < context.channel().config().getWriteBufferHighWaterMark()) {
      context
          .channel()
          .config()
          .setWriteBufferWaterMark(new WriteBufferWaterMark(channelBytes / 2, channelBytes));
    }
    if (context.channel().config() instanceof DuplexChannelConfig duplex) {
      duplex.setAllowHalfClosure(true);
    }
    ChannelConfig config = context.channel().config();
    if (!config.setOption(EpollChannelOption.TCP_NOTSENT_LOWAT, UNSENT_BYTES_MAX)) {
      config.setOption(IoUringChannelOption.TCP_NOTSENT_LOWAT, UNSENT_BYTES_MAX);
    }
  }

  /**
   * Sends a message, now or when the client has read earlier messages.
   *
   * @param shared the message as a plain frame, if it goes to other clients, too; the caller keeps
   *     its reference
   * @param key the key under which the message may replace another or be replaced; null if it may
   *     not
   * @param report the number under which the outcome is to be reported; 0 if it is not, or {@link
   *     SocketParts#AUTOMATIC}
   * @return false if the client is too slow and must be closed; the message is then not kept
   */
  boolean message(Payload message, @Nullable ByteBuf shared, @Nullable String key, long report) {
    long bytes = OutboundFrames.bytes(message) + WaitingMessages.OVERHEAD_BYTES;
    boolean isStraight = goesStraight();
    if (!isStraight) {
      flush();
      isStraight = goesStraight();
    }
    if (isStraight && isTooMuch(Held.WRITTEN, channelBytes(), bytes)) {
      return false;
    }
    if (isStraight) {
      write(frame(message, shared), report);
      if (bytes > bytesMax()) {
        watch();
      }
      return true;
    }
    return waits(message, shared, key, report, bytes);
  }

  private boolean goesStraight() {
    return !isAnyWaiting() && context.channel().isWritable();
  }

  private boolean waits(
      Payload message, @Nullable ByteBuf shared, @Nullable String key, long report, long bytes) {
    String replacedKey = policy() == OutboundPolicy.CONFLATE ? key : null;
    Entry replaced = waiting == null ? null : waiting.get(replacedKey);
    long more = bytes - (replaced == null ? 0 : replaced.bytes());
    boolean isDropping = policy() == OutboundPolicy.DROP_OLDEST;
    if (!isDropping && isTooSlow(more)) {
      hit(socket.tally().counters().slowClosed, "close 1013");
      return false;
    }
    ByteBuf frame = deflate == null ? shared : null;
    boolean isShared = frame != null;
    if (!isDropping
        && (isTooMuch(
                Held.WAITING,
                heldBytes(),
                isShared ? WaitingMessages.OVERHEAD_BYTES : HeapCost.ofBytes(more))
            || isTooMuch(Held.WRITTEN, writtenBytes(), isShared ? more : 0))) {
      return false;
    }
    WaitingMessages queue = waiting();
    if (replacedKey != null && replaced != null) {
      queue.remove(replacedKey);
    }
    ByteBuf kept = frame == null ? null : frame.retain();
    queue.add(replacedKey, new Entry(message, kept, report, bytes));
    if (replaced != null) {
      leaveOut(replaced, Outcome.CONFLATED, socket.tally().counters().conflated, "conflate");
    }
    while (isDropping && queue.size() > 1 && !hasRoom(queue.isOldestFresh() ? burstMax() : 0)) {
      leaveOut(queue.poll(), Outcome.DROPPED, socket.tally().counters().slowDropped, "drop");
    }
    while (isDropping
        && queue.size() > 1
        && socket
            .tally()
            .memory()
            .isTooMuch(Held.WAITING, socket.address(), queue.heldBytes(), 0)) {
      leaveOut(queue.poll(), Outcome.DROPPED, socket.tally().counters().slowDropped, "drop");
    }
    if (!isDropping && !hasRoom(0)) {
      watch();
    }
    return true;
  }

  private long heldBytes() {
    return waiting == null ? 0 : waiting.heldBytes();
  }

  private long writtenBytes() {
    return waiting == null ? 0 : waiting.writtenBytes();
  }

  /** Returns whether the client would hold more memory than it may. */
  private boolean isTooMuch(Held kind, long own, long more) {
    boolean isTooMuch = socket.tally().memory().isTooMuch(kind, socket.address(), own, more);
    if (isTooMuch) {
      socket.hitClientMemory();
    }
    return isTooMuch;
  }

  /** Starts the end of the client, because others need the memory of its messages. Any thread. */
  private void revoke(WaitingMessages queue) {
    socket.loop().execute(() -> endFor(queue));
  }

  private void endFor(WaitingMessages queue) {
    if (queue != waiting) {
      return;
    }
    charge(); // the client may have made progress meanwhile
    if (!queue.mustGo()) {
      return;
    }
    if (socket.state() == SocketState.OPEN) {
      socket.hitClientMemory();
      queue.drop(entry -> socket.parts().lost(socket.actor(), socket.id(), entry.report()));
      socket.close(Closing.TOO_SLOW);
    } else {
      abandon();
    }
  }

  /**
   * Returns whether more bytes than the limit would wait although the client does not read, or more
   * bytes than the limit and a burst.
   */
  private boolean isTooSlow(long more) {
    long bytes = waitingBytes() + more;
    return bytes > bytesMax() && (bytes > bytesMax() + burstMax() || isStalled());
  }

  private boolean isStalled() {
    Progress progress = waiting == null ? null : waiting.progress();
    return progress != null && look(progress).leftNs(nowNs(), reading()) <= 0;
  }

  /** Begins to watch the client's progress in reading, unless it is watched already. */
  private void watch() {
    if (waiting().progress() == null) {
      waiting().progress(new Progress(nowNs(), takenBytes()));
      lookAgainAfter(reading().toNanos());
    }
  }

  private void lookAgainAfter(long ns) {
    waiting()
        .nextLook(context.executor().schedule(this::lookWhetherTaken, ns, TimeUnit.NANOSECONDS));
  }

  private void lookWhetherTaken() {
    WaitingMessages queue = waiting;
    Progress progress = queue == null ? null : queue.progress();
    if (queue == null || progress == null) {
      return;
    }
    long leftNs = look(progress).leftNs(nowNs(), reading());
    if (leftNs > 0) {
      lookAgainAfter(leftNs);
      return;
    }
    queue.stopLooking();
    if (!hasRoom(0) && policy() != OutboundPolicy.DROP_OLDEST) {
      hit(socket.tally().counters().slowClosed, "close 1013");
      socket.close(Closing.TOO_SLOW);
    }
  }

  /** Returns whether the client still reads the bytes that waited when it was pinged. */
  boolean isTaking() {
    Progress progress = waiting == null ? null : waiting.progress();
    return progress != null && progress.goesOn(nowNs(), takenBytes());
  }

  /** Returns the client's progress now. A client with enough progress counts as heard. */
  private Progress look(Progress before) {
    Progress after = before.seen(nowNs(), takenBytes(), reading());
    if (!after.equals(before)) {
      waiting().progress(after);
      socket.heard();
    }
    return after;
  }

  /** Returns about how many bytes of all frames the operating system has taken. */
  long takenBytes() {
    ChannelOutboundBuffer inChannel = context.channel().unsafe().outboundBuffer();
    return inChannel == null
        ? bytesOut
        : bytesOut - inChannel.totalPendingWriteBytes() + inChannel.currentProgress();
  }

  private long nowNs() {
    return socket.tally().time().nowNs();
  }

  private Duration reading() {
    return socket.tally().options().reading();
  }

  private long burstMax() {
    return socket.tally().options().burstBytesMax();
  }

  private void leaveOut(Entry entry, Outcome outcome, LongAdder counter, String what) {
    entry.release();
    hit(counter, what);
    report(entry.report(), outcome);
  }

  private void hit(LongAdder counter, String what) {
    socket.tally().hit(counter, "outbound-bytes", what, socket.actor(), socket.id());
  }

  private void report(long report, Outcome outcome) {
    socket.parts().delivered(socket.actor(), socket.id(), report, outcome);
  }

  private OutboundPolicy policy() {
    return socket.options().outboundPolicy();
  }

  private int bytesMax() {
    OptionalInt chosen = socket.options().outboundBytesMax();
    return chosen.isPresent() ? chosen.getAsInt() : socket.tally().options().outboundBytesMax();
  }

  private boolean isAnyWaiting() {
    return waiting != null && !waiting.isEmpty();
  }

  private WaitingMessages waiting() {
    WaitingMessages queue = waiting;
    if (queue == null) {
      queue = new WaitingMessages(socket.tally().memory(), socket.address(), this::revoke);
      waiting = queue;
    }
    return queue;
  }

  /** Returns whether the waiting bytes are beyond the limit by at most a number of bytes. */
  private boolean hasRoom(long beyond) {
    return waitingBytes() <= bytesMax() + beyond;
  }

  /** Returns how many bytes wait for the client to read, with 96 more for each frame. */
  long waitingBytes() {
    WaitingMessages queue = waiting; // other threads may call this
    return channelBytes() + (queue == null ? 0 : queue.bytes());
  }

  /** Returns how many bytes the channel has not handed to the network. */
  private long channelBytes() {
    ChannelOutboundBuffer inChannel = context.channel().unsafe().outboundBuffer();
    return inChannel == null ? 0 : inChannel.totalPendingWriteBytes();
  }

  /** Returns the frame of a message, compressed if that was negotiated and is worth it. */
  private ByteBuf frame(Payload message, @Nullable ByteBuf shared) {
    byte[] compressed = deflate == null ? null : deflate.compress(message.bytes());
    if (compressed != null) {
      return OutboundFrames.compressed(context.alloc(), message, compressed);
    }
    return shared == null
        ? OutboundFrames.message(context.alloc(), message)
        : shared.retainedDuplicate();
  }

  private void write(ByteBuf frame, long report) {
    socket.tally().counters().messagesOut.increment();
    if (!SocketParts.isAsked(report)) {
      write(frame, report == SocketParts.AUTOMATIC);
      return;
    }
    goesOut(frame, false);
    isUnflushed = true;
    context.write(frame).addListener(written -> written(report, written.cause()));
  }

  /**
   * Reports the outcome of a finished write. A failure is passed to the pipeline, as it is for
   * writes without a report.
   */
  private void written(long report, @Nullable Throwable failure) {
    report(report, failure == null ? Outcome.WRITTEN : Outcome.CONNECTION_CLOSED);
    if (failure != null && context.channel().isRegistered()) {
      context.pipeline().fireExceptionCaught(failure);
    }
  }

  /** Writes waiting messages while the channel is writable, after its writability has changed. */
  void writabilityChanged() {
    WaitingMessages queue = waiting;
    if (queue == null || !context.channel().isWritable()) {
      return;
    }
    socket.heard();
    byte[] pong = queue.takeOwedPong();
    if (pong != null) {
      pong(pong);
    }
    while (context.channel().isWritable() && !queue.isEmpty()) {
      Entry next = queue.poll();
      ByteBuf kept = next.shared();
      write(kept == null ? frame(next.payload(), null) : kept.duplicate(), next.report());
    }
    if (queue.isEmpty()) {
      stopWaiting();
      if (queue.ending() != null) {
        writeEnd(queue.ending(), queue.isOutputEnding());
      }
    }
    flush();
  }

  /** Writes a pong, or remembers the latest one until the client reads. */
  void pong(byte[] payload) {
    if (context.channel().isWritable()) {
      write(OutboundFrames.pong(context.alloc(), payload), false);
    } else {
      waiting().owePong(payload);
    }
  }

  /**
   * Writes a ping without payload, and flushes. If bytes wait before the ping, the answer may take
   * long; {@link #isTaking} then shows whether the client is alive.
   */
  void ping() {
    socket.tally().counters().pings.increment();
    write(OutboundFrames.ping(context.alloc()), false);
    flush();
    if (waitingBytes() > 0) {
      watch();
    }
  }

  /** Writes a close frame behind all messages, and flushes. The client may still answer it. */
  void close(int code, String reason) {
    end(OutboundFrames.close(context.alloc(), code, reason), false);
  }

  /** Writes a close frame behind all messages, and then ends the output. */
  void lastClose(int code, String reason) {
    end(OutboundFrames.close(context.alloc(), code, reason), true);
  }

  /** Ends the output behind all messages. */
  void finish() {
    end(Unpooled.EMPTY_BUFFER, true);
  }

  private void end(ByteBuf last, boolean isOutputEnding) {
    if (waiting != null && isAnyWaiting()) {
      waiting.stopLooking();
      waiting.end(last, isOutputEnding);
    } else {
      stopWaiting();
      writeEnd(last, isOutputEnding);
    }
  }

  private void stopWaiting() {
    if (waiting != null) {
      waiting.stopLooking();
      waiting.end();
      waiting = null;
    }
  }

  /** Charges the client for the bytes in the channel, now and again after a moment. */
  private void charge() {
    long bytes = channelBytes();
    if (bytes <= ClientMemory.ALWAYS && waiting == null) {
      return;
    }
    WaitingMessages queue = waiting();
    queue.written(bytes, takenBytes());
    if (bytes > ClientMemory.ALWAYS && !queue.isLookedAtAgain) {
      queue.isLookedAtAgain = true;
      context.executor().schedule(() -> lookAgain(queue), CHARGE_MS, TimeUnit.MILLISECONDS);
    }
  }

  private void lookAgain(WaitingMessages queue) {
    queue.isLookedAtAgain = false;
    if (queue == waiting) {
      if (queue.isIdle() && channelBytes() <= ClientMemory.ALWAYS) {
        stopWaiting();
      } else {
        charge();
      }
    }
  }

  private void writeEnd(ByteBuf last, boolean isOutputEnding) {
    if (deflate != null) {
      deflate.endOutput();
    }
    if (isOutputEnding) {
      isUnflushed = false;
      goesOut(last, false);
      context.writeAndFlush(last).addListener(written -> shutdownOutput());
    } else {
      write(last, false);
      flush();
    }
  }

  /** Drops all waiting messages, because the TCP connection has ended. */
  void release() {
    WaitingMessages lost = waiting;
    if (lost != null) {
      lost.drop(entry -> socket.parts().lost(socket.actor(), socket.id(), entry.report()));
    }
    stopWaiting();
    if (deflate != null) {
      deflate.endOutput();
    }
  }

  /** Ends the output, so that the client sees the end at once. Its input can still be read. */
  private void shutdownOutput() {
    SslHandler tls = context.pipeline().get(SslHandler.class);
    if (tls == null) {
      shutdownTcpOutput();
    } else {
      tls.closeOutbound().addListener(sent -> shutdownTcpOutput());
    }
  }

  private void shutdownTcpOutput() {
    if (context.channel() instanceof DuplexChannel channel && channel.isActive()) {
      channel.shutdownOutput();
      if (channel.isInputShutdown()) {
        channel.close();
      }
    }
  }

  /** Returns whether nothing waits for the client any more, or the output has ended. */
  boolean isEnded() {
    return waitingBytes() == 0
        || (context.channel() instanceof DuplexChannel channel && channel.isOutputShutdown());
  }

  /** Hands written frames to the network. */
  void flush() {
    if (isUnflushed) {
      isUnflushed = false;
      context.flush();
      charge();
    }
  }

  private void write(ByteBuf frame, boolean isAutomatic) {
    goesOut(frame, isAutomatic);
    isUnflushed = true;
    context.write(frame, context.voidPromise());
  }

  private void goesOut(ByteBuf frame, boolean isAutomatic) {
    if (!frame.isReadable()) {
      return; // an empty buffer stands for the end of output
    }
    bytesOut += OutboundFrames.payloadBytes(frame);
    if (socket.tally().observers().isAnyOfFrames()) {
      SocketWatch.out(socket.tally(), socket.actor(), socket.id(), frame, isAutomatic);
    }
  }

  /** Notes the end of a turn's messages, and flushes. */
  void turnEnds() {
    if (waiting != null) {
      waiting.turnEnds();
    }
    flush();
  }

  /** Returns the bytes of the payloads of all written frames. */
  long bytesOut() {
    return bytesOut;
  }

  /**
   * Starts or stops reading from the network.
   *
   * @return whether reading had stopped and starts again
   */
  boolean read(boolean isWanted) {
    boolean resumes = isWanted && !context.channel().config().isAutoRead();
    context.channel().config().setAutoRead(isWanted);
    return resumes;
  }

  /** Ends the TCP connection. */
  void abandon() {
    context.close();
  }
}
