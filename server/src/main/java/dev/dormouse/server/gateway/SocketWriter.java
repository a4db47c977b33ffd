package dev.dormouse.server.gateway;

import dev.dormouse.server.protocol.Payload;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslHandler;
import org.jspecify.annotations.Nullable;

/**
 * Writes to one socket. What is written goes out with the next {@link #flush}. A write that fails
 * is told to the socket's handler; so nobody waits for its future. The socket's event loop only.
 */
@SuppressWarnings("FutureReturnValueIgnored")
final class SocketWriter {
  private final ChannelHandlerContext context;
  private final boolean isCompressed;

  private boolean isUnflushed;

  /** The payload of the latest ping, if the client did not read the pongs before; else null. */
  private byte @Nullable [] owedPong;

  /**
   * Writes to a channel.
   *
   * @param isCompressed whether permessage-deflate was negotiated
   */
  SocketWriter(ChannelHandlerContext context, boolean isCompressed) {
    this.context = context;
    this.isCompressed = isCompressed;
  }

  /**
   * Writes a message.
   *
   * @param shared the message as a plain frame, if it goes to others too; the caller keeps its
   *     reference
   */
  void message(Payload message, @Nullable ByteBuf shared) {
    if (isCompressed && message.size() >= Deflation.BYTES_MIN) {
      write(OutboundFrames.compressed(context.alloc(), message));
    } else if (shared == null) {
      write(OutboundFrames.message(context.alloc(), message));
    } else {
      write(shared.retainedDuplicate());
    }
  }

  /** Writes a pong, or remembers the latest one until the client reads. */
  void pong(byte[] payload) {
    if (context.channel().isWritable()) {
      write(OutboundFrames.pong(context.alloc(), payload));
    } else {
      owedPong = payload;
    }
  }

  /** Writes a ping without payload, and flushes. */
  void ping() {
    write(OutboundFrames.ping(context.alloc()));
    flush();
  }

  /** The client reads again, perhaps. */
  void writabilityChanged() {
    byte[] payload = owedPong;
    if (payload != null && context.channel().isWritable()) {
      owedPong = null;
      pong(payload);
      flush();
    }
  }

  /** Writes a close frame, and flushes. The client's is awaited. */
  void close(int code, String reason) {
    write(OutboundFrames.close(context.alloc(), code, reason));
    flush();
    owedPong = null;
  }

  /** Writes a close frame, then the end of output. */
  void lastClose(int code, String reason) {
    finish(OutboundFrames.close(context.alloc(), code, reason));
  }

  /** Writes the end of output. */
  void finish() {
    finish(Unpooled.EMPTY_BUFFER);
  }

  private void finish(ByteBuf last) {
    owedPong = null;
    isUnflushed = false;
    context.writeAndFlush(last).addListener(written -> shutdownOutput());
  }

  /** The client sees the end at once, while what it still sends can be read. */
  private void shutdownOutput() {
    SslHandler tls = context.pipeline().get(SslHandler.class);
    if (tls == null) {
      shutdownTcpOutput();
    } else {
      tls.closeOutbound().addListener(sent -> shutdownTcpOutput());
    }
  }

  private void shutdownTcpOutput() {
    if (context.channel() instanceof DuplexChannel channel && channel.isActive()) {
      channel.shutdownOutput();
    }
  }

  /** How many bytes wait for the client to read, with Netty's overhead. */
  long waitingBytes() {
    ChannelOutboundBuffer waiting = context.channel().unsafe().outboundBuffer();
    return waiting == null ? 0 : waiting.totalPendingWriteBytes();
  }

  void flush() {
    if (isUnflushed) {
      isUnflushed = false;
      context.flush();
    }
  }

  private void write(ByteBuf frame) {
    isUnflushed = true;
    context.write(frame, context.voidPromise());
  }

  /**
   * Reads from the network, or stops.
   *
   * @return whether it had stopped, and reads again
   */
  boolean read(boolean isWanted) {
    boolean resumes = isWanted && !context.channel().config().isAutoRead();
    context.channel().config().setAutoRead(isWanted);
    return resumes;
  }

  /** Ends the TCP connection. */
  void abandon() {
    context.close();
  }
}
