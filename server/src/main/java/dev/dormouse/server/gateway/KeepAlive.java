package dev.dormouse.server.gateway;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Bounds how long an HTTP connection is kept without a request: then it is closed. A client that
 * still reads answers is using it; one of which nothing was read in all that time is not. A timer
 * runs only while no request is being answered. The connection's event loop only.
 */
final class KeepAlive {
  private final Runnable ending;
  private Duration limit = Duration.ZERO;
  private @Nullable Future<?> timer;

  /** What waited for the client when it last looked: how many buffers, and bytes. */
  private int waitingBuffers;

  private long waitingBytes;

  /**
   * Waits for nothing yet.
   *
   * @param ending called before a connection is closed on which nothing is asked
   */
  KeepAlive(Runnable ending) {
    this.ending = ending;
  }

  /**
   * Nothing is asked any more.
   *
   * @param limit how long the connection is kept
   */
  void start(ChannelHandlerContext context, Duration limit) {
    stop();
    this.limit = limit;
    look(context);
    await(context);
  }

  /** Something is asked, or the connection is not HTTP's any more. */
  void stop() {
    if (timer != null) {
      timer.cancel(false);
      timer = null;
    }
  }

  private void await(ChannelHandlerContext context) {
    timer =
        context.executor().schedule(() -> elapsed(context), limit.toNanos(), TimeUnit.NANOSECONDS);
  }

  private void elapsed(ChannelHandlerContext context) {
    if (look(context) && waitingBuffers > 0) {
      await(context);
    } else {
      ending.run();
      HttpEnd.silently(context);
    }
  }

  /** Whether something was read since the last time. */
  private boolean look(ChannelHandlerContext context) {
    ChannelOutboundBuffer waiting = context.channel().unsafe().outboundBuffer();
    int buffers = waiting == null ? 0 : waiting.size();
    long bytes = waiting == null ? 0 : waiting.totalPendingWriteBytes() - waiting.currentProgress();
    boolean isLess = buffers != waitingBuffers || bytes != waitingBytes;
    waitingBuffers = buffers;
    waitingBytes = bytes;
    return isLess;
  }
}
