package dev.dormouse.server.gateway;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.protocol.ToHost;
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
   * but the end of a client's output has everything read that it sent.
   */
  private static final int HELD_BYTES_SLACK = 2 * InboundWindow.HELD_BYTES_ENOUGH;

  private final GatewayParts parts;
  private final ActorId actor;
  private final ConnectionId id;
  private final int messageBytesMax;

  /** The number of the message that came last. */
  private long lastSequence;

  /** Null while every message is handled. */
  private @Nullable InboundWindow window;

  /** Null unless a message is on its way in fragments. */
  private @Nullable MessageAssembler assembler;

  InboundMessages(GatewayParts parts, ActorId actor, ConnectionId id, int messageBytesMax) {
    this.parts = parts;
    this.actor = actor;
    this.id = id;
    this.messageBytesMax = messageBytesMax;
  }

  /**
   * A data frame came. Its bytes are copied.
   *
   * @throws ViolationException if the message breaks a limit or is not UTF-8, or far too many
   *     messages wait
   */
  void add(WebSocketFrame frame) {
    MessageAssembler fragments = assembler;
    boolean isText = frame instanceof TextWebSocketFrame;
    if (fragments == null) {
      if (frame.isFinalFragment()) {
        message(MessageAssembler.whole(isText, frame.content()));
        return;
      }
      fragments = new MessageAssembler(isText, messageBytesMax);
      assembler = fragments;
    }
    fragments.add(frame.content());
    if (frame.isFinalFragment()) {
      assembler = null;
      message(fragments.finish());
    }
  }

  private void message(Payload message) {
    parts.counters().messagesIn.increment();
    lastSequence++;
    InboundWindow unhandled = window;
    if (unhandled == null) {
      unhandled = new InboundWindow(lastSequence);
      window = unhandled;
    }
    unhandled.add(message);
    if (unhandled.heldBytes() > messageBytesMax + (long) HELD_BYTES_SLACK) {
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
      } else {
        pump(unhandled);
      }
    }
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

  /** Whether some of a message came, but not all. */
  boolean isWithin() {
    return assembler != null;
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

  /** No more frames will come. */
  void end() {
    assembler = null;
  }

  /** Nobody wants the messages that came. */
  void forget() {
    if (window != null) {
      parts.counters().droppedIn.add(window.waiting());
      window = null;
    }
  }
}
