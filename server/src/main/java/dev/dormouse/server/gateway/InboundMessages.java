package dev.dormouse.server.gateway;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ActorOptions;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.gateway.ClientMemory.Held;
import dev.dormouse.server.protocol.HeapCost;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.server.protocol.Transport;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import java.util.ArrayDeque;
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
  private static final int HELD_BYTES_SLACK = 4 * Window.HELD_BYTES_ENOUGH;

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
  private @Nullable Window window;

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
      super(parts.tally().memory(), kind, address);
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
            : new TokenBucket(options.messagesPerSecondMax(), parts.tally().time().nowNs());
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
      parts.tally().counters().pongs.increment();
    } else if (!isControl(frame) && frame.isFinalFragment()) {
      parts.tally().counters().droppedIn.increment();
    }
  }

  private void came(WebSocketFrame frame, boolean isAutomatic) {
    bytesIn += frame.content().readableBytes();
    if (parts.tally().observers().isAnyOfFrames()) {
      SocketWatch.in(parts.tally(), actor, id, frame, isAutomatic);
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
      return payload(deflate.inflate(bytes, options.messageBytesMax()));
    }
    if (bytes.length > options.messageBytesMax()) {
      throw ViolationException.tooLong(options.messageBytesMax());
    }
    return payload(bytes);
  }

  private Payload payload(byte[] bytes) {
    if (!isMessageText) {
      return new Payload.Binary(bytes);
    }
    if (!Utf8Check.isUtf8(bytes)) {
      throw ViolationException.notUtf8();
    }
    return new Payload.Text(bytes);
  }

  private @Nullable Payload replyTo(Payload message) {
    parts.tally().counters().messagesIn.increment();
    if (rate != null && !rate.take(parts.tally().time().nowNs())) {
      parts
          .tally()
          .hit(
              parts.tally().counters().hastyClosed, "messages-per-second", "close 1008", actor, id);
      throw new ViolationException(CloseCodes.POLICY, "too many messages in a second");
    }
    Payload reply = parts.groups().autoReplyTo(actor, message);
    if (reply != null) {
      parts.tally().counters().autoReplies.increment();
    }
    return reply;
  }

  private void pass(Payload message, ClientMemory.@Nullable Address address) {
    Window unhandled = window;
    if (isTooMuch(Held.MESSAGES, address, heldBytes(), HeapCost.ofBytes(message.size()))) {
      throw new ViolationException(CloseCodes.TRY_AGAIN_LATER, TOO_MUCH);
    }
    lastSequence++;
    if (unhandled == null) {
      unhandled = new Window(lastSequence, parts.tally().memory(), address);
      window = unhandled;
    }
    unhandled.add(message);
    if (unhandled.heldBytes() > HeapCost.ofBytes(options.messageBytesMax()) + HELD_BYTES_SLACK) {
      parts.tally().hit("messages-at-once", "close 1008", actor, id);
      throw new ViolationException(CloseCodes.POLICY, "too many messages at once");
    }
    pump(unhandled);
  }

  private void pump(Window unhandled) {
    Payload next;
    while ((next = unhandled.next()) != null) {
      parts.transport().toHost(new ToHost.Message(actor, id, unhandled.lastSent(), next));
    }
  }

  /** The message was handled, and those before it. */
  void handled(long sequence) {
    Window unhandled = window;
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
    Window unhandled = window;
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
    boolean isTooMuch =
        own + more > 0 && parts.tally().memory().isTooMuch(kind, address, own, more);
    if (isTooMuch) {
      parts
          .tally()
          .hit(parts.tally().counters().overloadClosed, "client-memory", "close 1013", actor, id);
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
    openedAt = SocketWatch.now(parts.tally());
  }

  /** A socket that was open is gone. */
  void gone(CloseReason reason, long bytesOut) {
    SocketWatch.gone(parts.tally(), actor, id, reason, openedAt, bytesIn, bytesOut);
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
      parts.tally().counters().droppedIn.add(window.waiting());
      window.letGo();
      window = null;
    }
  }

  /**
   * The messages of a connection that the host has not handled yet: those it was sent, at most
   * {@link Transport#CREDIT}, and those that wait for credit. Go-back-N: what was sent and not
   * taken is sent again from a number on. An idle connection has none.
   *
   * <p>Nothing is read from the socket while it {@link #isFull}. Some messages may wait, so that a
   * ping or a close behind them is served though the actor is behind.
   *
   * <p>The socket's event loop only.
   */
  static final class Window extends ClientMemory.Holder {
    /** With so many bytes unhandled, nothing more is read, whatever the credit. */
    static final int HELD_BYTES_ENOUGH = 1 << 20;

    /** With so many bytes waiting for credit, nothing more is read. */
    static final int WAITING_BYTES_ENOUGH = 64 << 10;

    /** What a message costs besides its bytes, about, in both. */
    static final int MESSAGE_OVERHEAD_BYTES = 64;

    private final ClientMemory memory;
    private final ArrayDeque<Payload> sent = new ArrayDeque<>(1);
    private final ArrayDeque<Payload> waiting = new ArrayDeque<>(1);

    /** The number of the first message that is not handled. */
    private long first;

    /** How much those that wait for credit take of what is held. */
    private long waitingBytes;

    private boolean isWithheld;

    /** Called when everything is handled; null if nobody asked for it. */
    private @Nullable Runnable onHandled;

    /** A window whose first message will have this number. */
    Window(long first, ClientMemory memory, ClientMemory.@Nullable Address address) {
      super(memory, ClientMemory.Held.MESSAGES, address);
      this.memory = memory;
      this.first = first;
    }

    /** A message came. */
    void add(Payload message) {
      waiting.add(message);
      waitingBytes += cost(message);
      hold(cost(message));
    }

    /** The number that the message which {@link #next} returned has. */
    long lastSent() {
      return first + sent.size() - 1;
    }

    /** The next message to send, counted as sent; null if there is none or it must wait. */
    @Nullable Payload next() {
      if (isWithheld || sent.size() >= Transport.CREDIT) {
        return null;
      }
      Payload next = waiting.poll();
      if (next != null) {
        sent.add(next);
        waitingBytes -= cost(next);
      }
      return next;
    }

    /** The host handled the message and those before it. What was never sent cannot be handled. */
    void handled(long sequence) {
      while (first <= sequence && !sent.isEmpty()) {
        hold(-cost(sent.remove()));
        first++;
      }
    }

    /** Has this called when everything is handled. */
    void onHandled(Runnable action) {
      onHandled = action;
    }

    /** Everything is handled. */
    void tellHandled() {
      if (onHandled != null) {
        onHandled.run();
      }
    }

    /** The host did not take the message, nor those after it: keep them. */
    void withheld(long sequence) {
      goBackTo(sequence);
      isWithheld = true;
    }

    /** The host has room for the message and those after it. */
    void resumed(long sequence) {
      goBackTo(sequence);
      isWithheld = false;
    }

    private void goBackTo(long sequence) {
      while (!sent.isEmpty() && lastSent() >= sequence) {
        Payload message = sent.removeLast();
        waiting.addFirst(message);
        waitingBytes += cost(message);
      }
    }

    /** Whether nothing more should be read from the socket. */
    boolean isFull() {
      return waitingBytes >= WAITING_BYTES_ENOUGH
          || heldBytes() >= HELD_BYTES_ENOUGH
          || (heldBytes() >= ClientMemory.LITTLE && memory.isScarce())
          || isTooMuchWith(0);
    }

    /** Whether the host handled everything. */
    boolean isEmpty() {
      return sent.isEmpty() && waiting.isEmpty();
    }

    /** How many messages were not sent, or not taken. */
    int waiting() {
      return waiting.size();
    }

    private static long cost(Payload message) {
      return HeapCost.ofBytes(message.size()) + MESSAGE_OVERHEAD_BYTES;
    }
  }
}
