package dev.dormouse.examples.bench;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One WebSocket of the load client. It asks for the upgrade, then counts the messages that come,
 * and looks at no more of them than it must. Everything happens on the client's event loop. A write
 * that fails is reported to {@link #exceptionCaught}.
 */
@SuppressWarnings("FutureReturnValueIgnored")
final class Peer extends ChannelInboundHandlerAdapter {

  /** Learns of messages that come. */
  interface Listener {
    /**
     * Reports that a message came to the peer; {@link Peer#lastMessage} has its bytes, if they are
     * kept.
     */
    void message(Peer peer, long nowNs);
  }

  private static final byte[] END_OF_HEAD = "\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] SWITCHING = "HTTP/1.1 101".getBytes(StandardCharsets.US_ASCII);
  private static final int OPCODE = 0x0F;
  private static final int CONTROL = 0x08;
  private static final int LENGTH = 0x7F;
  private static final int LENGTH_IN_16 = 126;
  private static final int LENGTH_IN_64 = 127;

  private final Listener listener;
  private final String path;
  private final boolean isKept;
  private final CompletableFuture<Peer> opened = new CompletableFuture<>();

  private @Nullable Channel channel;

  /** The number of bytes read of the answer's head, and of the blank line that ends the head. */
  private int headRead;

  private int endRead;

  /** The header of the frame that is being read. */
  private final byte[] header = new byte[10];

  private int headerRead;
  private long payloadLeft;

  private byte[] last = new byte[0];

  /** The time at which the peer sent last, or should have sent; for the listener. */
  long sentNs;

  /** Is true while the peer's message is not answered yet; for the listener. */
  boolean isWaiting;

  /**
   * Creates a peer that is to be put into a new channel.
   *
   * @param isKept whether the peer keeps its last message
   */
  Peer(String path, boolean isKept, Listener listener) {
    this.path = path;
    this.isKept = isKept;
    this.listener = listener;
  }

  /** Returns a future that completes with the peer at the 101, or exceptionally. */
  CompletableFuture<Peer> opened() {
    return opened;
  }

  /** Returns the last message, if messages are kept. */
  String lastMessage() {
    return new String(last, StandardCharsets.UTF_8);
  }

  /** Sends a frame; the caller keeps its own reference to the frame. */
  void send(ByteBuf frame) {
    if (channel != null) {
      channel.writeAndFlush(frame.retainedDuplicate(), channel.voidPromise());
    }
  }

  /** Ends the connection without a close frame; the future completes when the channel is closed. */
  ChannelFuture close() {
    if (channel == null) {
      throw new IllegalStateException(path + " is not open");
    }
    return channel.close();
  }

  @Override
  public void channelActive(ChannelHandlerContext context) {
    channel = context.channel();
    String request =
        "GET "
            + path
            + " HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    ByteBuf bytes = context.alloc().buffer(request.length());
    bytes.writeCharSequence(request, StandardCharsets.US_ASCII);
    context.writeAndFlush(bytes, context.voidPromise());
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    ByteBuf in = (ByteBuf) message;
    try {
      while (!opened.isDone() && in.isReadable()) {
        readHead(in.readByte());
      }
      long nowNs = System.nanoTime();
      while (in.isReadable()) {
        readFrame(in, nowNs);
      }
    } finally {
      ReferenceCountUtil.release(message);
    }
  }

  private void readHead(byte next) {
    if (headRead < SWITCHING.length && next != SWITCHING[headRead]) {
      opened.completeExceptionally(new IllegalStateException(path + " is not answered with 101"));
      return;
    }
    headRead++;
    endRead = next == END_OF_HEAD[endRead] ? endRead + 1 : next == END_OF_HEAD[0] ? 1 : 0;
    if (endRead == END_OF_HEAD.length) {
      opened.complete(this);
    }
  }

  private void readFrame(ByteBuf in, long nowNs) {
    if (headerRead < headerLength()) {
      header[headerRead++] = in.readByte();
      if (headerRead < headerLength()) {
        return;
      }
      payloadLeft = payloadLength();
    }
    int read = (int) Math.min(payloadLeft, in.readableBytes());
    if (isKept) {
      keep(in, read);
    }
    in.skipBytes(read);
    payloadLeft -= read;
    if (payloadLeft == 0) {
      headerRead = 0;
      if ((header[0] & OPCODE) < CONTROL) {
        listener.message(this, nowNs);
      }
    }
  }

  private void keep(ByteBuf in, int length) {
    boolean isFirst = payloadLeft == payloadLength();
    int at = isFirst ? 0 : last.length;
    last = isFirst ? new byte[length] : Arrays.copyOf(last, at + length);
    in.getBytes(in.readerIndex(), last, at, length);
  }

  private int headerLength() {
    int length = headerRead < 2 ? 0 : header[1] & LENGTH;
    return 2 + (length == LENGTH_IN_16 ? 2 : length == LENGTH_IN_64 ? 8 : 0);
  }

  private long payloadLength() {
    long length = header[1] & LENGTH;
    if (length >= LENGTH_IN_16) {
      length = 0;
      for (int i = 2; i < headerRead; i++) {
        length = (length << 8) | (header[i] & 0xFF);
      }
    }
    return length;
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    opened.completeExceptionally(new IllegalStateException(path + " was closed"));
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    opened.completeExceptionally(cause);
    context.close();
  }
}
