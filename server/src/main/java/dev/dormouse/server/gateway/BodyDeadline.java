package dev.dormouse.server.gateway;

import io.netty.channel.ChannelHandlerContext;
import io.netty.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Bounds how long the body of a request may stand still, whoever reads it: an actor's, or one that
 * the application's own handlers read. {@link Progress} tells a slow client from a dead one.
 * Whoever reads the body may answer; otherwise it is 408 (RFC 9110, section 15.5.9), and the TCP
 * connection is closed. The time in which the server itself does not read is not counted.
 *
 * <p>A timer runs only while half a body is there. The connection's event loop only.
 */
final class BodyDeadline {
  private final GatewayParts parts;
  private final BooleanSupplier isNext;

  /** How many bytes came of all bodies. */
  private long bytes;

  private @Nullable Future<?> timer;
  private @Nullable Runnable late;

  /**
   * As long as {@link GatewayOptions#message} says.
   *
   * @param isNext whether the client's next answer is for this body, and has not begun; if not,
   *     there is no 408
   */
  BodyDeadline(GatewayParts parts, BooleanSupplier isNext) {
    this.parts = parts;
    this.isNext = isNext;
  }

  /** Some of a body came. */
  void came(int more) {
    bytes += more;
  }

  /** A read is over, and half a body is there. */
  void start(ChannelHandlerContext context) {
    if (timer == null) {
      await(context, new Progress(parts.time().nowNs(), bytes));
    }
  }

  /** Has this done, in place of an answer, when the body that is half there stands still. */
  void onLate(Runnable answer) {
    late = answer;
  }

  /** No half body is there. */
  void stop() {
    late = null;
    if (timer != null) {
      timer.cancel(false);
      timer = null;
    }
  }

  private void await(ChannelHandlerContext context, Progress from) {
    long leftNs = from.leftNs(parts.time().nowNs(), parts.options().message());
    timer = context.executor().schedule(() -> look(context, from), leftNs, TimeUnit.NANOSECONDS);
  }

  private void look(ChannelHandlerContext context, Progress before) {
    long nowNs = parts.time().nowNs();
    Progress now =
        context.channel().config().isAutoRead()
            ? before.seen(nowNs, bytes, parts.options().message())
            : new Progress(nowNs, bytes);
    Runnable answer = late;
    if (now.leftNs(nowNs, parts.options().message()) > 0) {
      await(context, now);
    } else if (answer != null) {
      stop();
      answer.run();
    } else {
      end(context);
    }
  }

  private void end(ChannelHandlerContext context) {
    boolean isAnswered = isNext.getAsBoolean();
    parts.hit(RequestLimit.BODY_TIME, isAnswered ? "408" : "close", null);
    if (isAnswered) {
      HttpEnd.timeout(context);
    } else {
      HttpEnd.silently(context);
    }
  }
}
