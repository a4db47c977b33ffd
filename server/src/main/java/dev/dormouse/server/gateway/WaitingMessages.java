package dev.dormouse.server.gateway;

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
  /** What a message costs besides its bytes, in bytes: what Netty counts, too. */
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

    /** The message, unless it is in the frame. */
    Payload payload() {
      return payload;
    }

    /** The frame, with the entry's reference; null if there is none yet. */
    @Nullable ByteBuf shared() {
      return shared;
    }

    long report() {
      return report;
    }

    long bytes() {
      return bytes;
    }

    /** What it costs on the heap. */
    private long heapBytes() {
      return shared == null ? HeapCost.ofBytes(bytes) : OVERHEAD_BYTES;
    }

    /** What it keeps of the network's memory. */
    private long sharedBytes() {
      return shared == null ? 0 : bytes - OVERHEAD_BYTES;
    }

    /** It will not be sent. */
    void release() {
      if (shared != null) {
        shared.release();
      }
    }
  }

  /** By the key of what may be replaced, by the entry itself if nothing may. */
  private final LinkedHashMap<Object, Entry> entries = new LinkedHashMap<>();

  private final Consumer<WaitingMessages> revoked;

  /** How much direct memory what was written takes, and what is shared; as it was last told. */
  private final ClientMemory.Revocable written;

  private long bytes;

  /** How many bytes the client had taken in all when that was last told. */
  private long takenBytes;

  /** What the messages that go to others, too, keep of the network's memory. */
  private long sharedBytes;

  /** Whether {@link #written} will be told again soon. */
  boolean isLookedAtAgain;

  /** The payload of the latest ping that is not answered; null if there is none. */
  private byte @Nullable [] owedPong;

  /** What is written once no message waits; null while the socket is open. */
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
          void revoke() {
            WaitingMessages.this.revoke();
          }
        };
  }

  @Override
  void revoke() {
    revoked.accept(this);
  }

  /** Whether its client is to be ended for the sake of others. */
  boolean mustGo() {
    return isRevoked() || written.isRevoked();
  }

  /** Adds a message at the end; one of this key is not there. */
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

  /** How much direct memory is charged, in bytes. */
  long writtenBytes() {
    return written.heldBytes();
  }

  /** Nothing waits any more. */
  void end() {
    letGo();
    holdWritten(0);
  }

  private void holdWritten(long now) {
    written.hold(now - written.heldBytes());
  }

  /** What came so far is all that a turn says. */
  void turnEnds() {
    fresh = 0;
  }

  /** Whether the oldest message is of the turn that still has more to say. */
  boolean isOldestFresh() {
    return fresh >= size();
  }

  /** How far the client had come when it was last looked at; null if nobody looks. */
  @Nullable Progress progress() {
    return progress;
  }

  void progress(Progress now) {
    progress = now;
  }

  /** The next look is this. */
  void nextLook(Future<?> look) {
    nextLook = look;
  }

  /** Nobody looks whether the client takes what waits. */
  void stopLooking() {
    progress = null;
    if (nextLook != null) {
      nextLook.cancel(false);
      nextLook = null;
    }
  }

  /** The message of this key; null if none waits. */
  @Nullable Entry get(@Nullable String key) {
    return key == null ? null : entries.get(key);
  }

  /** Takes the message of this key, which waits. */
  Entry remove(String key) {
    return taken(Objects.requireNonNull(entries.remove(key)));
  }

  /** Takes the oldest message, which waits. */
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

  /** Whether it is of no use: nothing waits, and nobody looks. */
  boolean isIdle() {
    return isEmpty() && progress == null && owedPong == null && ending == null;
  }

  /** How many messages wait. */
  int size() {
    return entries.size();
  }

  /** What all messages cost. */
  long bytes() {
    return bytes;
  }

  /** A ping is to be answered, instead of any before. */
  void owePong(byte[] payload) {
    hold(payload.length - (owedPong == null ? 0 : owedPong.length));
    owedPong = payload;
  }

  /** The payload of the pong to be sent now; null if none is. */
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

  /** Whether the TCP connection's output ends with {@link #ending}. */
  boolean isOutputEnding() {
    return isOutputEnding;
  }

  /** Nothing of it can be sent any more: calls with each message. */
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
