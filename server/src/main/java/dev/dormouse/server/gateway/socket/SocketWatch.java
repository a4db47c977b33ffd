package dev.dormouse.server.gateway.socket;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.gateway.limits.Tally;
import dev.dormouse.server.gateway.wire.OutboundFrames;
import dev.dormouse.server.observe.DormouseObserver;
import dev.dormouse.server.observe.DormouseObserver.ConnectionClosed;
import dev.dormouse.server.observe.DormouseObserver.Frame;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;

/**
 * Tells observers of the frames and the end of a socket. Only the socket's event loop may call it.
 */
final class SocketWatch {
  /**
   * The low bits of a time in nanoseconds that are left out. Every idle socket keeps the time of
   * its opening; in units of 2^24 ns, about 17 ms, 32 bits suffice for two years.
   */
  private static final int TIME_UNIT_BITS = 24;

  private static final int OPCODE = 0xF;

  private SocketWatch() {}

  /** Returns the present time in units of 2^24 ns, for {@link #sinceNs}. */
  static int now(Tally tally) {
    return (int) (tally.time().nowNs() >> TIME_UNIT_BITS);
  }

  private static long sinceNs(Tally tally, int then) {
    return Integer.toUnsignedLong(now(tally) - then) << TIME_UNIT_BITS;
  }

  /** Reports a received frame. The caller first checks that an observer wants to hear of frames. */
  static void in(
      Tally tally, ActorId actor, ConnectionId id, WebSocketFrame frame, boolean isAutomatic) {
    ByteBuf payload = frame.content();
    tally
        .observers()
        .tellOfFrame(
            DormouseObserver::frameIn,
            new Frame(
                id,
                actor,
                opcode(frame),
                frame.isFinalFragment(),
                payload.readableBytes(),
                isAutomatic,
                max -> first(payload, payload.readerIndex(), max)));
  }

  /**
   * Reports a frame that is sent. The caller first checks that an observer wants to hear of frames.
   */
  static void out(Tally tally, ActorId actor, ConnectionId id, ByteBuf frame, boolean isAutomatic) {
    int bytes = OutboundFrames.payloadBytes(frame);
    int start = frame.writerIndex() - bytes;
    tally
        .observers()
        .tellOfFrame(
            DormouseObserver::frameOut,
            new Frame(
                id,
                actor,
                frame.getByte(frame.readerIndex()) & OPCODE,
                true,
                bytes,
                isAutomatic,
                max -> first(frame, start, max)));
  }

  private static byte[] first(ByteBuf bytes, int start, int max) {
    return ByteBufUtil.getBytes(bytes, start, Math.min(max, bytes.writerIndex() - start), true);
  }

  private static int opcode(WebSocketFrame frame) {
    if (frame instanceof TextWebSocketFrame) {
      return 1;
    } else if (frame instanceof BinaryWebSocketFrame) {
      return 2;
    } else if (frame instanceof CloseWebSocketFrame) {
      return 8;
    } else if (frame instanceof PingWebSocketFrame) {
      return 9;
    }
    return frame instanceof PongWebSocketFrame ? 10 : 0;
  }

  /** Reports the end of the TCP connection of a socket that was open. */
  static void gone(
      Tally tally,
      ActorId actor,
      ConnectionId id,
      CloseReason reason,
      int openedAt,
      long bytesIn,
      long bytesOut) {
    if (tally.observers().isAny()) {
      tally
          .observers()
          .tell(
              DormouseObserver::connectionClosed,
              new ConnectionClosed(id, actor, reason, sinceNs(tally, openedAt), bytesIn, bytesOut));
    }
  }
}
