package dev.dormouse.server.gateway;

import dev.dormouse.server.protocol.HeapCost;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.protocol.Transport;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * The messages of a connection that the host has not handled yet: those it was sent, at most {@link
 * Transport#CREDIT}, and those that wait for credit. Go-back-N: what was sent and not taken is sent
 * again from a number on. An idle connection has none.
 *
 * <p>Nothing is read from the socket while it {@link #isFull}. Some messages may wait, so that a
 * ping or a close behind them is served though the actor is behind.
 *
 * <p>The socket's event loop only.
 */
final class InboundWindow extends ClientMemory.Holder {
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
  InboundWindow(long first, ClientMemory memory, ClientMemory.@Nullable Address address) {
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
