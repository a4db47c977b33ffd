package dev.dormouse.server.gateway.limits;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Who gets in, by {@link ConnectionLimits}. Two things are counted, of the node and of each
 * address: TCP connections, from when they are accepted to their end, whatever is on them; and
 * seats, of upgrades that wait and of sockets. An upgrade is on a TCP connection that is counted
 * already; so one that waits counts once as each, and not twice as either.
 *
 * <pre>
 *   accepted ── openTcp ──► HTTP ── admit ──► upgrade waits ── takes ──► socket ── leave ──► gone
 *                            │ ▲                     │
 *                 closeTcp ◄─┘ └──────── free ───────┘
 * </pre>
 *
 * <p>What it remembers is bounded by the connections that there are and by {@link AddressRates}.
 * Any thread.
 */
public final class Admission {
  /** An address may have this part of the node's TCP connections besides as many as its seats. */
  private static final int ADDRESS_HTTP_PART = 8;

  /** The decision on a client that comes. */
  public sealed interface Verdict {
    /** Tells one of the two: where the client is counted from now on, or why it may not come. */
    void tell(Consumer<Place> given, Consumer<Refusal> refused);
  }

  /** The client may not come. */
  record Refused(Refusal why) implements Verdict {
    @Override
    public void tell(Consumer<Place> given, Consumer<Refusal> refused) {
      refused.accept(why);
    }
  }

  /**
   * Yes: the address that is counted at, or nobody's. One for all connections of an address, so
   * that an open socket keeps no more than a reference.
   */
  public final class Place extends ClientMemory.Address implements Verdict {
    /** Null if it is nobody's in particular, and has no limits of its own. */
    private final @Nullable Long address;

    // Changed by the map's function of this address only.
    private int tcp;
    private int seats;
    private int requests;

    @Override
    public void tell(Consumer<Place> given, Consumer<Refusal> refused) {
      given.accept(this);
    }

    private Place(@Nullable Long address) {
      this.address = address;
    }

    @Override
    boolean isLimited() {
      return address != null;
    }

    /** A TCP connection that is no socket has ended. */
    public void closeTcp() {
      nodeTcp.decrementAndGet();
      http.decrementAndGet();
      change(this, -1, 0, 0);
    }

    /** What was held for a request is let go. */
    public void endRequest() {
      change(this, 0, 0, -1);
    }

    /** An upgrade that had a seat here becomes no socket. */
    public void free() {
      taken.decrementAndGet();
      change(this, 0, -1, 0);
    }

    /**
     * An upgrade that has a seat here becomes a socket.
     *
     * @param from where its TCP connection was counted until now; null if nowhere
     */
    public void takes(@Nullable Place from) {
      if (from == null) {
        nodeTcp.incrementAndGet();
      } else {
        http.decrementAndGet();
      }
      if (from != this) {
        change(this, 1, 0, 0);
        if (from != null) {
          change(from, -1, 0, 0);
        }
      }
    }

    /** A socket is gone, and with it its TCP connection. */
    public void leave() {
      nodeTcp.decrementAndGet();
      taken.decrementAndGet();
      change(this, -1, -1, 0);
    }
  }

  private final int seatsMax;
  private final long tcpMax;
  private final int addressSeatsMax;
  private final long addressTcpMax;

  /** TCP connections that are no sockets. */
  private final AtomicInteger http = new AtomicInteger();

  private final AtomicInteger nodeTcp = new AtomicInteger();
  private final AtomicInteger taken = new AtomicInteger();
  private final Place nobodys = new Place(null);

  /** What each address has, if that is limited; none that has nothing. */
  private final ConcurrentHashMap<Long, Place> byAddress = new ConcurrentHashMap<>();

  /** Null if there is no limit. */
  private final @Nullable AddressRates rates;

  /**
   * Nobody is in.
   *
   * @param httpConnectionsMax how many TCP connections there may be besides as many as there may be
   *     sockets
   */
  Admission(ConnectionLimits limits, int httpConnectionsMax) {
    this.seatsMax = limits.connectionsMax();
    this.tcpMax = (long) seatsMax + httpConnectionsMax;
    this.addressSeatsMax = limits.addressMax();
    this.addressTcpMax =
        (long) addressSeatsMax + Math.max(1, httpConnectionsMax / ADDRESS_HTTP_PART);
    this.rates =
        limits.upgradesPerSecondPerAddress() == 0
            ? null
            : new AddressRates(limits.upgradesPerSecondPerAddress());
  }

