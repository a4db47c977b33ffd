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
 * The messages that wait until one client's socket is writable again, in the order of sending, and
 * after them, perhaps, the end. No waiting message has been sent in part. The queue is created when
 * the socket is not writable; a client that keeps up has none. {@link SocketWriter} decides which
 * messages wait and which are dropped.
 *
 * <p>A message to several clients is kept as a reference to their common frame. The reference is
 * released when the message is sent or dropped. Only the socket's event loop uses the queue.
 */
final class WaitingMessages extends ClientMemory.Revocable {
  /** The bytes that a message costs besides its own; Netty counts as many for a frame. */
  static final int OVERHEAD_BYTES = 96;

  /** A message that waits. */
  static final class Entry {
    private static final Payload IN_FRAME = new Payload.Binary(new byte[0]);

    private final Payload payload;
    private final @Nullable ByteBuf shared;
    private final long report;
    private final long bytes;

    /**
     * Creates an entry for a message.
     *
     * @param shared the message as a frame, if it goes to other clients, too; the entry takes over
     *     the caller's reference
     * @param report the number under which the outcome is to be reported; 0 if it is not
     * @param bytes the bytes that the message costs
     */
    Entry(Payload payload, @Nullable ByteBuf shared, long report, long bytes) {
      this.payload = shared == null ? payload : IN_FRAME;
      this.shared = shared;
      this.report = report;
      this.bytes = bytes;
    }

    /** Returns the message; an empty message if {@link #shared} has its bytes. */
    Payload payload() {
      return payload;
    }

    /** Returns the shared frame, with the entry's reference; null if the message has none. */
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

    /** Returns how many bytes of direct memory the message keeps. */
    private long sharedBytes() {
      return shared == null ? 0 : bytes - OVERHEAD_BYTES;
    }

    /** Releases the shared frame of a message that will not be sent. */
    void release() {
      if (shared != null) {
        shared.release();
      }
    }
  }

  /**
   * The messages in the order of sending, under their key if a later message may replace them, else
   * under the entry itself.
   */
  private final LinkedHashMap<Object, Entry> entries = new LinkedHashMap<>();

  /** The action that starts the end of a client that was chosen to give way. */
  private final Consumer<WaitingMessages> revoked;

  /** The charge for direct memory: frames in the channel and shared frames that wait here. */
  private final ClientMemory.Revocable written;

  /** The bytes that all waiting messages cost. */
  private long bytes;

  /** The bytes that the client had taken in all at the last call of {@link #written}. */
  private long takenBytes;

  /** The bytes of direct memory that the shared frames of waiting messages keep. */
  private long sharedBytes;

  /** True while a later call of {@link #written} is scheduled. */
  boolean isLookedAtAgain;

  /** The payload of the latest ping that is not answered; null if there is none. */
  private byte @Nullable [] owedPong;

  /** The bytes that are written once no message waits; null while the socket is open. */
  private @Nullable ByteBuf ending;

  /** True if the TCP connection's output ends with {@link #ending}. */
  private boolean isOutputEnding;

  /** The number of messages that came since a turn ended. */
  private int fresh;

  /** The progress of the client in reading at the last look; null while nothing is watched. */
  private @Nullable Progress progress;

  /** The timer of the next look at the progress; null while nothing is watched. */
  private @Nullable Future<?> nextLook;

  /**
   * Creates an empty queue.
   *
   * @param revoked is called by any thread when the client was chosen to give way; the client's
   *     event loop must then check {@link #mustGo}
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

  /** Returns whether the client was chosen to give way, and has made no progress since. */
  boolean mustGo() {
    return isRevoked() || written.isRevoked();
  }

  /** Adds a message at the end. No message of the same key may wait. */
  void add(@Nullable String key, Entry entry) {
    entries.put(key == null ? entry : key, entry);
    bytes += entry.bytes;
    sharedBytes += entry.sharedBytes();
    hold(entry.heapBytes());
    fresh++;
  }

  /**
   * Charges the direct memory of the channel's frames and of the shared frames that wait here, and
   * notes progress of the client.
   *
   * @param inChannel the bytes of the frames in the channel
   * @param taken the bytes that the client has taken, in all
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

  /** Releases all charges, because nothing waits any more. */
  void end() {
    letGo();
    holdWritten(0);
  }

  private void holdWritten(long now) {
    written.hold(now - written.heldBytes());
  }

  /** Notes that all messages of the current turn have come. */
  void turnEnds() {
    fresh = 0;
  }

  /** Returns whether the oldest message is of a turn whose messages are still coming. */
  boolean isOldestFresh() {
    return fresh >= size();
  }

  /** Returns the client's progress at the last look; null while nothing is watched. */
  @Nullable Progress progress() {
    return progress;
  }

  /** Sets the client's progress at the last look. */
  void progress(Progress now) {
    progress = now;
  }

  /** Sets the timer of the next look. */
  void nextLook(Future<?> look) {
    nextLook = look;
  }

  /** Stops watching the client's progress. */
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

  /** Returns whether nothing waits and nothing is watched, so that the queue can be dropped. */
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

  /** Keeps the payload of a pong that is to be sent, in place of an earlier one. */
  void owePong(byte[] payload) {
    hold(payload.length - (owedPong == null ? 0 : owedPong.length));
    owedPong = payload;
  }

  /** Takes out the payload of the pong that is to be sent; null if there is none. */
  byte @Nullable [] takeOwedPong() {
    byte[] payload = owedPong;
    owedPong = null;
    hold(payload == null ? 0 : -payload.length);
    return payload;
  }

  /**
   * Sets the end, after which no more messages come.
   *
   * @param last the bytes that are written after all messages; ignored if the end was set before
   * @param isOutputEnding whether the TCP connection's output ends after them
   */
  void end(ByteBuf last, boolean isOutputEnding) {
    if (ending == null) {
      ending = last;
    }
    this.isOutputEnding |= isOutputEnding;
    takeOwedPong();
  }

  /** Returns the bytes that are written after all messages; null while the socket is open. */
  @Nullable ByteBuf ending() {
    return ending;
  }

  /** Returns whether the TCP connection's output ends with {@link #ending}. */
  boolean isOutputEnding() {
    return isOutputEnding;
  }

  /** Drops all messages, and calls the consumer with each of them. */
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
