package dev.dormouse.server.gateway;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ActorOptions;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.gateway.ClientMemory.Held;
import dev.dormouse.server.protocol.HeapCost;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.protocol.ToHost;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import org.jspecify.annotations.Nullable;

/**
 * What a client says: its data frames become numbered messages to the host. While nothing is on its
 * way and everything is handled it has nothing but the last number. The socket's event loop only.
 */
final class InboundMessages {
  /**
   * What may be unhandled besides the longest message, in bytes [1008]. Reading stops long before;
   * this bounds what a transport may read all the same.
   */
  private static final int HELD_BYTES_SLACK = 4 * InboundWindow.HELD_BYTES_ENOUGH;

  /** Said to a client that is closed because all of them sent too much. */
  static final String TOO_MUCH = "the server has too much to handle";

  /** Netty's three bits in one number. */
  private static final int RSV1 = 4;

  private final GatewayParts parts;
  private final ActorId actor;
  private final ConnectionId id;
  private final ActorOptions options;

  /** Null if messages may come at any rate. */
  private final @Nullable TokenBucket rate;

  /** The number of the message that came last. */
  private long lastSequence;

  /** Null while every message is handled. */
  private @Nullable InboundWindow window;

  /** Null if permessage-deflate was not negotiated. */
  private final @Nullable SocketDeflate deflate;

  /** Whether the message on its way is compressed, and whether it is text; else false. */
  private boolean isMessageCompressed;

  private boolean isMessageText;

  /** Null unless a message is on its way in fragments. */
  private @Nullable Fragments fragments;

  /** What is held of frames that are not whole, or not wanted yet; null if nothing. */
  private @Nullable Half input;

  /** When the socket was opened, by {@link SocketWatch#now}. */
  private int openedAt;

  /** Of the payloads of all frames that came. */
  private long bytesIn;

  /** What is half there, so that the client can be ended for it. On the socket's event loop. */
  private class Half extends ClientMemory.Revocable {
    Half(Held kind, ClientMemory.@Nullable Address address) {
      super(parts.memory(), kind, address);
    }

    @Override
    void revoke() {
      InboundMessages.this.revoke(this);
    }

    /** So much is held now. */
    void held(long bytes) {
      long more = bytes - heldBytes();
      if (more != 0) {
        hold(more);
        moved();
      }
    }
  }

  /** A message of which some fragments came. */
  private final class Fragments extends Half {
    private final MessageAssembler message;

    Fragments(MessageAssembler message, ClientMemory.@Nullable Address address) {
      super(Held.FRAGMENTS, address);
      this.message = message;
    }

    void add(ByteBuf content) {
      try {
        message.add(content);
      } finally {
        held(message.heldBytes());
        if (content.isReadable()) {
          moved();
        }
      }
    }
  }

  /** Others need the memory of what is half there. Any thread. */
  private void revoke(ClientMemory.Revocable half) {
    ClientSocket socket = parts.groups().get(id);
    if (socket != null) {
      socket.loop().execute(() -> socket.revoked(half));
    }
  }

  /**
   * Those of a connection.
   *
   * @param options what the actor type chose
   * @param deflate null if permessage-deflate was not negotiated
   */
  InboundMessages(
      GatewayParts parts,
      ActorId actor,
      ConnectionId id,
      ActorOptions options,
      @Nullable SocketDeflate deflate) {
    this.parts = parts;
    this.actor = actor;
    this.id = id;
    this.options = options;
    this.deflate = deflate;
    this.rate =
        options.messagesPerSecondMax() == 0
            ? null
            : new TokenBucket(options.messagesPerSecondMax(), parts.time().nowNs());
  }

  /** What the actor type chose. */
  ActorOptions options() {
    return options;
  }

  /** The compression that was negotiated; null if none was. */
  @Nullable SocketDeflate deflate() {
    return deflate;
  }

  /** The longest frame, in bytes. */
  int frameBytesMax() {
    return deflate == null
        ? options.messageBytesMax()
        : Deflation.compressedBytesMax(options.messageBytesMax());
  }

