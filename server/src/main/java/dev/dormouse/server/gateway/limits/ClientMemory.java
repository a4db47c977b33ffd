package dev.dormouse.server.gateway.limits;

import dev.dormouse.server.protocol.Time;
import io.netty.util.internal.PlatformDependent;
import java.util.Arrays;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
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
 * <p><b>Who goes first.</b> Before a client is refused more, another gives way that has made no
 * progress for {@link #IDLE_NS}, and holds as much or enough: of those the one that has held most
 * for longest. It is closed with 1013 on its own event loop, and what it held is let go at once.
 * Until that is done no other has to go, and those that hold less may hold more than the part has.
 * So may always those whose sockets hold a {@link #LITTLE_PART}th of the part; but all of them no
 * more than a quarter beyond it. Only what is a {@link Revocable} can give way.
 *
 * <p><b>Direct memory.</b> What goes to several clients is one buffer, but is counted for each of
 * them: the sum says who holds much, not how much there is. So direct memory is scarce only if half
 * of what clients may have is taken by the process too, and those that hold little are refused only
 * if all of it is.
 *
 * <p>Any thread.
 */
public final class ClientMemory {
  /** What a client may always hold, in bytes: less than is worth refusing. */
  public static final int ALWAYS = 2 << 10;

  /** How often what is left of a sum one client may hold. */
  static final int SHARE = 4;

  /** With so many bytes of messages that wait for its actor, a client can be made to wait. */
  public static final int LITTLE = 64 << 10;

  /** From so many bytes on a client that makes no progress can be made to give way to others. */
  static final int MUCH = 8 << 10;

  /** Who has made no progress for so long, in nanoseconds, gives way to others. */
  static final long IDLE_NS = TimeUnit.SECONDS.toNanos(5);

  /** How long nobody is looked for after nobody was found who could give way, in nanoseconds. */
  private static final long SEARCH_NS = TimeUnit.MILLISECONDS.toNanos(100);

  /** Who holds no more than this part of what all may is the last to be refused more. */
  private static final int LITTLE_PART = 64;

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
    /** As much heap as all of these together: HTTP connections, besides what comes over them. */
    CONNECTIONS(1, 1),
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

    /** Whether a client that holds little of it is refused more as any other. */
    private boolean isOfHttp() {
      return this == REQUESTS || this == CONNECTIONS;
    }

    /** How much of what a client holds counts at its address. */
    private long counted(long bytes) {
      return isOfHttp() ? bytes : bytes / ALWAYS * ALWAYS;
    }

    private long of(long bytes) {
      return bytes / denominator * numerator;
    }
  }

  /** What is held for a client. */
  public enum Held {
    /** Messages that their actor has not handled. */
    MESSAGES(Part.RECEIVED),
    /** Fragments of a message that is not whole. */
    FRAGMENTS(Part.RECEIVED),
    /** What came of a frame that is not whole, or of one that is not wanted yet. */
    INPUT(Part.INPUT),
    /** Heads of requests, upgrades included, from their first byte until they are answered. */
    HEADS(Part.REQUESTS),
    /** HTTP connections, until they end or become sockets. */
    CONNECTIONS(Part.CONNECTIONS),
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
  public static class Address {
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
  public abstract static class Holder {
    private final ClientMemory memory;
    private final Held kind;

    /** Null if it is not known. */
    private final @Nullable Address address;

    private long heldBytes;

    public Holder(ClientMemory memory, Held kind, @Nullable Address address) {
      this.memory = memory;
      this.kind = kind;
      this.address = address;
    }

    /** More is held, or less if it is negative. */
    public final void hold(long bytes) {
      long before = heldBytes;
      heldBytes += bytes;
      memory.hold(kind, address, before, heldBytes);
      changed(before, heldBytes);
    }

    /** How much is held has changed. */
    void changed(long before, long now) {}

    /** How much is held, in bytes, about. */
    public final long heldBytes() {
      return heldBytes;
    }

    /** Where it is counted; null if that is not known. */
    final @Nullable Address address() {
      return address;
    }

    /** Whether it, and what else is held for its client, is more than the client may hold. */
    public final boolean isTooMuchWith(long otherBytes) {
      return memory.isTooMuch(kind, address, heldBytes + otherBytes, 0);
    }

    /** Nothing is held any more. */
    public final void letGo() {
      hold(-heldBytes);
    }
  }

  /**
   * A holder whose client can be ended for the sake of others, when it makes no progress. While it
   * holds {@link #MUCH} it is on its part's list.
   */
  public abstract static class Revocable extends Holder {
    private final Revocables list;

    /** When the client went on last. Written by the holder's thread, read by any. */
    private long movedNs;

    private boolean isListed;

    // Guarded by the list.
    private @Nullable Revocable before;
    private @Nullable Revocable after;
    private boolean isRevoked;

    /** How much it still owes, having been chosen. */
    private long owedBytes;

    @SuppressWarnings("EnumOrdinal")
    public Revocable(ClientMemory memory, Held kind, @Nullable Address address) {
      super(memory, kind, address);
      list = memory.revocables[kind.part.ordinal()];
    }

    /**
     * Has the client ended, and what it holds let go, on the thread that it belongs to, if it
     * {@link #isRevoked} still. Any thread; returns at once.
     */
    public abstract void revoke();

    /** The client goes on: it takes what it is sent, or sends what it began. */
    public final void moved() {
      if (isListed) {
        movedNs = list.nowNs.getAsLong();
        list.keep(this);
      }
    }

    /** Whether it was chosen to give way, and has made no progress since. */
    public final boolean isRevoked() {
      return list.isRevoked(this);
    }

    @Override
    final void changed(long before, long now) {
      if (isListed) {
        list.changed(this, now - before);
        if (now < MUCH / 2) {
          isListed = false;
          list.remove(this);
        }
      } else if (now >= MUCH) {
        isListed = true;
        movedNs = list.nowNs.getAsLong();
        list.add(this);
      }
    }
  }

  /** Those that hold much of a part. Any thread. */
  private static final class Revocables {
    private final LongSupplier nowNs;

    // Guarded by the monitor.
    private @Nullable Revocable first;
    private long searchNs;

    /** How much is held by those that were chosen, and have not let it go yet. */
    private volatile long revokedBytes;

    Revocables(LongSupplier nowNs) {
      this.nowNs = nowNs;
      this.searchNs = nowNs.getAsLong();
    }

    synchronized void add(Revocable one) {
      Revocable second = first;
      if (second != null) {
        second.before = one;
      }
      one.after = second;
      first = one;
    }

    synchronized void remove(Revocable one) {
      keep(one);
      if (one.before == null) {
        first = one.after;
      } else {
        one.before.after = one.after;
      }
      if (one.after != null) {
        one.after.before = one.before;
      }
      one.before = null;
      one.after = null;
    }

    /** One that was chosen, perhaps, holds more or less now. */
    void changed(Revocable one, long more) {
      if (revokedBytes > 0) {
        synchronized (this) {
          owe(one, one.isRevoked ? Math.max(1, one.owedBytes + more) : 0);
        }
      }
    }

    /** One that was chosen, perhaps, need not go. */
    void keep(Revocable one) {
      if (revokedBytes > 0) {
        synchronized (this) {
          owe(one, 0);
          one.isRevoked = false;
        }
      }
    }

    private synchronized void owe(Revocable one, long bytes) {
      revokedBytes += bytes - one.owedBytes;
      one.owedBytes = bytes;
    }

    synchronized boolean isRevoked(Revocable one) {
      return one.isRevoked;
    }

    /**
     * Whether some give way to a client, so that it has room, or hold no less than it.
     *
     * @param bytes how much it is to hold
     * @param address where they must be; null if anywhere
     * @param sum how much is held then, there or by all
     * @param most how much may be held
     */
    boolean giveWayTo(long bytes, @Nullable Address address, long sum, long most) {
      long revoked = revokedBytes;
      if (revoked > 0 && (bytes <= revoked || !isTooMuch(bytes, sum - revoked, most))) {
        return true;
      }
      Revocable chosen = choose(bytes, address, sum, most);
      if (chosen == null) {
        return false;
      }
      try {
        chosen.revoke();
        return true;
      } catch (RejectedExecutionException loopIsShutDown) {
        keep(chosen);
        return false;
      }
    }

    private synchronized @Nullable Revocable choose(
        long bytes, @Nullable Address address, long sum, long most) {
      long now = nowNs.getAsLong();
      if (now - searchNs < 0) {
        return null;
      }
      Revocable chosen = null;
      double greatest = 0;
      for (Revocable one = first; one != null; one = one.after) {
        long idleNs = now - one.movedNs;
        long held = one.heldBytes();
        double claim = (double) held * idleNs;
        if (idleNs >= IDLE_NS
            && (held >= bytes || !isTooMuch(bytes, sum - held, most))
            && claim > greatest
            && !one.isRevoked
            && (address == null || address == one.address())) {
          chosen = one;
          greatest = claim;
        }
      }
      if (chosen == null) {
        searchNs = now + SEARCH_NS;
      } else {
        chosen.isRevoked = true;
        owe(chosen, Math.max(1, chosen.heldBytes()));
      }
      return chosen;
    }
  }

  private static final Held[] KINDS = Held.values();
  private static final int PARTS = Part.values().length;

  /** By the number of the kind. */
  private final LongAdder[] held = new LongAdder[KINDS.length];

  /** By the number of the part. */
  private final Revocables[] revocables = new Revocables[PARTS];

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
  public ClientMemory(long heapBytesMax, long directBytesMax, Time time) {
    this(heapBytesMax, directBytesMax, time, PlatformDependent::usedDirectMemory);
  }

  /**
   * The same for a process that tells otherwise how much direct memory it has taken.
   *
   * @param directBytes tells a negative number if that is not known
   */
  ClientMemory(long heapBytesMax, long directBytesMax, Time time, LongSupplier directBytes) {
    this.heapBytesMax = heapBytesMax;
    this.directBytesMax = directBytesMax;
    this.directBytes = directBytes;
    Arrays.setAll(held, kind -> new LongAdder());
    Arrays.setAll(revocables, part -> new Revocables(time::nowNs));
  }

  /** Sums that are never spent. */
  static ClientMemory unlimited() {
    return new ClientMemory(Long.MAX_VALUE, Long.MAX_VALUE, Time.system());
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
  public long held(Held kind) {
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
  public boolean isScarce() {
    return held(Part.RECEIVED) >= bytesMax(Part.RECEIVED) / 2;
  }

  /**
   * Whether a client holds more than it may, and no other gives way.
   *
   * @param address where it is; null if that is not known
   * @param own how much it holds of the kind's part
   * @param more how much more it wants to hold, in bytes
   */
  @SuppressWarnings("EnumOrdinal")
  public boolean isTooMuch(Held kind, @Nullable Address address, long own, long more) {
    Part part = kind.part;
    if (own + more <= ALWAYS && !part.isOfHttp()) {
      return false;
    }
    long max = bytesMax(part);
    long sum = held(part) + more;
    long most = max;
    Address ofSame = null;
    boolean isTooMuch = isTooMuch(own + more, sum, most);
    if (!isTooMuch && address != null && address.isLimited()) {
      long there = address.held(part) + more;
      most = ofAddress(max - sum + there);
      sum = there;
      ofSame = address;
      isTooMuch = isTooMuch(own + more, sum, most);
    }
    if (!isTooMuch || (part.isDirect() && !isDirectMemoryTaken(directBytesMax / 2))) {
      return false;
    }
    boolean isMadeWay = revocables[part.ordinal()].giveWayTo(own + more, ofSame, sum, most);
    boolean isLittle = own + more <= max / LITTLE_PART && !part.isOfHttp();
    return !(isMadeWay || isLittle) || isBeyond(part, ofSame, sum, most);
  }

  /** Whether even those that hold little may hold no more. */
  private boolean isBeyond(Part part, @Nullable Address address, long sum, long most) {
    boolean isMeasured = part.isDirect() && address == null && directBytes.getAsLong() >= 0;
    return isMeasured ? isDirectMemoryTaken(directBytesMax) : sum > most + most / 4;
  }

  /** How much an address may hold, of what others do not. */
  private static long ofAddress(long leftByOthers) {
    return leftByOthers / 4 * ADDRESS_QUARTERS;
  }

  /** What is shared by clients counts once for each of them; the process's own count tells. */
  private boolean isDirectMemoryTaken(long bytes) {
    long taken = directBytes.getAsLong();
    return taken < 0 || taken >= bytes;
  }

  /** The policy, for what is over {@link #ALWAYS}. Pure. */
  static boolean isTooMuch(long own, long heldByAll, long max) {
    return own / SHARE >= max - heldByAll;
  }
}
