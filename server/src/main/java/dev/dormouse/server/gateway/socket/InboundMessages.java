package dev.dormouse.server.gateway.socket;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ActorOptions;
import dev.dormouse.sdk.AutoReply;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.gateway.limits.ClientMemory;
import dev.dormouse.server.gateway.limits.ClientMemory.Held;
import dev.dormouse.server.gateway.limits.HandledKinds;
import dev.dormouse.server.gateway.limits.TokenBucket;
import dev.dormouse.server.gateway.wire.CloseCodes;
import dev.dormouse.server.gateway.wire.Deflation;
import dev.dormouse.server.gateway.wire.SocketDeflate;
import dev.dormouse.server.gateway.wire.Utf8Check;
import dev.dormouse.server.gateway.wire.ViolationException;
import dev.dormouse.server.protocol.HeapCost;
import dev.dormouse.server.protocol.Owner;
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
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Turns frames of one client into messages to the host. It joins frames, checks them against the
 * actor type's limits, answers automatic requests, and numbers all other messages. While no message
 * is half there and every message is handled, it keeps only a few numbers.
 *
 * <p>Only the socket's event loop may use it.
 */
final class InboundMessages {
  /**
   * The bytes that may be unhandled besides the longest message [1008]. Reading stops long before;
   * this limit bounds the input that was read already.
   */
  private static final int HELD_BYTES_SLACK = 4 * Window.HELD_BYTES_ENOUGH;

  /** The close reason of a client that is closed because clients hold too much memory. */
  static final String TOO_MUCH = "the server has too much to handle";

  /** The first reserved bit, in the number that Netty makes of all three. */
  private static final int RSV1 = 4;

  private final SocketParts parts;
  private final ActorId actor;
  private final ConnectionId id;

  /** The group of shards of the actor. */
  private final int group;

  private final ActorOptions options;
  private final HandledKinds handled;

  /** The owner that messages are sent to, in the gateway's attachment to the owner. */
  private @Nullable Owner owner;

  /** The limit of messages in a second; null if they may come at any rate. */
  private final @Nullable TokenBucket rate;

  /** The number of the latest message. */
  private long lastSequence;

  /** The messages that are not handled; null while every message is. */
  private @Nullable Window window;

  /** The compression; null if permessage-deflate was not negotiated. */
  private final @Nullable SocketDeflate deflate;

  /** True if the current message is compressed. */
  private boolean isMessageCompressed;

  /** True if the current message is text. */
  private boolean isMessageText;

  /** The message of which some fragments came; null if there is none. */
  private @Nullable Fragments fragments;

  /** The charge for frames that are not whole, or not wanted yet; null if there are none. */
  private @Nullable Half input;

  /** The time at which the socket was opened, from {@link SocketWatch#now}. */
  private int openedAt;

  /** The bytes of the payloads of all received frames. */
  private long bytesIn;

  /** The charge for input that is half there, whose client may have to give way. */
  private class Half extends ClientMemory.Revocable {
    Half(Held kind, ClientMemory.@Nullable Address address) {
      super(parts.tally().memory(), kind, address);
    }

    @Override
    public void revoke() {
      InboundMessages.this.revoke(this);
    }

    /** Sets the bytes that are held now. */
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

  /**
   * Starts the close of the socket, because others need the memory of its half input. Any thread.
   */
  private void revoke(ClientMemory.Revocable half) {
    ClientSocket socket = parts.groups().get(group, id);
    if (socket != null) {
      socket.loop().execute(() -> socket.revoked(half));
    }
  }

  /**
   * Creates the messages of a connection.
   *
   * @param options the options of the actor type
   * @param handled the kinds of messages that the actor handles
   * @param deflate the compression; null if permessage-deflate was not negotiated
   */
  InboundMessages(
      SocketParts parts,
      ActorId actor,
      ConnectionId id,
      ActorOptions options,
      HandledKinds handled,
      @Nullable SocketDeflate deflate) {
    this.parts = parts;
    this.actor = actor;
    this.id = id;
    this.group = parts.links().groupOf(actor);
    this.owner = parts.links().owner(group);
    this.options = options;
    this.handled = handled;
    this.deflate = deflate;
    this.rate =
        options.messagesPerSecondMax().isEmpty()
            ? null
            : new TokenBucket(
                options.messagesPerSecondMax().getAsInt(), parts.tally().time().nowNs());
  }

