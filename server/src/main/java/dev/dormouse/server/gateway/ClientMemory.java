package dev.dormouse.server.gateway;

import io.netty.util.internal.PlatformDependent;
import java.util.Arrays;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;

/**
 * Accounts for the memory that clients make the process hold, and decides who may hold more. There
 * are two sums: of heap and of direct memory. Whatever is held for a client is of one {@link Held}
 * kind, and the class that holds it either extends {@link Holder} or charges it by {@link #hold}; a
 * test looks at the fields of all classes of this package for one that does neither.
 *
 * <p><b>The policy.</b> A client may hold {@link #ALWAYS} bytes, whatever the others do. More than
 * that it may hold as long as it is at most {@link #SHARE} times what is left of the sum. So a
 * client that is alone may hold most of it; many that hold much get about equal parts; and there is
 * always something left for those that come and hold little. Plain requests and their answers may
 * have half of the heap's sum, and are answered 503 over it, as a request can be repeated. Who
 * sends more than its part over a socket is closed with 1013; but as long as what a socket holds is
 * messages that wait for their actor, it is only not read, from half of the sum on if it has {@link
 * #LITTLE} bytes of them.
 *
 * <p>Any thread.
 */
final class ClientMemory {
  /** What a client may always hold, in bytes: less than is worth refusing. */
  static final int ALWAYS = 2 << 10;

  /** How often what is left of a sum one client may hold. */
  static final int SHARE = 4;

  /** With so many bytes of messages that wait for its actor, a client can be made to wait. */
  static final int LITTLE = 64 << 10;

  /** Where memory is. */
  enum Pool {
    HEAP,
    DIRECT
  }

  /** What is held for a client. */
  enum Held {
    /** Messages that their actor has not handled. */
    MESSAGES(Pool.HEAP),
    /** Fragments of a message that is not whole. */
    FRAGMENTS(Pool.HEAP),
    /** What came of a frame that is not whole, or of one that is not wanted yet. */
    INPUT(Pool.DIRECT),
    /** Plain requests, with their bodies, until their actor has answered. */
    REQUESTS(Pool.HEAP),
    /** Answers to plain requests, until they are written. */
    ANSWERS(Pool.HEAP),
    /** Messages, and a pong, that wait for a client to read. */
    WAITING(Pool.HEAP),
    /** Frames that were handed to the network, and that the client has not read. */
    WRITTEN(Pool.DIRECT);

    private final Pool pool;

    Held(Pool pool) {
      this.pool = pool;
    }

    private boolean isOfRequests() {
      return this == REQUESTS || this == ANSWERS;
    }
  }

  /**
   * What holds something for a client; it knows how much. One thread at a time, as the class that
   * extends it says.
   */
  abstract static class Holder {
    private final ClientMemory memory;
    private final Held kind;
    private long heldBytes;

    Holder(ClientMemory memory, Held kind) {
      this.memory = memory;
      this.kind = kind;
    }

    /** More is held, or less if it is negative. */
    final void hold(long bytes) {
      heldBytes += bytes;
      memory.hold(kind, bytes);
    }

    /** How much is held, in bytes, about. */
    final long heldBytes() {
      return heldBytes;
    }

    /** Whether it, and what else is held for its client, is more than the client may hold. */
    final boolean isTooMuchWith(long otherBytes) {
      return memory.isTooMuch(kind, heldBytes + otherBytes, 0);
    }

    /** Nothing is held any more. */
    final void letGo() {
      hold(-heldBytes);
    }
  }

  private static final Held[] KINDS = Held.values();

  /** By the number of the kind. */
  private final LongAdder[] held = new LongAdder[KINDS.length];

  private final long heapBytesMax;
  private final long directBytesMax;

  /** How much direct memory the process has taken, for clients or not; negative if not known. */
  private final LongSupplier directBytes;

  /**
   * Sums of these bytes.
   *
   * @param heapBytesMax the most that may be held on the heap
   * @param directBytesMax the most that may be held in direct memory
   */
  ClientMemory(long heapBytesMax, long directBytesMax) {
    this(heapBytesMax, directBytesMax, PlatformDependent::usedDirectMemory);
  }

  private ClientMemory(long heapBytesMax, long directBytesMax, LongSupplier directBytes) {
    this.heapBytesMax = heapBytesMax;
    this.directBytesMax = directBytesMax;
    this.directBytes = directBytes;
    Arrays.setAll(held, kind -> new LongAdder());
  }

  /** Sums that are never spent. */
  static ClientMemory unlimited() {
    return new ClientMemory(Long.MAX_VALUE, Long.MAX_VALUE);
  }

  /** More of a kind is held, or less if it is negative. */
  void hold(Held kind, long bytes) {
    held[kind.ordinal()].add(bytes);
  }

  /** How much of a kind is held, in bytes. */
  long held(Held kind) {
    return held[kind.ordinal()].sum();
  }

  /** How much is held, in bytes. */
  long held(Pool pool) {
    long sum = 0;
    for (Held kind : KINDS) {
      sum += kind.pool == pool ? held(kind) : 0;
    }
    return sum;
  }

  /** Whether half of the heap's sum is held. */
  boolean isScarce() {
    return held(Pool.HEAP) >= heapBytesMax / 2;
  }

  /**
   * Whether a client holds more than it may.
   *
   * @param own how much it holds of the kind's memory
   * @param more how much more it wants to hold, in bytes
   */
  boolean isTooMuch(Held kind, long own, long more) {
    long wanted = own + more;
    if (kind.isOfRequests()) {
      long ofRequests = held(Held.REQUESTS) + held(Held.ANSWERS);
      return isTooMuch(wanted, ofRequests + more, heapBytesMax / 2)
          || isTooMuch(wanted, held(Pool.HEAP) + more, heapBytesMax);
    }
    if (wanted <= ALWAYS) {
      return false;
    }
    return kind.pool == Pool.HEAP
        ? isTooMuch(wanted, held(Pool.HEAP) + more, heapBytesMax)
        : isTooMuch(wanted, held(Pool.DIRECT) + more, directBytesMax) && isDirectMemoryTaken();
  }

  /** What is shared by clients counts once for each of them; the process's own count tells. */
  private boolean isDirectMemoryTaken() {
    long taken = directBytes.getAsLong();
    return taken < 0 || taken >= directBytesMax;
  }

  /** The policy, for what is over {@link #ALWAYS}. Pure. */
  static boolean isTooMuch(long own, long heldByAll, long max) {
    return own / SHARE >= max - heldByAll;
  }
}