  /**
   * The only one is RSV1 on the first frame of a message that is compressed (RFC 7692, section 6).
   *
   * @throws ViolationException 1002 otherwise
   */
  void checkReservedBits(WebSocketFrame frame) {
    boolean isData = frame instanceof TextWebSocketFrame || frame instanceof BinaryWebSocketFrame;
    if (frame.rsv() != 0 && !(deflate != null && isData && frame.rsv() == RSV1)) {
      throw new ViolationException(CloseCodes.PROTOCOL_ERROR, "reserved bits " + frame.rsv());
    }
  }

  /**
   * A data frame came. Its bytes are copied.
   *
   * @param address where the client is
   * @return what to answer the message at once, without the host; null if there is no message yet,
   *     or it is for the host
   * @throws ViolationException if the message breaks a limit or is not UTF-8, or far too many
   *     messages wait
   */
  @Nullable Payload add(WebSocketFrame frame, ClientMemory.@Nullable Address address) {
    Payload message;
    Payload reply = null;
    try {
      message = assemble(frame, address);
      reply = message == null ? null : replyTo(message);
    } finally {
      came(frame, reply != null);
    }
    if (message != null && reply == null) {
      pass(message, address);
    }
    return reply;
  }

  static boolean isControl(WebSocketFrame frame) {
    return frame instanceof PingWebSocketFrame
        || frame instanceof PongWebSocketFrame
        || frame instanceof CloseWebSocketFrame;
  }

  /** A control frame comes, or one of a message that is too late. */
  void came(WebSocketFrame frame) {
    came(frame, false);
    if (frame instanceof PongWebSocketFrame) {
      parts.counters().pongs.increment();
    } else if (!isControl(frame) && frame.isFinalFragment()) {
      parts.counters().droppedIn.increment();
    }
  }

  private void came(WebSocketFrame frame, boolean isAutomatic) {
    bytesIn += frame.content().readableBytes();
    if (parts.observers().isAnyOfFrames()) {
      SocketWatch.in(parts, actor, id, frame, isAutomatic);
    }
  }

  /** The message that the frame ends; null if it ends none. */
  private @Nullable Payload assemble(WebSocketFrame frame, ClientMemory.@Nullable Address address) {
    Fragments half = fragments;
    if (half == null) {
      isMessageText = frame instanceof TextWebSocketFrame;
      isMessageCompressed = frame.rsv() == RSV1;
      if (frame.isFinalFragment()) {
        return whole(ByteBufUtil.getBytes(frame.content()));
      }
      MessageAssembler begun =
          new MessageAssembler(
              isMessageText && !isMessageCompressed,
              isMessageCompressed ? frameBytesMax() : options.messageBytesMax());
      half = new Fragments(begun, address);
      fragments = half;
    }
    half.add(frame.content());
    if (frame.isFinalFragment()) {
      forgetFragments();
      Payload message = half.message.finish();
      return isMessageCompressed ? whole(message.bytes()) : message;
    }
    return null;
  }

  /** A message whose bytes were not looked at yet. */
  private Payload whole(byte[] bytes) {
    if (isMessageCompressed && deflate != null) {
      byte[] inflated = deflate.inflate(bytes, options.messageBytesMax());
      return MessageAssembler.whole(isMessageText, inflated);
    }
    if (bytes.length > options.messageBytesMax()) {
      throw ViolationException.tooLong(options.messageBytesMax());
    }
    return MessageAssembler.whole(isMessageText, bytes);
  }

  private @Nullable Payload replyTo(Payload message) {
    parts.counters().messagesIn.increment();
    if (rate != null && !rate.take(parts.time().nowNs())) {
      parts.hit(parts.counters().hastyClosed, "messages-per-second", "close 1008", actor, id);
      throw new ViolationException(CloseCodes.POLICY, "too many messages in a second");
    }
    Payload reply = parts.groups().autoReplyTo(actor, message);
    if (reply != null) {
      parts.counters().autoReplies.increment();
    }
    return reply;
  }

  private void pass(Payload message, ClientMemory.@Nullable Address address) {
    InboundWindow unhandled = window;
    if (isTooMuch(Held.MESSAGES, address, heldBytes(), HeapCost.ofBytes(message.size()))) {
      throw new ViolationException(CloseCodes.TRY_AGAIN_LATER, TOO_MUCH);
    }
    lastSequence++;
    if (unhandled == null) {
      unhandled = new InboundWindow(lastSequence, parts.memory(), address);
      window = unhandled;
    }
    unhandled.add(message);
    if (unhandled.heldBytes() > HeapCost.ofBytes(options.messageBytesMax()) + HELD_BYTES_SLACK) {
      parts.hit("messages-at-once", "close 1008", actor, id);
      throw new ViolationException(CloseCodes.POLICY, "too many messages at once");
    }
    pump(unhandled);
  }

