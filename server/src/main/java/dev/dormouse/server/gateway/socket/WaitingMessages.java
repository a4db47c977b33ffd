package dev.dormouse.server.gateway.socket;

import dev.dormouse.server.gateway.limits.ClientMemory;
import dev.dormouse.server.gateway.limits.Progress;
import dev.dormouse.server.protocol.HeapCost;
import dev.dormouse.server.protocol.Payload;
import io.netty.buffer.ByteBuf;
import io.netty.util.concurrent.Future;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What one client is to be sent when its socket can be written again: whole messages, none of them
 * begun, in the order of sending; then, perhaps, the end. Made while the socket cannot be written;
 * a client that keeps up has none. It decides nothing; {@link SocketWriter} does.
 *
 * <p>A message that also goes to others is held as a reference to the one frame of all, which is
 * released when the message leaves, whatever becomes of it. The socket's event loop only.
 */
final class WaitingMessages extends ClientMemory.Revocable {
  /** How many bytes a message costs besides its own; Netty counts as many for a frame. */
  static final int OVERHEAD_BYTES = 96;

  /** A message that waits. */
  static final class Entry {
    private static final Payload IN_FRAME = new Payload.Binary(new byte[0]);

    private final Payload payload;
    private final @Nullable ByteBuf shared;
    private final long report;
    private final long bytes;

    /**
     * A message.
     *
     * @param shared the message as a frame, if it goes to others too; the reference is the entry's
     * @param report the number under which somebody asks what becomes of it; else 0
     * @param bytes what it costs
     */
    Entry(Payload payload, @Nullable ByteBuf shared, long report, long bytes) {
      this.payload = shared == null ? payload : IN_FRAME;
      this.shared = shared;
      this.report = report;
      this.bytes = bytes;
    }

    /** Returns the message; an empty one if it is in the frame. */
    Payload payload() {
      return payload;
    }

    /** Returns the frame, with the entry's reference; null if there is none yet. */
    @Nullable ByteBuf shared() {
      return shared;
    }

    long report() {
      return report;
    }

    long bytes() {
      return bytes;
    }

    /** Returns how many bytes the message costs on the heap. */
    private long heapBytes() {
      return shared == null ? HeapCost.ofBytes(bytes) : OVERHEAD_BYTES;
    }

    /** Returns how many bytes the message keeps of the network's memory. */
    private long sharedBytes() {
      return shared == null ? 0 : bytes - OVERHEAD_BYTES;
    }

    /** Gives the entry's reference back, because the message will not be sent. */
    void release() {
      if (shared != null) {
        shared.release();
      }
    }
  }

  /** The messages in order: by their key if they may be replaced, else by the entry itself. */
  private final LinkedHashMap<Object, Entry> entries = new LinkedHashMap<>();

  private final Consumer<WaitingMessages> revoked;

  /**
   * The direct memory of what was written and of what is shared, as {@link #written} told it last.
   */
  private final ClientMemory.Revocable written;

  private long bytes;

  /** How many bytes the client had taken in all when {@link #written} told it last. */
  private long takenBytes;

  /** How many bytes the messages that others get, too, keep of the network's memory. */
  private long sharedBytes;

  /** Whether {@link #written} will be told again soon. */
  boolean isLookedAtAgain;

  /** The payload of the latest ping that is not answered; null if there is none. */
  private byte @Nullable [] owedPong;

  /** The bytes that are written once no message waits; null while the socket is open. */
  private @Nullable ByteBuf ending;

  private boolean isOutputEnding;

  /** How many messages came since a turn ended. */
  private int fresh;

  /** How far the client had come with what waits, in the channel too; null if nobody looks. */
  private @Nullable Progress progress;

  private @Nullable Future<?> nextLook;

  /**
   * Nothing waits yet.
   *
   * @param revoked told by any thread that others need the memory, if it {@link #mustGo} still
   */
  WaitingMessages(
      ClientMemory memory,
      ClientMemory.@Nullable Address address,
      Consumer<WaitingMessages> revoked) {
    super(memory, ClientMemory.Held.WAITING, address);
    this.revoked = revoked;
    this.written =
        new ClientMemory.Revocable(memory, ClientMemory.Held.WRITTEN, address) {
          @Override
          public void revoke() {
            WaitingMessages.this.revoke();
          }
        };
  }

  @Override
  public void revoke() {
    revoked.accept(this);
  }

