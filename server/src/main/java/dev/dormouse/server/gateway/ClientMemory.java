package dev.dormouse.server.gateway;

import io.netty.util.internal.PlatformDependent;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Accounts for the memory that clients make the process hold, and decides who may hold more.
 * Whatever is held for a client is of one {@link Held} kind, and the class that holds it either
 * extends {@link Holder} or charges it by {@link #hold}; a test looks at the fields of all classes
 * of this package for one that does neither. Each kind belongs to a {@link Part} of the heap or of
 * the direct memory that clients may have, so that what fills one part takes nothing from another.
 *
 * <p><b>The policy.</b> A client may hold {@link #ALWAYS} bytes of what comes and goes over its
 * socket, whatever the others do. More than that it may hold as long as it is at most {@link
 * #SHARE} times what is left of the part. So a client that is alone may hold most of it; many that
 * hold much get about equal shares; and there is always something left for those that come and hold
 * little. The clients of one {@link Address} share what it may hold, three quarters of what those
 * of others leave, in the same way: so an address with many clients leaves something, too. A plain
 * request over it is answered 503, as a request can be repeated. Who sends more, or is sent more,
 * than its share over a socket is closed with 1013; but as long as what a socket holds is messages
 * that wait for their actor, it is only not read, from half of the part on if it has {@link
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

  /** An address may hold so many quarters of what the others leave. */
  private static final int ADDRESS_QUARTERS = 3;

  /** A part of the memory that clients may have. */
  enum Part {
    /** Of the heap, half: what comes from clients over sockets. */
    RECEIVED(1, 2),
    /** Of the heap, a quarter: what goes to clients over sockets. */
    WAITING(1, 4),
    /** Of the heap, a quarter: plain requests and their answers. */
    REQUESTS(1, 4),
    /** Of the direct memory, half: what the network has received. */
    INPUT(1, 2),
    /** Of the direct memory, half: what the network is to send. */
    OUTPUT(1, 2);

    private final int numerator;
    private final int denominator;

    Part(int numerator, int denominator) {
      this.numerator = numerator;
      this.denominator = denominator;
    }

    private boolean isDirect() {
      return this == INPUT || this == OUTPUT;
    }

    /** How much of what a client holds counts at its address. */
    private long counted(long bytes) {
      return this == REQUESTS ? bytes : bytes / ALWAYS * ALWAYS;
    }

    private long of(long bytes) {
      return bytes / denominator * numerator;
    }
  }

  /** What is held for a client. */
  enum Held {
    /** Messages that their actor has not handled. */
    MESSAGES(Part.RECEIVED),
    /** Fragments of a message that is not whole. */
    FRAGMENTS(Part.RECEIVED),
    /** What came of a frame that is not whole, or of one that is not wanted yet. */
    INPUT(Part.INPUT),
    /** Heads of requests, upgrades included, from their first byte until they are answered. */
    HEADS(Part.REQUESTS),
    /** Plain requests, with their bodies, until their actor has answered. */
    REQUESTS(Part.REQUESTS),
    /** Answers to plain requests, until they are written. */
    ANSWERS(Part.REQUESTS),
    /** Messages, and a pong, that wait for a client to read. */
    WAITING(Part.WAITING),
    /** Frames that were handed to the network, and that the client has not read. */
    WRITTEN(Part.OUTPUT);

    private final Part part;

    Held(Part part) {
      this.part = part;
    }
  }

  /**
   * What the clients of one address hold, of each part; what a client holds of a kind counts here
   * in whole steps of {@link #ALWAYS}, but for requests. Any thread.
   */
  static class Address {
    /** By the number of the part; null as long as nothing was held. */
    private volatile @Nullable AtomicLongArray held;

    /** Whether it has a share of its own, and not all that there is. */
    boolean isLimited() {
      return true;
    }

    @SuppressWarnings("EnumOrdinal")
    private void hold(Part part, long bytes) {
      if (bytes != 0 && isLimited()) {
        AtomicLongArray sums = held;
        (sums == null ? sums() : sums).addAndGet(part.ordinal(), bytes);
      }
    }

    private synchronized AtomicLongArray sums() {
      AtomicLongArray sums = held == null ? new AtomicLongArray(PARTS) : held;
      held = sums;
      return sums;
    }

    /** How much of a part is held, in bytes, about. */
    @SuppressWarnings("EnumOrdinal")
    final long held(Part part) {
      AtomicLongArray sums = held;
      return sums == null ? 0 : sums.get(part.ordinal());
    }
  }

  /**
   * What holds something for a client; it knows how much. One thread at a time, as the class that
   * extends it says.
   */
  abstract static class Holder {
    private final ClientMemory memory;
    private final Held kind;

    /** Null if it is not known. */
    private final @Nullable Address address;

    private long heldBytes;

    Holder(ClientMemory memory, Held kind, @Nullable Address address) {
      this.memory = memory;
      this.kind = kind;
      this.address = address;
    }

    /** More is held, or less if it is negative. */
    final void hold(long bytes) {
      long before = heldBytes;
      heldBytes += bytes;
      memory.hold(kind, address, before, heldBytes);
    }

    /** How much is held, in bytes, about. */
    final long heldBytes() {
      return heldBytes;
    }

    /** Whether it, and what else is held for its client, is more than the client may hold. */
    final boolean isTooMuchWith(long otherBytes) {
      return memory.isTooMuch(kind, address, heldBytes + otherBytes, 0);
    }

    /** Nothing is held any more. */
    final void letGo() {
      hold(-heldBytes);
    }
  }

  private static final Held[] KINDS = Held.values();
  private static final int PARTS = Part.values().length;

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

  /**
   * What is held for a client has changed.
   *
   * @param address where the client is; null if that is not known
   * @param before how much it was, in bytes
   * @param now how much it is
   */
  @SuppressWarnings("EnumOrdinal") // the number is of this process only
  void hold(Held kind, @Nullable Address address, long before, long now) {
    held[kind.ordinal()].add(now - before);
    if (address != null) {
      address.hold(kind.part, kind.part.counted(now) - kind.part.counted(before));
    }
  }

  /** How much of a kind is held, in bytes. */
  @SuppressWarnings("EnumOrdinal")
  long held(Held kind) {
    return held[kind.ordinal()].sum();
  }

  /** How much of a part is held, in bytes. */
  long held(Part part) {
    long sum = 0;
    for (Held kind : KINDS) {
      sum += kind.part == part ? held(kind) : 0;
    }
    return sum;
  }

  /** How much of a part may be held, in bytes. */
  long bytesMax(Part part) {
    return part.of(part.isDirect() ? directBytesMax : heapBytesMax);
  }

  /** Whether half of what clients may send is held. */
  boolean isScarce() {
    return held(Part.RECEIVED) >= bytesMax(Part.RECEIVED) / 2;
  }

  /**
   * Whether a client holds more than it may.
   *
   * @param address where it is; null if that is not known
   * @param own how much it holds of the kind's part
   * @param more how much more it wants to hold, in bytes
   */
  boolean isTooMuch(Held kind, @Nullable Address address, long own, long more) {
    Part part = kind.part;
    if (own + more <= ALWAYS && part != Part.REQUESTS) {
      return false;
    }
    long heldByAll = held(part) + more;
    boolean isTooMuch = isTooMuch(own + more, heldByAll, bytesMax(part));
    if (!isTooMuch && address != null && address.isLimited()) {
      long heldThere = address.held(part) + more;
      isTooMuch =
          isTooMuch(own + more, heldThere, ofAddress(bytesMax(part) - heldByAll + heldThere));
    }
    return isTooMuch && (!part.isDirect() || isDirectMemoryTaken());
  }

  /** How much an address may hold, of what others do not. */
  private static long ofAddress(long leftByOthers) {
    return leftByOthers / 4 * ADDRESS_QUARTERS;
  }

  /** What is shared by clients counts once for each of them; the process's own count tells. */
  private boolean isDirectMemoryTaken() {
    long taken = directBytes.getAsLong();
    return taken < 0 || taken >= directBytesMax / 2;
  }

  /** The policy, for what is over {@link #ALWAYS}. Pure. */
  static boolean isTooMuch(long own, long heldByAll, long max) {
    return own / SHARE >= max - heldByAll;
  }
}
