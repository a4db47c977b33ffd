package dev.dormouse.server.gateway.http;

import dev.dormouse.server.gateway.limits.GatewayOptions;
import dev.dormouse.server.gateway.limits.Progress;
import dev.dormouse.server.gateway.limits.RequestLimit;
import dev.dormouse.server.gateway.limits.Tally;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Bounds how long the client of one HTTP connection may take for a head, for a body, and between
 * two requests. Each of the three limits has a timer, which runs only while the server waits for
 * the client.
 *
 * <ul>
 *   <li>A head must be whole within {@link GatewayOptions#head}; otherwise the client is answered
 *       408 (RFC 9110, section 15.5.9), and the TCP connection is closed.
 *   <li>A body may stand still for {@link GatewayOptions#message}, whether it is for an actor or
 *       for a handler of the application. {@link Progress} tells a slow client from a dead one.
 *       Time in which the server itself does not read is not counted. The reader of the body may
 *       answer first; otherwise the client is answered 408, and the TCP connection is closed.
 *   <li>A connection without a request is closed after a while. It stays open while the client
 *       still reads earlier answers.
 * </ul>
 *
 * <p>Only the connection's event loop uses it.
 */
final class HttpTimers {
  private final Tally tally;
  private final BooleanSupplier isHeadNext;
  private final BooleanSupplier isBodyNext;

  /** The timer of a head; null while no head is awaited. */
  private @Nullable Future<?> head;

  /** The timer of a body; null while no body is half read. */
  private @Nullable Future<?> body;

  /** The timer of the pause between requests; null while a request is being answered. */
  private @Nullable Future<?> pause;

  /** The number of bytes of all bodies that came so far. */
  private long bodyBytes;

  /** The answer that replaces a 408 when the body stands still; null for the 408. */
  private @Nullable Runnable lateBody;

  /** The time that the current pause may last. */
  private Duration pauseLimit = Duration.ZERO;

  /** The buffers that waited for the client when {@link #hasRead} was called last. */
  private int waitingBuffers;

  /** The bytes that waited for the client when {@link #hasRead} was called last. */
  private long waitingBytes;

  /**
   * Creates the timers of a connection, none of which runs yet.
   *
   * @param isHeadNext returns whether the next answer would be for the awaited head; otherwise the
   *     connection is closed without a 408
   * @param isBodyNext returns whether the next answer would be for the awaited body, and has not
   *     begun; otherwise the connection is closed without a 408
   */
  HttpTimers(Tally tally, BooleanSupplier isHeadNext, BooleanSupplier isBodyNext) {
    this.tally = tally;
    this.isHeadNext = isHeadNext;
    this.isBodyNext = isBodyNext;
  }

  /** Starts the timer of a head, unless it runs already. */
  void headAwaited(ChannelHandlerContext context) {
    if (head == null) {
      head =
          schedule(
              context,
              tally.options().head().toNanos(),
              () -> cutOff(context, RequestLimit.HEAD_TIME, isHeadNext.getAsBoolean()));
    }
  }

  /** Stops the timer of a head, because the head is whole or no longer wanted. */
  void headEnded() {
    stop(head);
    head = null;
  }

  /** Counts received bytes of a body. */
  void bodyCame(int bytes) {
    bodyBytes += bytes;
  }

  /** Starts the timer of a body that is half there after a read, unless it runs already. */
  void bodyAwaited(ChannelHandlerContext context) {
    if (body == null) {
      awaitBody(context, new Progress(tally.time().nowNs(), bodyBytes));
    }
  }

  /** Replaces the answer 408 that is due when the current body stands still. */
  void onLateBody(Runnable answer) {
    lateBody = answer;
  }

  /** Stops the timer of a body, because no body is half there. */
  void bodyEnded() {
    lateBody = null;
    stop(body);
    body = null;
  }

  private void awaitBody(ChannelHandlerContext context, Progress from) {
    long leftNs = from.leftNs(tally.time().nowNs(), tally.options().message());
    body = schedule(context, leftNs, () -> lookAtBody(context, from));
  }

  private void lookAtBody(ChannelHandlerContext context, Progress before) {
    long nowNs = tally.time().nowNs();
    Progress now =
        context.channel().config().isAutoRead()
            ? before.seen(nowNs, bodyBytes, tally.options().message())
            : new Progress(nowNs, bodyBytes);
    Runnable answer = lateBody;
    if (now.leftNs(nowNs, tally.options().message()) > 0) {
      awaitBody(context, now);
    } else if (answer != null) {
      bodyEnded();
      answer.run();
    } else {
      cutOff(context, RequestLimit.BODY_TIME, isBodyNext.getAsBoolean());
    }
  }

  private void cutOff(ChannelHandlerContext context, RequestLimit limit, boolean isAnswered) {
    tally.hit(limit, isAnswered ? "408" : "close", null);
    if (isAnswered) {
      HttpAnswers.end(context, HttpAnswers.timeout());
    } else {
      HttpAnswers.endSilently(context);
    }
  }

  /** Starts the timer of a pause, because every request is answered. */
  void pauseBegan(ChannelHandlerContext context, Duration limit) {
    pauseEnded();
    pauseLimit = limit;
    hasRead(context);
    awaitRequest(context);
  }

  /** Stops the timer of a pause, because a request came or the connection is no longer HTTP's. */
  void pauseEnded() {
    stop(pause);
    pause = null;
  }

  private void awaitRequest(ChannelHandlerContext context) {
    pause = schedule(context, pauseLimit.toNanos(), () -> lookAtPause(context));
  }

  private void lookAtPause(ChannelHandlerContext context) {
    if (hasRead(context) && waitingBuffers > 0) {
      awaitRequest(context);
    } else {
      tally.counters().cutOff(RequestLimit.IDLE);
      HttpAnswers.endSilently(context);
    }
  }

  /** Returns whether the client has read something since the last call. */
  private boolean hasRead(ChannelHandlerContext context) {
    ChannelOutboundBuffer waiting = context.channel().unsafe().outboundBuffer();
    int buffers = waiting == null ? 0 : waiting.size();
    long bytes = waiting == null ? 0 : waiting.totalPendingWriteBytes() - waiting.currentProgress();
    boolean isLess = buffers != waitingBuffers || bytes != waitingBytes;
    waitingBuffers = buffers;
    waitingBytes = bytes;
    return isLess;
  }

  /** Stops all timers, because the connection is no longer HTTP's. */
  void stop() {
    headEnded();
    bodyEnded();
    pauseEnded();
  }

  private static Future<?> schedule(ChannelHandlerContext context, long afterNs, Runnable then) {
    return context.executor().schedule(then, afterNs, TimeUnit.NANOSECONDS);
  }

  private static void stop(@Nullable Future<?> timer) {
    if (timer != null) {
      timer.cancel(false);
    }
  }
}