  /** Returns whether the client is to be ended for the sake of others. */
  boolean mustGo() {
    return isRevoked() || written.isRevoked();
  }

  /** Adds a message at the end. No message of this key may be there. */
  void add(@Nullable String key, Entry entry) {
    entries.put(key == null ? entry : key, entry);
    bytes += entry.bytes;
    sharedBytes += entry.sharedBytes();
    hold(entry.heapBytes());
    fresh++;
  }

  /**
   * Tells how much direct memory the network's frames take, in bytes; those that are shared and
   * wait here are added.
   *
   * @param taken how many bytes the client has taken, in all
   */
  void written(long inChannel, long taken) {
    holdWritten(inChannel + sharedBytes);
    if (taken > takenBytes) {
      moved();
      written.moved();
    }
    takenBytes = taken;
  }

  /** Returns how many bytes of direct memory are charged. */
  long writtenBytes() {
    return written.heldBytes();
  }

  /** Ends the charges, because nothing waits any more. */
  void end() {
    letGo();
    holdWritten(0);
  }

  private void holdWritten(long now) {
    written.hold(now - written.heldBytes());
  }

  /** Notes that what came so far is all that a turn says. */
  void turnEnds() {
    fresh = 0;
  }

  /** Returns whether the oldest message is of the turn that still has more to say. */
  boolean isOldestFresh() {
    return fresh >= size();
  }

  /** Returns how far the client had come at the last look; null if nobody looks. */
  @Nullable Progress progress() {
    return progress;
  }

  void progress(Progress now) {
    progress = now;
  }

  /** Sets the timer of the next look. */
  void nextLook(Future<?> look) {
    nextLook = look;
  }

  /** Stops looking whether the client takes what waits. */
  void stopLooking() {
    progress = null;
    if (nextLook != null) {
      nextLook.cancel(false);
      nextLook = null;
    }
  }

  /** Returns the message of this key; null if none waits. */
  @Nullable Entry get(@Nullable String key) {
    return key == null ? null : entries.get(key);
  }

  /** Takes out the message of this key. There must be one. */
  Entry remove(String key) {
    return taken(Objects.requireNonNull(entries.remove(key)));
  }

  /** Takes out the oldest message. There must be one. */
  Entry poll() {
    Iterator<Entry> oldest = entries.values().iterator();
    Entry entry = oldest.next();
    oldest.remove();
    return taken(entry);
  }

  private Entry taken(Entry entry) {
    bytes -= entry.bytes;
    sharedBytes -= entry.sharedBytes();
    hold(-entry.heapBytes());
    return entry;
  }

  boolean isEmpty() {
    return entries.isEmpty();
  }

  /** Returns whether nothing waits and nobody looks, so that the queue is of no use. */
  boolean isIdle() {
    return isEmpty() && progress == null && owedPong == null && ending == null;
  }

  /** Returns how many messages wait. */
  int size() {
    return entries.size();
  }

  /** Returns how many bytes all messages cost. */
  long bytes() {
    return bytes;
  }

  /** Notes the pong that is owed, instead of any that was owed before. */
  void owePong(byte[] payload) {
    hold(payload.length - (owedPong == null ? 0 : owedPong.length));
    owedPong = payload;
  }

  /** Takes out the payload of the pong that is owed; null if none is. */
  byte @Nullable [] takeOwedPong() {
    byte[] payload = owedPong;
    owedPong = null;
    hold(payload == null ? 0 : -payload.length);
    return payload;
  }

  /**
   * Nothing more comes.
   *
   * @param last what is written after all messages; nothing, if something is to be already
   * @param isOutputEnding whether the TCP connection's output ends then
   */
  void end(ByteBuf last, boolean isOutputEnding) {
    if (ending == null) {
      ending = last;
    }
    this.isOutputEnding |= isOutputEnding;
    takeOwedPong();
  }

  /** What is written after all messages; null while the socket is open. */
  @Nullable ByteBuf ending() {
    return ending;
  }

  /** Returns whether the TCP connection's output ends with {@link #ending}. */
  boolean isOutputEnding() {
    return isOutputEnding;
  }

  /** Drops all messages, because none can be sent any more, and calls with each. */
  void drop(Consumer<Entry> dropped) {
    while (!isEmpty()) {
      Entry entry = poll();
      entry.release();
      dropped.accept(entry);
    }
    if (ending != null) {
      ending.release();
      ending = null;
    }
  }
}