  private void pump(InboundWindow unhandled) {
    Payload next;
    while ((next = unhandled.next()) != null) {
      parts.transport().toHost(new ToHost.Message(actor, id, unhandled.lastSent(), next));
    }
  }

  /** The message was handled, and those before it. */
  void handled(long sequence) {
    InboundWindow unhandled = window;
    if (unhandled != null) {
      unhandled.handled(sequence);
      if (unhandled.isEmpty()) {
        window = null;
        unhandled.tellHandled();
      } else {
        pump(unhandled);
      }
    }
  }

  /**
   * Calls back when every message that came is handled.
   *
   * @return false if that is so already; nobody is called then
   */
  boolean onHandled(Runnable action) {
    if (window != null) {
      window.onHandled(action);
    }
    return window != null;
  }

  /** The message was not taken, nor those after it. */
  void withheld(long sequence) {
    if (window != null) {
      window.withheld(sequence);
    }
  }

  /** The message is wanted now, and those after it. */
  void resumed(long sequence) {
    InboundWindow unhandled = window;
    if (unhandled != null) {
      unhandled.resumed(sequence);
      pump(unhandled);
    }
  }

  /**
   * Told after a read how much memory what came of frames that are not whole takes, in bytes.
   *
   * @param address where the client is
   * @return whether the client holds more than it may [1013]
   */
  boolean isTooMuchWith(int frameBytes, ClientMemory.@Nullable Address address) {
    holdInput(frameBytes, address);
    return isTooMuch(Held.INPUT, address, frameBytes, 0)
        || isTooMuch(Held.FRAGMENTS, address, heldBytes(), 0);
  }

  /** On the heap. */
  private long heldBytes() {
    return (window == null ? 0 : window.heldBytes())
        + (fragments == null ? 0 : fragments.heldBytes());
  }

  private boolean isTooMuch(
      Held kind, ClientMemory.@Nullable Address address, long own, long more) {
    boolean isTooMuch = own + more > 0 && parts.memory().isTooMuch(kind, address, own, more);
    if (isTooMuch) {
      parts.hit(parts.counters().overloadClosed, "client-memory", "close 1013", actor, id);
    }
    return isTooMuch;
  }

  private void holdInput(int bytes, ClientMemory.@Nullable Address address) {
    if (bytes > 0 && input == null) {
      input = new Half(Held.INPUT, address);
    }
    if (input != null) {
      input.held(bytes);
      input = bytes > 0 ? input : null;
    }
  }

  private void forgetFragments() {
    if (fragments != null) {
      fragments.letGo();
      fragments = null;
    }
  }

  /** Whether some of a message came, but not all. */
  boolean isWithin() {
    return fragments != null;
  }

  /** How many bytes came of the message of which some came, but not all; without a frame's. */
  int withinBytes() {
    return fragments == null ? 0 : fragments.message.size();
  }

  /** How many messages came whole. */
  long count() {
    return lastSequence;
  }

  /** Whether nothing more should be read from the network. */
  boolean isFull() {
    return window != null && window.isFull();
  }

  /** Whether every message that came is handled. */
  boolean isHandled() {
    return window == null;
  }

  /** The 101 is written. */
  void opened() {
    openedAt = SocketWatch.now(parts);
  }

  /** A socket that was open is gone. */
  void gone(CloseReason reason, long bytesOut) {
    SocketWatch.gone(parts, actor, id, reason, openedAt, bytesIn, bytesOut);
  }

  /**
   * No more frames will come.
   *
   * @param address where the client is
   */
  void end(ClientMemory.@Nullable Address address) {
    forgetFragments();
    holdInput(0, address);
    if (deflate != null) {
      deflate.endInput();
    }
  }

  /** Nobody wants the messages that came. */
  void forget() {
    if (window != null) {
      parts.counters().droppedIn.add(window.waiting());
      window.letGo();
      window = null;
    }
  }
}
