package dev.dormouse.server.gateway.socket;

import dev.dormouse.server.gateway.limits.Progress;
import dev.dormouse.server.gateway.wire.FrameDecoder;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Bounds how long one frame, and one message, may stand still while it is half there [1008]. {@link
 * Progress} tells a slow client from a dead one, by the bytes of that frame or message alone. The
 * time in which the server itself does not read is not counted.
 *
 * <p>Made when there is half a frame or message after a read, dropped when there is none any more.
 * So an idle socket has no timer; a busy one has at most one, which is not stopped when the other
 * half comes but looks, when it elapses, what is half then. The socket's event loop only.
 */
final class HalfInput {
  private final SocketParts parts;
  private final EventLoop loop;
  private final FrameDecoder frames;
  private final InboundMessages messages;
  private final Consumer<@Nullable String> elapsed;

  /** The number of the frame that was half at the last look. */
  private long frameNumber;

  /** How far that frame had come; null if none was half. */
  private @Nullable Progress frame;

  /** The number of the message that was half at the last look. */
  private long messageNumber;

  /** How far that message had come; null if none was half. */
  private @Nullable Progress message;

  private @Nullable Future<?> timer;

  /**
   * Creates the watch of one socket.
   *
   * @param elapsed told once: null if nothing is half any more, or else what took too long
   */
  HalfInput(
      SocketParts parts,
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

  /** Looks at what was read. */
  void look() {
    long nowNs = parts.tally().time().nowNs();
    int frameBytes = frames.keptBytes();
    if (!frames.isWithin()) {
      frame = null;
    } else if (frame == null || frameNumber != frames.frames()) {
      frameNumber = frames.frames();
      frame = new Progress(nowNs, frameBytes);
    } else {
      frame = frame.seen(nowNs, frameBytes, parts.tally().options().frame());
    }
    long messageBytes = (long) messages.withinBytes() + frameBytes;
    if (!messages.isWithin()) {
      message = null;
    } else if (message == null || messageNumber != messages.count()) {
      messageNumber = messages.count();
      message = new Progress(nowNs, messageBytes);
    } else {
      message = message.seen(nowNs, messageBytes, parts.tally().options().message());
    }
    if (timer == null && isHalf()) {
      await(leftNs(nowNs));
    }
  }

  private boolean isHalf() {
    return frame != null || message != null;
  }

  /** Begins anew, because the server reads again. */
  void restart() {
    frame = null;
    message = null;
    look();
  }

  private void elapsed() {
    timer = null;
    if (messages.isFull()) {
      restart();
    }
    long nowNs = parts.tally().time().nowNs();
    if (!isHalf()) {
      elapsed.accept(null);
    } else if (frameLeftNs(nowNs) <= 0) {
      elapsed.accept("a frame was not finished in time");
    } else if (messageLeftNs(nowNs) <= 0) {
      elapsed.accept("a message was not finished in time");
    } else if (timer == null) {
      await(leftNs(nowNs));
    }
  }

  private void await(long ns) {
    timer = loop.schedule(this::elapsed, ns, TimeUnit.NANOSECONDS);
  }

  /** Returns how long it is until the first of frame and message is overdue. */
  private long leftNs(long nowNs) {
    return Math.min(frameLeftNs(nowNs), messageLeftNs(nowNs));
  }

  private long frameLeftNs(long nowNs) {
    return frame == null ? Long.MAX_VALUE : frame.leftNs(nowNs, parts.tally().options().frame());
  }

  private long messageLeftNs(long nowNs) {
    return message == null
        ? Long.MAX_VALUE
        : message.leftNs(nowNs, parts.tally().options().message());
  }

  /** Stops the timer, because the end began. */
  void stop() {
    if (timer != null) {
      timer.cancel(false);
      timer = null;
    }
  }
}
