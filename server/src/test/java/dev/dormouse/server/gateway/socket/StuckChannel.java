package dev.dormouse.server.gateway.socket;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** A channel whose network takes as many frames as a test allows, and keeps what it took. */
final class StuckChannel extends EmbeddedChannel {
  private final ByteArrayOutputStream taken = new ByteArrayOutputStream();
  private int allowed;
  private int allowedBytes;

  /** A frame that the network took. */
  record Frame(int opcode, boolean isCompressed, byte[] payload) {

    /** Returns the code of a close frame. */
    int code() {
      return ByteBuffer.wrap(payload).getShort();
    }
  }

  /** Lets the network take this number of further frames. */
  void allow(int frames) {
    allowed = frames;
    flush();
    runPendingTasks();
  }

  /** Lets the network take this number of further bytes, wherever frames end. */
  void allowBytes(int bytes) {
    allowedBytes = bytes;
    flush();
    runPendingTasks();
  }

  void allowAll() {
    allow(Integer.MAX_VALUE);
  }

  /** Stops the network: it takes no more from here on. */
  void stop() {
    allowed = 0;
    allowedBytes = 0;
  }

  @Override
  protected void doWrite(ChannelOutboundBuffer in) {
    for (Object next = in.current(); next != null && allowed > 0; next = in.current()) {
      taken.writeBytes(ByteBufUtil.getBytes((ByteBuf) next));
      allowed--;
      in.remove();
    }
    for (Object next = in.current(); next != null && allowedBytes > 0; next = in.current()) {
      ByteBuf frame = (ByteBuf) next;
      int bytes = Math.min(allowedBytes, frame.readableBytes());
      taken.writeBytes(ByteBufUtil.getBytes(frame, frame.readerIndex(), bytes));
      allowedBytes -= bytes;
      in.removeBytes(bytes);
    }
  }

  /** Returns the frames that the network took since the last call. */
  List<Frame> frames() {
    ByteBuffer bytes = ByteBuffer.wrap(taken.toByteArray());
    taken.reset();
    List<Frame> frames = new ArrayList<>();
    while (bytes.hasRemaining()) {
      int first = bytes.get();
      int length = bytes.get();
      if (length == 126) {
        length = bytes.getShort() & 0xFFFF;
      } else if (length == 127) {
        length = (int) bytes.getLong();
      }
      byte[] payload = new byte[length];
      bytes.get(payload);
      frames.add(new Frame(first & 0xF, (first & 0x40) != 0, payload));
    }
    return frames;
  }
}
