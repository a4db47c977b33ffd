package dev.dormouse.server.gateway.limits;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Decides which clients may connect, by {@link ConnectionLimits}. It counts two things for the node
 * and for each address: TCP connections, from their acceptance to their end, whether they carry
 * HTTP or a socket; and seats, one for each waiting upgrade and each open socket. A waiting upgrade
 * counts once as a TCP connection and once as a seat.
 *
 * <pre>
 *   accepted ── openTcp ──► HTTP ── admit ──► upgrade waits ── takes ──► socket ── leave ──► gone
 *                            │ ▲                     │
 *                 closeTcp ◄─┘ └──────── free ───────┘
 * </pre>
 *
 * <p>Its memory is bounded by the number of open connections and by {@link AddressRates}. Any
 * thread may use it.
 */
public final class Admission {
  /**
   * An address may have one in this many of the node's HTTP connections, besides one TCP connection
   * for each of its seats.
   */
  private static final int ADDRESS_HTTP_PART = 8;

  /** The decision on a client that wants to connect. */
  public sealed interface Verdict {
    /** Calls one of the two: with the place that counts the client, or with the refusal. */
    void tell(Consumer<Place> given, Consumer<Refusal> refused);
  }

  /** A verdict that refuses a client. */
  record Refused(Refusal why) implements Verdict {
    @Override
    public void tell(Consumer<Place> given, Consumer<Refusal> refused) {
      refused.accept(why);
    }
  }

  /**
   * A verdict that admits a client: the counts of the client's address. All connections of an
   * address share one object, so that an open socket costs only a reference. Clients without an
   * address limit share one object, too.
   */
  public final class Place extends ClientMemory.Address implements Verdict {
    /** The key of the address; null for the place of all clients without an address limit. */
    private final @Nullable Long address;

    // Changed only in the map's atomic functions for this address.
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

    /** Uncounts a TCP connection that ended without having become a socket. */
    public void closeTcp() {
      nodeTcp.decrementAndGet();
      http.decrementAndGet();
      change(this, -1, 0, 0);
    }

    /** Uncounts a plain request, whose memory is released. */
    public void endRequest() {
      change(this, 0, 0, -1);
    }

    /** Frees the seat of an upgrade that does not become a socket. */
    public void free() {
      taken.decrementAndGet();
      change(this, 0, -1, 0);
    }

    /**
     * Counts the TCP connection of a new socket, whose upgrade has a seat here already.
     *
     * @param from the place that counted the TCP connection until now; null if none did
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

    /** Uncounts a socket that ended: its seat and its TCP connection. */
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

  /** The number of TCP connections that are no sockets. */
  private final AtomicInteger http = new AtomicInteger();

  private final AtomicInteger nodeTcp = new AtomicInteger();
  private final AtomicInteger taken = new AtomicInteger();
  private final Place nobodys = new Place(null);

  /** The places of all addresses that have something, by their key; empty if there is no limit. */
  private final ConcurrentHashMap<Long, Place> byAddress = new ConcurrentHashMap<>();

  /** The rates at which addresses send upgrades and requests; null if there is no limit. */
  private final @Nullable AddressRates rates;

  /**
   * Creates an admission without clients.
   *
   * @param httpConnectionsMax the number of TCP connections that the node may have besides one for
   *     each socket that it may have
   */
  Admission(ConnectionLimits limits, int httpConnectionsMax) {
    this.seatsMax = limits.connectionsMax().orElse(ConnectionLimits.ANY_NUMBER);
    this.tcpMax = (long) seatsMax + httpConnectionsMax;
    this.addressSeatsMax = limits.addressMax();
    this.addressTcpMax =
        (long) addressSeatsMax + Math.max(1, httpConnectionsMax / ADDRESS_HTTP_PART);
    this.rates =
        limits.upgradesPerSecondPerAddress().isEmpty()
            ? null
            : new AddressRates(limits.upgradesPerSecondPerAddress().getAsInt());
  }

  /**
   * Decides on a new TCP connection, and counts it if it is admitted.
   *
   * @param peer the address it comes from; null if that address has no limit of its own
   * @return the {@link Place} that counts it, which must be told once of its end; or a refusal
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
   * Moves a TCP connection to the address of its client, which a proxy has told. If the verdict is
   * a refusal, the connection stays counted where it was.
   *
   * @param from the place that has counted the connection until now
   */
  public Verdict move(Place from, InetAddress client) {
    Verdict verdict = at(client, true);
    if (verdict instanceof Place) {
      change(from, -1, 0, 0);
    }
    return verdict;
  }

  /**
   * Decides on an upgrade, and gives it a seat if it is admitted.
   *
   * @param client the client's address; null if the client has no internet address, and therefore
   *     no address limit
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

  /**
   * Counts an upgrade or a plain request to an actor, and returns whether its address sends too
   * many of them in a second.
   */
  public boolean isTooOften(@Nullable InetAddress client, long nowNs) {
    return client != null && rates != null && !rates.take(keyOf(client), nowNs);
  }

  /**
   * Counts a plain request at its client's address, and returns the place. The caller must call
   * {@link Place#endRequest} once, when the request's memory is released. The address of the client
   * may differ from that of the TCP connection.
   *
   * @param client the client's address; null if the client has no internet address
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

  /** Returns the number of TCP connections that are no sockets. */
  public int http() {
    return http.get();
  }

  /** Returns how many seats are taken. */
  int taken() {
    return taken.get();
  }

  /** Returns the number of all TCP connections. */
  public int tcp() {
    return nodeTcp.get();
  }

  /** Returns how many addresses are counted; 0 if addresses have no limit. */
  int addresses() {
    return byAddress.size();
  }

  /**
   * Returns the key of an address: all of an IPv4 address under a prefix that no IPv6 host has, or
   * the first 64 bits of an IPv6 address.
   */
  static long keyOf(InetAddress address) {
    byte[] bytes = address.getAddress();
    return address instanceof Inet4Address
        ? ByteBuffer.wrap(bytes).getInt() & 0xFFFF_FFFFL
        : ByteBuffer.wrap(bytes).getLong();
  }
}