  /**
   * A TCP connection comes, on which there will be HTTP.
   *
   * @param peer where it comes from; null if that has no limit of its own
   * @return a {@link Place}, to be told of its end once; or no
   */
  public Verdict openTcp(@Nullable InetAddress peer) {
    if (nodeTcp.incrementAndGet() > tcpMax) {
      nodeTcp.decrementAndGet();
      return new Refused(Refusal.NODE_FULL);
    }
    Verdict verdict = at(peer, true);
    if (verdict instanceof Refused) {
      nodeTcp.decrementAndGet();
    } else {
      http.incrementAndGet();
    }
    return verdict;
  }

  /**
   * A proxy tells whose connection it is. It stays where it was if the answer is no.
   *
   * @param from where it was counted until now
   */
  public Verdict move(Place from, InetAddress client) {
    Verdict verdict = at(client, true);
    if (verdict instanceof Place) {
      change(from, -1, 0, 0);
    }
    return verdict;
  }

  /**
   * A seat for an upgrade of a client, or not.
   *
   * @param client where it is; null if nowhere on the internet: no limit for its address
   */
  public Verdict admit(@Nullable InetAddress client, long nowNs) {
    if (taken.incrementAndGet() > seatsMax) {
      taken.decrementAndGet();
      return new Refused(Refusal.NODE_FULL);
    }
    Verdict verdict =
        isTooOften(client, nowNs) ? new Refused(Refusal.ADDRESS_RATE) : at(client, false);
    if (verdict instanceof Refused) {
      taken.decrementAndGet();
    }
    return verdict;
  }

  /** Whether a client comes too often: with an upgrade, or a plain request to an actor. */
  public boolean isTooOften(@Nullable InetAddress client, long nowNs) {
    return client != null && rates != null && !rates.take(keyOf(client), nowNs);
  }

  /**
   * Returns where what is held for a plain request is counted, whoever's connection it came over.
   * To be told once that {@link Place#endRequest}.
   *
   * @param client where it is; null if nowhere on the internet
   */
  public Place beginRequest(@Nullable InetAddress client) {
    if (client == null || addressSeatsMax == ConnectionLimits.ANY_NUMBER) {
      return nobodys;
    }
    return byAddress.compute(
        keyOf(client),
        (address, before) -> {
          Place place = before == null ? new Place(address) : before;
          place.requests++;
          return place;
        });
  }

  private Verdict at(@Nullable InetAddress client, boolean isTcp) {
    if (client == null || addressSeatsMax == ConnectionLimits.ANY_NUMBER) {
      return nobodys;
    }
    Verdict[] verdict = {new Refused(Refusal.ADDRESS_FULL)};
    byAddress.compute(
        keyOf(client),
        (address, before) -> {
          Place place = before == null ? new Place(address) : before;
          if (isTcp ? place.tcp >= addressTcpMax : place.seats >= addressSeatsMax) {
            return before;
          }
          place.tcp += isTcp ? 1 : 0;
          place.seats += isTcp ? 0 : 1;
          verdict[0] = place;
          return place;
        });
    return verdict[0];
  }

  private void change(Place place, int tcp, int seats, int requests) {
    if (place.address != null) {
      byAddress.computeIfPresent(
          place.address,
          (address, there) -> {
            there.tcp += tcp;
            there.seats += seats;
            there.requests += requests;
            return there.tcp == 0 && there.seats == 0 && there.requests == 0 ? null : there;
          });
    }
  }

  /** How many TCP connections there are that are no sockets. */
  public int http() {
    return http.get();
  }

  /** How many seats are taken. */
  int taken() {
    return taken.get();
  }

  /** How many TCP connections there are. */
  public int tcp() {
    return nodeTcp.get();
  }

  /** How many addresses have connections, if those are limited. */
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
