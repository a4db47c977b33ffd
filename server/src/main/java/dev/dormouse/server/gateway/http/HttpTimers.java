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
 * Bounds how long the client of one HTTP connection may take over a head, over a body, and between
 * two requests. Each of the three limits has a timer that runs only while the client owes the
 * server something.
 *
 * <ul>
 *   <li>A head must be whole within {@link GatewayOptions#head}; otherwise the client is answered
 *       408 (RFC 9110, section 15.5.9), and the TCP connection is closed.
 *   <li>A body may stand still for {@link GatewayOptions#message}, whoever reads it: an actor or a
 *       handler of the application. {@link Progress} tells a slow client from a dead one. Time in
 *       which the server itself does not read is not counted. Whoever reads the body may answer
 *       first; otherwise the client is answered 408, and the TCP connection is closed.
 *   <li>A connection on which nothing is asked is closed after a while. A client that still reads
 *       earlier answers is using it; a client that has read nothing in all that time is not.
 * </ul>
 *
 * <p>The connection's event loop only.
 */
final class HttpTimers {
  private final Tally tally;
  private final BooleanSupplier isHeadNext;
  private final BooleanSupplier isBodyNext;

  /** Runs while a head is awaited. */
  private @Nullable Future<?> head;

  /** Runs while half a body is there. */
  private @Nullable Future<?> body;

  /** Runs while no request is being answered. */
  private @Nullable Future<?> pause;

  /** The number of bytes that came of all bodies. */
  private long bodyBytes;

  /** Answers in place of a 408 when the body stands still; null if nobody has asked to. */
  private @Nullable Runnable lateBody;

  private Duration pauseLimit = Duration.ZERO;

  /** The number of buffers that waited for the client at the last look. */
  private int waitingBuffers;

  /** The number of bytes that waited for the client at the last look. */
  private long waitingBytes;

  /**
   * Creates the timers of a connection, none of which runs.
   *
   * @param isHeadNext returns whether the client's next answer is for the head that is awaited; if
   *     not, there is no 408
   * @param isBodyNext returns whether the client's next answer is for the body that is awaited, and
   *     has not begun; if not, there is no 408
   */
  HttpTimers(Tally tally, BooleanSupplier isHeadNext, BooleanSupplier isBodyNext) {
    this.tally = tally;
    this.isHeadNext = isHeadNext;
    this.isBodyNext = isBodyNext;
  }

  /** Bounds the time for a head, unless one was awaited already. */
  void headAwaited(ChannelHandlerContext context) {
    if (head == null) {
      head =
          schedule(
              context,
              tally.options().head().toNanos(),
              () -> cutOff(context, RequestLimit.HEAD_TIME, isHeadNext.getAsBoolean()));
    }
  }

  /** Ends the time for a head: it is whole, or nothing of it is wanted. */
  void headEnded() {
    stop(head);
    head = null;
  }

  /** Counts bytes of a body that came. */
  void bodyCame(int bytes) {
    bodyBytes += bytes;
  }

  /** Bounds the time for a body's next bytes: a read is over, and half a body is there. */
  void bodyAwaited(ChannelHandlerContext context) {
    if (body == null) {
      awaitBody(context, new Progress(tally.time().nowNs(), bodyBytes));
    }
  }

  /** Has this done, in place of a 408, when the body that is half there stands still. */
  void onLateBody(Runnable answer) {
    lateBody = answer;
  }

  /** Ends the time for a body: no half body is there. */
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

  /** Bounds the time until the next request: everything that was asked is answered. */
  void pauseBegan(ChannelHandlerContext context, Duration limit) {
    pauseEnded();
    pauseLimit = limit;
    hasRead(context);
    awaitRequest(context);
  }

  /** Ends the time between requests: something is asked, or the connection is not HTTP's. */
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

  /** Returns whether the client has read something since the last look. */
  private boolean hasRead(ChannelHandlerContext context) {
    ChannelOutboundBuffer waiting = context.channel().unsafe().outboundBuffer();
    int buffers = waiting == null ? 0 : waiting.size();
    long bytes = waiting == null ? 0 : waiting.totalPendingWriteBytes() - waiting.currentProgress();
    boolean isLess = buffers != waitingBuffers || bytes != waitingBytes;
    waitingBuffers = buffers;
    waitingBytes = bytes;
    return isLess;
  }

  /** Stops all timers: the connection is not HTTP's any more. */
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
