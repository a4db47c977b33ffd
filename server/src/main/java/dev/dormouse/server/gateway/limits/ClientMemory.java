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
 * Accounts for the memory that clients make the process hold, and decides who may hold more. Every
 * byte that is held for a client has a {@link Held} kind. The class that holds the byte either
 * extends {@link Holder} or charges the byte by {@link #hold}; a test searches the fields of the
 * gateway's classes for one that does neither. Each kind belongs to a {@link Part} of the heap or
 * of the direct memory that clients may have, so that a full part takes nothing from another.
 *
 * <p><b>The share of a client.</b> A client may always hold {@link #ALWAYS} bytes of the messages
 * that come and go over its socket. It may hold more as long as its sum is less than {@link #SHARE}
 * times what is left of the part. So a client that is alone may hold most of the part, many clients
 * that hold much get about equal shares, and something is always left for new clients that hold
 * little. The clients of one {@link Address} share three quarters of what the clients of other
 * addresses leave, by the same rule. So an address with many clients leaves something for others.
 *
 * <p><b>The end of a share.</b> A plain request over the share is answered 503, because a client
 * can repeat a request. A socket over the share, whether its client sends or does not read, is
 * closed with 1013. There is one exception: while a socket holds only messages that wait for their
 * actor, the gateway stops reading the socket instead. It does so, too, when half of the part is
 * held and the socket holds {@link #LITTLE} bytes of such messages.
 *
 * <p><b>Clients that give way.</b> Before one client is refused more memory, another client gives
 * way. Only a {@link Revocable} can give way. It must have made no progress for {@link #IDLE_NS},
 * and it must hold as much as the first client is to hold, or enough to make room. The one with the
 * greatest product of bytes and idle time is chosen. Its own event loop closes its socket with
 * 1013, or its HTTP connection, and releases its memory at once. Until then clients that hold less
 * than it may exceed the part, and no other client is chosen for them. A socket that holds no more
 * than a {@link #LITTLE_PART}th of the part may always exceed it. All excess together is at most a
 * quarter of the part.
 *
 * <p><b>Direct memory.</b> A buffer that goes to several clients is counted once for each of them.
 * So the sum tells which client holds much, but not how much memory is taken. For that reason
 * clients are refused direct memory only if the process itself has taken half of what clients may
 * have; clients that hold little are refused only if the process has taken all of it.
 *
 * <p>Any thread may use this class.
 */
public final class ClientMemory {
  /** The bytes of a part that a client may always hold; so few are not worth refusing. */
  public static final int ALWAYS = 2 << 10;

  /** A client may hold less than this many times the bytes that are left of a part. */
  static final int SHARE = 4;

  /** The bytes of messages waiting for an actor from which on their client may be made to wait. */
  public static final int LITTLE = 64 << 10;

  /** The bytes from which on a client that makes no progress may have to give way to others. */
  static final int MUCH = 8 << 10;

  /** The time without progress, in nanoseconds, after which a client may have to give way. */
  static final long IDLE_NS = TimeUnit.SECONDS.toNanos(5);

  /** The pause, in nanoseconds, after a search that found no client that could give way. */
  private static final long SEARCH_NS = TimeUnit.MILLISECONDS.toNanos(100);

  /** A client that holds at most one in this many bytes of a part is refused more only at last. */
  private static final int LITTLE_PART = 64;

  /** An address may hold this many quarters of the bytes that other addresses leave. */
  private static final int ADDRESS_QUARTERS = 3;

  /**
   * A part of the memory that clients may have. Its two numbers are the fraction of all bytes of
   * that memory, heap or direct.
   */
  enum Part {
    /** Half of the heap bytes, for messages that come from clients over sockets. */
    RECEIVED(1, 2),
    /** A quarter of the heap bytes, for messages that go to clients over sockets. */
    WAITING(1, 4),
    /** A quarter of the heap bytes, for plain requests and their answers. */
    REQUESTS(1, 4),
    /** All heap bytes once more, for sockets and HTTP connections without what comes over them. */
    CONNECTIONS(1, 1),
    /** Half of the direct bytes, for data that the network has received. */
    INPUT(1, 2),
    /** Half of the direct bytes, for data that the network is to send. */
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

    /** Returns whether HTTP uses the part; if so, clients that hold little have no privilege. */
    private boolean isOfHttp() {
      return this == REQUESTS || this == CONNECTIONS;
    }

    /** Returns how many of a client's bytes count at its address. */
    private long counted(long bytes) {
      return isOfHttp() ? bytes : bytes / ALWAYS * ALWAYS;
    }

    private long of(long bytes) {
      return bytes / denominator * numerator;
    }
  }

  /** A kind of bytes that are held for clients. */
  public enum Held {
    /** Messages that their actor has not handled. */
    MESSAGES(Part.RECEIVED),
    /** Fragments of a message that is not whole. */
    FRAGMENTS(Part.RECEIVED),
    /** Received bytes of a frame that is not whole, or that is not to be read yet. */
    INPUT(Part.INPUT),
    /** Heads of requests, upgrades included, from their first byte until they are answered. */
    HEADS(Part.REQUESTS),
    /** HTTP connections, until they end or become sockets. */
    CONNECTIONS(Part.CONNECTIONS),
    /** The objects of sockets, without the messages that come and go over them. */
    SOCKETS(Part.CONNECTIONS),
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
   * The sums that the clients of one address hold, one for each part. The bytes that a client holds
   * of one kind count here in whole multiples of {@link #ALWAYS}; bytes of HTTP count exactly. Any
   * thread may use it.
   */
  public static class Address {
    /** The held bytes by the ordinal of the part; null until something is held. */
    private volatile @Nullable AtomicLongArray held;

    /** Returns whether the address has a share of its own, less than the whole part. */
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

    /** Returns about how many bytes of a part the address holds. */
    @SuppressWarnings("EnumOrdinal")
    final long held(Part part) {
      AtomicLongArray sums = held;
      return sums == null ? 0 : sums.get(part.ordinal());
    }
  }

  /**
   * An object that holds memory of one kind for a client, and knows how many bytes. One thread at a
   * time may use it; its subclass says which.
   */
  public abstract static class Holder {
    private final ClientMemory memory;
    private final Held kind;

    /** The client's address; null if it is not known. */
    private final @Nullable Address address;

    private long heldBytes;

    /**
     * Creates a holder of nothing.
     *
     * @param address the client's address; null if it is not known
     */
    public Holder(ClientMemory memory, Held kind, @Nullable Address address) {
      this.memory = memory;
      this.kind = kind;
      this.address = address;
    }

    /** Charges bytes that are held in addition; a negative number releases bytes. */
    public final void hold(long bytes) {
      long before = heldBytes;
      heldBytes += bytes;
      memory.hold(kind, address, before, heldBytes);
      changed(before, heldBytes);
    }

    /** Takes note that the held bytes have changed. */
    void changed(long before, long now) {}

    /** Returns about how many bytes are held. */
    public final long heldBytes() {
      return heldBytes;
    }

    /** Returns the client's address; null if it is not known. */
    final @Nullable Address address() {
      return address;
    }

    /**
     * Returns whether the client holds more than it may, with this object's bytes and others.
     *
     * @param otherBytes bytes of the same part that other objects hold for the client
     */
    public final boolean isTooMuchWith(long otherBytes) {
      return memory.isTooMuch(kind, address, heldBytes + otherBytes, 0);
    }

    /** Releases all bytes that are held. */
    public final void letGo() {
      hold(-heldBytes);
    }
  }

  /**
   * A holder whose client can be disconnected for the sake of others when it makes no progress.
   * While the holder has {@link #MUCH} bytes it is on its part's list of candidates.
   */
  public abstract static class Revocable extends Holder {
    private final Revocables list;

    /** The time of the client's last progress. Written by the holder's thread, read by any. */
    private long movedNs;

    private boolean isListed;

    // Guarded by the list.
    private @Nullable Revocable before;
    private @Nullable Revocable after;
    private boolean isRevoked;

    /** The bytes that the holder still has to release, if it was chosen to give way; else 0. */
    private long owedBytes;

    @SuppressWarnings("EnumOrdinal")
    public Revocable(ClientMemory memory, Held kind, @Nullable Address address) {
      super(memory, kind, address);
      list = memory.revocables[kind.part.ordinal()];
    }

    /**
     * Starts the disconnection of the client, and returns at once. The client's own thread then
     * checks that {@link #isRevoked} still holds, ends the client and releases its bytes. Any
     * thread may call this.
     */
    public abstract void revoke();

    /** Notes progress of the client: it reads, or sends more of its half input. */
    public final void moved() {
      if (isListed) {
        movedNs = list.nowNs.getAsLong();
        list.keep(this);
      }
    }

    /** Returns whether the client was chosen to give way, and has made no progress since. */
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

  /** The list of holders that have much of one part. Any thread may use it. */
  private static final class Revocables {
    private final LongSupplier nowNs;

    // Guarded by the monitor.
    private @Nullable Revocable first;
    private long searchNs;

    /** The bytes that the chosen holders have not released yet. */
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

    /** Notes that a holder has more bytes, or less; it may be one that was chosen. */
    void changed(Revocable one, long more) {
      if (revokedBytes > 0) {
        synchronized (this) {
          owe(one, one.isRevoked ? Math.max(1, one.owedBytes + more) : 0);
        }
      }
    }

    /** Takes the choice of a holder back, if it was chosen. */
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
     * Returns whether other clients give way to a client, and chooses one of them if none does yet.
     * Clients that give way must make enough room, or hold as much as the client.
     *
     * @param bytes the bytes that the client is to hold
     * @param address the address whose clients may be chosen; null if all clients may
     * @param sum the bytes that the address holds then, or all clients if the address is null
     * @param most the bytes that may be held
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

  /** The held bytes of all clients, by the ordinal of the kind. */
  private final LongAdder[] held = new LongAdder[KINDS.length];

  /** The candidates for giving way, by the ordinal of the part. */
  private final Revocables[] revocables = new Revocables[PARTS];

  private final long heapBytesMax;
  private final long directBytesMax;

  /** Tells how many bytes of direct memory the process has taken; negative if that is unknown. */
  private final LongSupplier directBytes;

  /**
   * Creates an account with nothing held.
   *
   * @param heapBytesMax the bytes that clients may hold on the heap
   * @param directBytesMax the bytes that clients may hold in direct memory
   */
  public ClientMemory(long heapBytesMax, long directBytesMax, Time time) {
    this(heapBytesMax, directBytesMax, time, PlatformDependent::usedDirectMemory);
  }

  /**
   * Creates an account with nothing held, with a given measure of the process's direct memory.
   *
   * @param directBytes tells the bytes of direct memory that the process has taken, or a negative
   *     number if that is unknown
   */
  ClientMemory(long heapBytesMax, long directBytesMax, Time time, LongSupplier directBytes) {
    this.heapBytesMax = heapBytesMax;
    this.directBytesMax = directBytesMax;
    this.directBytes = directBytes;
    Arrays.setAll(held, kind -> new LongAdder());
    Arrays.setAll(revocables, part -> new Revocables(time::nowNs));
  }

  /** Creates an account in which any client may hold everything. */
  static ClientMemory unlimited() {
    return new ClientMemory(Long.MAX_VALUE, Long.MAX_VALUE, Time.system());
  }

  /**
   * Notes a change of the bytes that one object holds for a client.
   *
   * @param address the client's address; null if it is not known
   * @param before the bytes until now
   * @param now the bytes from now on
   */
  @SuppressWarnings("EnumOrdinal") // ordinals never leave this process
  public void hold(Held kind, @Nullable Address address, long before, long now) {
    held[kind.ordinal()].add(now - before);
    if (address != null) {
      address.hold(kind.part, kind.part.counted(now) - kind.part.counted(before));
    }
  }

  /** Returns how many bytes of a kind are held. */
  @SuppressWarnings("EnumOrdinal")
  public long held(Held kind) {
    return held[kind.ordinal()].sum();
  }

  /** Returns how many bytes of a part are held. */
  long held(Part part) {
    long sum = 0;
    for (Held kind : KINDS) {
      sum += kind.part == part ? held(kind) : 0;
    }
    return sum;
  }

  /** Returns how many bytes of a part may be held. */
  long bytesMax(Part part) {
    return part.of(part.isDirect() ? directBytesMax : heapBytesMax);
  }

  /** Returns whether at least half of the part for received messages is held. */
  public boolean isScarce() {
    return held(Part.RECEIVED) >= bytesMax(Part.RECEIVED) / 2;
  }

  /**
   * Returns whether a client would hold more than it may, although others were asked to give way.
   *
   * @param address the client's address; null if it is not known
   * @param own the bytes that the client holds of the kind's part
   * @param more the bytes that the client wants to hold in addition
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

  /** Returns whether the part is so full that even clients with little of it are refused more. */
  private boolean isBeyond(Part part, @Nullable Address address, long sum, long most) {
    boolean isMeasured = part.isDirect() && address == null && directBytes.getAsLong() >= 0;
    return isMeasured ? isDirectMemoryTaken(directBytesMax) : sum > most + most / 4;
  }

  /** Returns how many bytes an address may hold, of those that other addresses leave. */
  private static long ofAddress(long leftByOthers) {
    return leftByOthers / 4 * ADDRESS_QUARTERS;
  }

  /** Returns whether the process itself has taken so much direct memory, or does not know. */
  private boolean isDirectMemoryTaken(long bytes) {
    long taken = directBytes.getAsLong();
    return taken < 0 || taken >= bytes;
  }

  /** Returns whether a client over {@link #ALWAYS} has more than its share. A pure function. */
  static boolean isTooMuch(long own, long heldByAll, long max) {
    return own / SHARE >= max - heldByAll;
  }
}
