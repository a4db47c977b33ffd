package dev.dormouse.server.gateway;

import dev.dormouse.server.protocol.Time;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.concurrent.Ticker;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;

/**
 * The client's end of a socket that has no network, see {@link MemoryGateway}. The thread that
 * calls {@link MemoryGateway#run} is the socket's event loop, and must be the only one to use it.
 *
 * <p>There are no buffers of an operating system between client and server: what a client that does
 * not read leaves unread waits in the server.
 */
public final class MemorySocket {
  private static final int FINAL = 0x80;
  private static final int MASKED = 0x80;
  private static final int LENGTH_7_MAX = 125;
  private static final int LENGTH_16_MAX = 0xFFFF;
  private static final int HEADER_BYTES_MAX = 14;

  private final MemoryGateway.Client client;
  private final Channel channel;
  private boolean isLostTold;

  MemorySocket(MemoryGateway.Client client, Time time) {
    this.client = client;
    this.channel = new Channel(time);
  }

  /** The server's end of the socket. It keeps frames until {@link MemorySocket#run} takes them. */
  private static final class Channel extends EmbeddedChannel {
    private final ArrayDeque<byte[]> written = new ArrayDeque<>();
    private boolean isStuck;

    Channel(Time time) {
      super(EmbeddedChannel.builder().ticker(new Clock(time)));
    }

    @Override
    protected void doWrite(ChannelOutboundBuffer in) {
      for (Object next = in.current(); next != null && !isStuck; next = in.current()) {
        byte[] frame = ByteBufUtil.getBytes((ByteBuf) next);
        if (frame.length > 0) { // an empty buffer stands for the end of output
          written.add(frame);
        }
        in.remove();
      }
    }
  }

  /** Hands the product's clock to Netty's timers. */
  private record Clock(Time time) implements Ticker {
    @Override
    public long initialNanoTime() {
      return 0;
    }

    @Override
    public long nanoTime() {
      return time.nowNs();
    }

    @Override
    public void sleep(long delay, TimeUnit unit) {
      throw new UnsupportedOperationException("nothing sleeps here");
    }
  }

  EmbeddedChannel channel() {
    return channel;
  }

  /** Sends a whole frame with an opcode of RFC 6455, section 5.2, unless the socket has ended. */
  public void send(int opcode, byte[] payload) {
    if (!channel.isOpen()) {
      return;
    }
    ByteBuf frame = Unpooled.buffer(HEADER_BYTES_MAX + payload.length);
    frame.writeByte(FINAL | opcode);
    if (payload.length <= LENGTH_7_MAX) {
      frame.writeByte(MASKED | payload.length);
    } else if (payload.length <= LENGTH_16_MAX) {
      frame.writeByte(MASKED | (LENGTH_7_MAX + 1)).writeShort(payload.length);
    } else {
      frame.writeByte(MASKED | (LENGTH_7_MAX + 2)).writeLong(payload.length);
    }
    frame.writeInt(0); // this mask leaves every byte as it is
    channel.writeInbound(frame.writeBytes(payload));
  }

  /** Stops or starts to take what the server writes. */
  public void read(boolean isReading) {
    channel.isStuck = !isReading;
    if (isReading && channel.isOpen()) {
      channel.flush();
      channel.runPendingTasks();
    }
  }

  /** Ends the TCP connection, with or without a close frame before. */
  public void end() {
    var unused = channel.close();
    channel.runPendingTasks();
  }

  /** Runs what is due at the server's end, and hands the client what was written. */
  boolean run() {
    boolean hasMoved = channel.hasPendingTasks();
    channel.runScheduledPendingTasks();
    channel.runPendingTasks();
    for (byte[] next = channel.written.poll(); next != null; next = channel.written.poll()) {
      hasMoved = true;
      ByteBuf frame = Unpooled.wrappedBuffer(next);
      int opcode = frame.readByte() & 0xF;
      int length = frame.readByte();
      frame.skipBytes(length <= LENGTH_7_MAX ? 0 : length == LENGTH_7_MAX + 1 ? 2 : 8);
      client.frame(opcode, ByteBufUtil.getBytes(frame));
    }
    if (!channel.isOpen() && !isLostTold) {
      isLostTold = true;
      hasMoved = true;
      client.ended();
    }
    return hasMoved;
  }

  /** Returns whether the client was told that the socket has ended. */
  boolean isOver() {
    return isLostTold;
  }
}
