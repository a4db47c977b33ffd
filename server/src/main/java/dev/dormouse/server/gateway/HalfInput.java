package dev.dormouse.server.gateway;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Bounds how long a client may take over one frame, and over one message [1008]. The time in which
 * the server itself does not read is not counted.
 *
 * <p>Made when there is half a frame or message after a read, dropped when there is none any more.
 * So an idle socket has no timer; a busy one has at most one, which is not stopped when the other
 * half comes but looks, when it elapses, what is half then. The socket's event loop only.
 */
final class HalfInput {
  private static final long NONE = -1;

  private final GatewayParts parts;
  private final EventLoop loop;
  private final FrameDecoder frames;
  private final InboundMessages messages;
  private final Consumer<@Nullable String> elapsed;

  /** Which frame was half when it last looked, and since when. */
  private long frame = NONE;

  private long frameSinceNs;

  /** Which message was. */
  private long message = NONE;

  private long messageSinceNs;
  private @Nullable Future<?> timer;

  /**
   * Makes it.
   *
   * @param elapsed told once: null if nothing is half any more, or else what took too long
   */
  HalfInput(
      GatewayParts parts,
      EventLoop loop,
      FrameDecoder frames,
      InboundMessages messages,
      Consumer<@Nullable String> elapsed) {
    this.parts = parts;
    this.loop = loop;
    this.frames = frames;
    this.messages = messages;
    this.elapsed = elapsed;
  }

  /** Something was read. */
  void look() {
    long nowNs = parts.time().nowNs();
    if (!frames.isWithin()) {
      frame = NONE;
    } else if (frame != frames.frames()) {
      frame = frames.frames();
      frameSinceNs = nowNs;
    }
    if (!messages.isWithin()) {
      message = NONE;
    } else if (message != messages.count()) {
      message = messages.count();
      messageSinceNs = nowNs;
    }
    if (timer == null && isHalf()) {
      await(leftNs(nowNs));
    }
  }

  private boolean isHalf() {
    return frame != NONE || message != NONE;
  }

  /** The server reads again. */
  void restart() {
    frame = NONE;
    message = NONE;
    look();
  }

  private void elapsed() {
    timer = null;
    if (messages.isFull()) {
      restart();
    }
    long nowNs = parts.time().nowNs();
    if (!isHalf()) {
      elapsed.accept(null);
    } else if (frame != NONE && frameLeftNs(nowNs) <= 0) {
      elapsed.accept("a frame was not finished in time");
    } else if (message != NONE && messageLeftNs(nowNs) <= 0) {
      elapsed.accept("a message was not finished in time");
    } else if (timer == null) {
      await(leftNs(nowNs));
    }
  }

  private void await(long ns) {
    timer = loop.schedule(this::elapsed, ns, TimeUnit.NANOSECONDS);
  }

  /** Until the first of them is overdue. */
  private long leftNs(long nowNs) {
    return Math.min(
        frame == NONE ? Long.MAX_VALUE : frameLeftNs(nowNs),
        message == NONE ? Long.MAX_VALUE : messageLeftNs(nowNs));
  }

  private long frameLeftNs(long nowNs) {
    return frameSinceNs + parts.options().frame().toNanos() - nowNs;
  }

  private long messageLeftNs(long nowNs) {
    return messageSinceNs + parts.options().message().toNanos() - nowNs;
  }

  /** The end began. */
  void stop() {
    if (timer != null) {
      timer.cancel(false);
      timer = null;
    }
  }
}
