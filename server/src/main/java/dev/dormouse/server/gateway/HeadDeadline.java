package dev.dormouse.server.gateway;

import io.netty.channel.ChannelHandlerContext;
import io.netty.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Bounds how long a client may take over the head of a request: then 408 (RFC 9110, section
 * 15.5.9), and the TCP connection is closed. A timer runs only while a head is awaited. The
 * connection's event loop only.
 */
final class HeadDeadline {
  private final GatewayParts parts;
  private final BooleanSupplier isNext;
  private @Nullable Future<?> timer;

  /**
   * As long as {@link GatewayOptions#head} says.
   *
   * @param isNext whether the client's next answer is for this head; if not, there is no 408
   */
  HeadDeadline(GatewayParts parts, BooleanSupplier isNext) {
    this.parts = parts;
    this.isNext = isNext;
  }

  /** A head is awaited; nothing if one was already. */
  void start(ChannelHandlerContext context) {
    if (timer == null) {
      timer =
          context
              .executor()
              .schedule(
                  () -> elapsed(context), parts.options().head().toNanos(), TimeUnit.NANOSECONDS);
    }
  }

  /** No head is awaited. */
  void stop() {
    if (timer != null) {
      timer.cancel(false);
      timer = null;
    }
  }

  private void elapsed(ChannelHandlerContext context) {
    boolean isAnswered = isNext.getAsBoolean();
    parts.hit(RequestLimit.HEAD_TIME, isAnswered ? "408" : "close", null);
    if (isAnswered) {
      HttpEnd.timeout(context);
    } else {
      HttpEnd.silently(context);
    }
  }
}
