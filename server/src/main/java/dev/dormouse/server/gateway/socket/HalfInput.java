package dev.dormouse.server.gateway.socket;

import dev.dormouse.server.gateway.limits.Progress;
import dev.dormouse.server.gateway.wire.FrameDecoder;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Bounds how long a half frame and a half message may stand still [1008]. {@link Progress} tells a
 * slow client from a dead one, by the bytes of that frame or message. Time in which the server
 * itself does not read is not counted.
 *
 * <p>The watch is created when a read leaves half a frame or half a message, and dropped when its
 * timer finds neither. So an idle socket has no timer, and a busy socket has at most one. The timer
 * is not stopped when a frame or message becomes whole; it looks at the input again when it
 * elapses. Only the socket's event loop uses the watch.
 */
final class HalfInput {
  private final SocketParts parts;
  private final EventLoop loop;
  private final FrameDecoder frames;
  private final InboundMessages messages;
  private final Consumer<@Nullable String> elapsed;

  /** The number of the frame that was half at the last look. */
  private long frameNumber;

  /** The progress of that frame; null if no frame was half. */
  private @Nullable Progress frame;

  /** The number of the message that was half at the last look. */
  private long messageNumber;

  /** The progress of that message; null if no message was half. */
  private @Nullable Progress message;

  private @Nullable Future<?> timer;

  /**
   * Creates the watch of one socket.
   *
   * @param elapsed is called once: with null if nothing is half any more, or with the close reason
   *     if something stood still for too long
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

  /** Notes the progress of half input after a read. */
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

  /** Begins all measurements anew, because the server reads again after a pause. */
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

  /** Returns the nanoseconds until the frame or the message is overdue, whichever comes first. */
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

  /** Stops the timer, because the end of the socket has begun. */
  void stop() {
    if (timer != null) {
      timer.cancel(false);
      timer = null;
    }
  }
}
