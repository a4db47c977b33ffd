package dev.dormouse.server.gateway;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Who gets in, by {@link ConnectionLimits}: an upgrade takes a seat, which it or the socket that it
 * becomes frees when it is gone. What it remembers is bounded by the seats taken and by {@link
 * AddressRates}. Any thread.
 */
final class Admission {
  /** What an upgrade is given. */
  sealed interface Verdict {}

  /** No seat. */
  record Refused(Refusal why) implements Verdict {}

  /** One more connection. To be freed once. */
  sealed interface Seat extends Verdict {
    void free();
  }

  private final class AnySeat implements Seat {
    @Override
    public void free() {
      taken.decrementAndGet();
    }
  }

  private final class AddressSeat implements Seat {
    private final long address;

    AddressSeat(long address) {
      this.address = address;
    }

    @Override
    public void free() {
      freeAt(address);
      taken.decrementAndGet();
    }
  }

  private final ConnectionLimits limits;

  /** How many TCP connections there may be besides as many sockets as there may be. */
  private final int httpConnectionsMax;

  /** TCP connections on which there is HTTP. */
  private final AtomicInteger plain = new AtomicInteger();

  private final AtomicInteger taken = new AtomicInteger();
  private final Seat anySeat = new AnySeat();

  /** How many seats each address has, if that is limited. */
  private final ConcurrentHashMap<Long, Integer> byAddress = new ConcurrentHashMap<>();

  /** Null if there is no limit. */
  private final @Nullable AddressRates rates;

  Admission(ConnectionLimits limits, int httpConnectionsMax) {
    this.limits = limits;
    this.httpConnectionsMax = httpConnectionsMax;
    this.rates =
        limits.upgradesPerSecondPerAddress() == 0
            ? null
            : new AddressRates(limits.upgradesPerSecondPerAddress());
  }

  /**
   * A TCP connection comes, on which there will be HTTP; to be closed once, whatever is answered.
   *
   * @return whether it may be: if not, there are too many for the process's file handles
   */
  boolean openPlain() {
    return plain.incrementAndGet() + (long) taken.get()
        <= limits.connectionsMax() + (long) httpConnectionsMax;
  }

  /** It is gone, or became a socket. */
  void closePlain() {
    plain.decrementAndGet();
  }

  /** How many there are of those. */
  int plain() {
    return plain.get();
  }

  /**
   * A seat for a client, or not.
   *
   * @param client where it is; null if nowhere on the internet: no limit for its address
   */
  Verdict admit(@Nullable InetAddress client, long nowNs) {
    if (taken.incrementAndGet() > limits.connectionsMax()) {
      return refuse(Refusal.NODE_FULL);
    }
    if (client == null) {
      return anySeat;
    }
    long address = keyOf(client);
    if (rates != null && !rates.take(address, nowNs)) {
      return refuse(Refusal.ADDRESS_RATE);
    }
    if (limits.addressMax() == ConnectionLimits.ANY_NUMBER) {
      return anySeat;
    }
    if (byAddress.merge(address, 1, Integer::sum) > limits.addressMax()) {
      freeAt(address);
      return refuse(Refusal.ADDRESS_FULL);
    }
    return new AddressSeat(address);
  }

  private void freeAt(long address) {
    byAddress.computeIfPresent(address, (key, seats) -> seats == 1 ? null : seats - 1);
  }

  private Verdict refuse(Refusal why) {
    taken.decrementAndGet();
    return new Refused(why);
  }

  /** How many seats are taken. */
  int taken() {
    return taken.get();
  }

  /** How many addresses have seats, if those are limited. */
  int addresses() {
    return byAddress.size();
  }

  /**
   * An IPv4 address, under a prefix that no IPv6 host has, or the first half of an IPv6 address.
   */
  static long keyOf(InetAddress address) {
    byte[] bytes = address.getAddress();
    return address instanceof Inet4Address
        ? ByteBuffer.wrap(bytes).getInt() & 0xFFFF_FFFFL
        : ByteBuffer.wrap(bytes).getLong();
  }
}