  /** Returns the group of shards of the actor. Any thread. */
  int group() {
    return group;
  }

  /** Returns the options of the actor type. */
  ActorOptions options() {
    return options;
  }

  /** Returns the compression that was negotiated; null if none was. */
  @Nullable SocketDeflate deflate() {
    return deflate;
  }

  /** Returns how many bytes a frame may have. */
  int frameBytesMax() {
    return deflate == null
        ? options.messageBytesMax()
        : Deflation.compressedBytesMax(options.messageBytesMax());
  }

  /**
   * Checks the reserved bits of a frame. The only one that may be set is RSV1, on the first frame
   * of a message that is compressed (RFC 7692, section 6).
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
   * Takes a data frame, and copies its bytes.
   *
   * @param address the client's address; null if it is not known
   * @return the automatic reply to the message; null if the message is not whole, or is for the
   *     host
   * @throws ViolationException if the message breaks a limit, is not UTF-8 or of a kind that the
   *     actor does not handle, or far too many messages wait
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

  /** Counts a control frame, or a data frame that comes after the end has begun. */
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

  /** Returns the message that is whole with this frame; null if none is. */
  private @Nullable Payload assemble(WebSocketFrame frame, ClientMemory.@Nullable Address address) {
    Fragments half = fragments;
    if (half == null) {
      isMessageText = frame instanceof TextWebSocketFrame;
      isMessageCompressed = frame.rsv() == RSV1;
      if (frame.isFinalFragment()) {
        return isMessageCompressed
            ? inflated(frame.content().nioBuffer())
            : whole(ByteBufUtil.getBytes(frame.content()));
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
      return isMessageCompressed ? inflated(ByteBuffer.wrap(message.bytes())) : message;
    }
    return null;
  }

  /** Returns the message of compressed bytes, after checking it. */
  private Payload inflated(ByteBuffer compressed) {
    SocketDeflate negotiated = Objects.requireNonNull(deflate, "checked with the reserved bits");
    return payload(negotiated.inflate(compressed, options.messageBytesMax()));
  }

  /** Returns the message of bytes that are not checked yet, after checking them. */
  private Payload whole(byte[] bytes) {
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
    if (reply == null) {
      reply = heartbeatReplyTo(message);
    }
    if (reply != null) {
      parts.tally().counters().autoReplies.increment();
    }
    return reply;
  }

  /** Returns the reply to a heartbeat; null if the message is none. */
  private @Nullable Payload heartbeatReplyTo(Payload message) {
    AutoReply heartbeat = options.heartbeat().orElse(null);
    return heartbeat != null && isMessageText && isAscii(message.bytes(), heartbeat.request())
        ? Payload.text(heartbeat.reply())
        : null;
  }

  private static boolean isAscii(byte[] bytes, String ascii) {
    if (bytes.length != ascii.length()) {
      return false;
    }
    for (int i = 0; i < bytes.length; i++) {
      if (bytes[i] != ascii.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  private void pass(Payload message, ClientMemory.@Nullable Address address) {
    if (isMessageText ? !handled.texts() : !handled.binaries()) {
      String kind = isMessageText ? "text" : "binary";
      parts
          .tally()
          .hit(
              parts.tally().counters().unhandledClosed,
              "unhandled-" + kind,
              "close 1003",
              actor,
              id);
      throw new ViolationException(
          CloseCodes.UNSUPPORTED_DATA, "this endpoint takes no " + kind + " messages");
    }
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
      ToHost message =
          new ToHost.Message(actor, id, unhandled.lastSent(), next, unhandled.isRepeat());
      if (!parts.links().send(group, owner, message)) {
        unhandled.unsend();
        return;
      }
    }
  }

  /** Sends the messages that are not handled to an owner, and all later messages. */
  void attached(Owner found) {
    owner = found;
    if (window != null) {
      window.attached();
      pump(window);
    }
  }

  /** Forgets a message that the host has handled, and all messages before it. */
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
   * Sets an action that runs when every message that came is handled.
   *
   * @return false if every message is handled already; the action is then not kept
   */
  boolean onHandled(Runnable action) {
    if (window != null) {
      window.onHandled(action);
    }
    return window != null;
  }

  /** Keeps a message that the host has no room for, and all messages after it. */
  void withheld(long sequence) {
    if (window != null) {
      window.withheld(sequence);
    }
  }

  /** Sends a message again that the host now has room for, and all messages after it. */
  void resumed(long sequence) {
    Window unhandled = window;
    if (unhandled != null) {
      unhandled.resumed(sequence);
      pump(unhandled);
    }
  }

  /**
   * Charges, after a read, the memory of frames that are not whole.
   *
   * @param address the client's address; null if it is not known
   * @return whether the client holds more than it may [1013]
   */
  boolean isTooMuchWith(int frameBytes, ClientMemory.@Nullable Address address) {
    holdInput(frameBytes, address);
    return isTooMuch(Held.INPUT, address, frameBytes, 0)
        || isTooMuch(Held.FRAGMENTS, address, heldBytes(), 0);
  }

  /** Returns how many bytes the client holds on the heap. */
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

  /** Returns whether a message is half there: some of its fragments came, but not the last. */
  boolean isWithin() {
    return fragments != null;
  }

  /** Returns the bytes of the half message, without those of a half frame; 0 if there is none. */
  int withinBytes() {
    return fragments == null ? 0 : fragments.message.size();
  }

  /** Returns how many whole messages have come for the host. */
  long count() {
    return lastSequence;
  }

  /** Returns whether nothing more should be read from the network. */
  boolean isFull() {
    return window != null && window.isFull();
  }

  /** Returns whether every message that came is handled. */
  boolean isHandled() {
    return window == null;
  }

  /** Notes the time at which the socket is opened. */
  void opened() {
    openedAt = SocketWatch.now(parts.tally());
  }

  /** Reports the end of a socket that was open to observers. */
  void gone(CloseReason reason, long bytesOut) {
    SocketWatch.gone(parts.tally(), actor, id, reason, openedAt, bytesIn, bytesOut);
  }

  /**
   * Releases the memory of half input, because no more frames will come.
   *
   * @param address the client's address; null if it is not known
   */
  void end(ClientMemory.@Nullable Address address) {
    forgetFragments();
    holdInput(0, address);
    if (deflate != null) {
      deflate.endInput();
    }
  }

  /** Drops the unhandled messages, because the actor does not want them. */
  void forget() {
    if (window != null) {
      drop(window, window.waiting());
    }
  }

  /** Drops the unhandled messages, because no host handles them. */
  void giveUp() {
    if (window != null) {
      drop(window, window.unhandled());
    }
  }

  private void drop(Window unhandled, int dropped) {
    parts.tally().counters().droppedIn.add(dropped);
    unhandled.letGo();
    window = null;
  }

  /**
   * The messages of a connection that the host has not handled. At most {@link Transport#CREDIT} of
   * them were sent to the host; the others wait for credit. If the host has no room for a message,
   * that message and all later ones are sent again (go-back-N). An idle connection has no window.
   *
   * <p>Nothing is read from the socket while the window {@link #isFull}. Some messages may wait, so
   * that a ping or a close behind them is answered even if the actor is slow.
   *
   * <p>Only the socket's event loop uses it.
   */
  static final class Window extends ClientMemory.Holder {
    /** The unhandled bytes from which on nothing more is read. */
    static final int HELD_BYTES_ENOUGH = 1 << 20;

    /** The bytes waiting for credit from which on nothing more is read. */
    static final int WAITING_BYTES_ENOUGH = 64 << 10;

    /** About how many bytes a message costs besides its own, in both sums. */
    static final int MESSAGE_OVERHEAD_BYTES = 64;

    private final ClientMemory memory;
    private final ArrayDeque<Payload> sent = new ArrayDeque<>(1);
    private final ArrayDeque<Payload> waiting = new ArrayDeque<>(1);

    /** The number of the first message that is not handled. */
    private long first;

    /** The bytes of the messages that wait for credit. */
    private long waitingBytes;

    /** The number of the last message that was sent to an earlier owner; 0 if there is none. */
    private long repeatsTo;

    /** True while the host has no room, and no message is sent. */
    private boolean isWithheld;

    /** The action that runs when everything is handled; null if there is none. */
    private @Nullable Runnable onHandled;

    /** Creates a window whose first message will have this number. */
    Window(long first, ClientMemory memory, ClientMemory.@Nullable Address address) {
      super(memory, ClientMemory.Held.MESSAGES, address);
      this.memory = memory;
      this.first = first;
    }

    /** Adds a message, which waits at first. */
    void add(Payload message) {
      waiting.add(message);
      waitingBytes += cost(message);
      hold(cost(message));
    }

    /** Returns the number of the message that {@link #next} returned last. */
    long lastSent() {
      return first + sent.size() - 1;
    }

    /**
     * Returns the next message to send, and counts it as sent; null if there is none or it must
     * wait.
     */
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

    /**
     * Returns whether the message that {@link #next} returned last was sent to an earlier owner.
     */
    boolean isRepeat() {
      return lastSent() <= repeatsTo;
    }

    /** Takes back the message that {@link #next} returned last, because it could not be sent. */
    void unsend() {
      goBackTo(lastSent());
    }

    /**
     * Begins anew with another owner, or with the same one after its link was broken: every message
     * that was sent is sent again.
     */
    void attached() {
      repeatsTo = Math.max(repeatsTo, lastSent());
      goBackTo(first);
      isWithheld = false;
    }

    /**
     * Forgets a message that the host has handled, and all messages before it. They may wait to be
     * sent again, because the owner has changed since they were sent.
     */
    void handled(long sequence) {
      while (first <= sequence && !sent.isEmpty()) {
        hold(-cost(sent.remove()));
        first++;
      }
      while (first <= sequence && first <= repeatsTo && !waiting.isEmpty()) {
        Payload message = waiting.remove();
        waitingBytes -= cost(message);
        hold(-cost(message));
        first++;
      }
    }

    /** Sets the action that runs when everything is handled. */
    void onHandled(Runnable action) {
      onHandled = action;
    }

    /** Runs the action, because everything is handled. */
    void tellHandled() {
      if (onHandled != null) {
        onHandled.run();
      }
    }

    /** Keeps a message that the host has no room for, and all messages after it. */
    void withheld(long sequence) {
      goBackTo(sequence);
      isWithheld = true;
    }

    /** Goes back to a message that the host has room for now, which is sent next. */
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

    /** Returns whether nothing more should be read from the socket. */
    boolean isFull() {
      return waitingBytes >= WAITING_BYTES_ENOUGH
          || heldBytes() >= HELD_BYTES_ENOUGH
          || (heldBytes() >= ClientMemory.LITTLE && memory.isScarce())
          || isTooMuchWith(0);
    }

    /** Returns whether the host handled everything. */
    boolean isEmpty() {
      return sent.isEmpty() && waiting.isEmpty();
    }

    /** Returns how many messages are not handled. */
    int unhandled() {
      return sent.size() + waiting.size();
    }

    /** Returns how many messages wait: they were not sent, or the host had no room for them. */
    int waiting() {
      return waiting.size();
    }

    private static long cost(Payload message) {
      return HeapCost.ofBytes(message.size()) + MESSAGE_OVERHEAD_BYTES;
    }
  }
}
