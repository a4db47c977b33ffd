package dev.dormouse.server.simulation;

import dev.dormouse.server.protocol.Link;
import dev.dormouse.server.protocol.Link.Frame;
import dev.dormouse.server.protocol.ToHost;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The carriers between gateways and hosts: frames wait until a step delivers them. Rough carriers
 * lose, repeat and reorder frames. Orderly carriers do not, but they are cut at times, and lose
 * what is under way then.
 */
final class Wires {

  /** A record for a host, with what the transport tells the host about its sender. */
  record Parcel(long gateway, long epoch, ToHost record) {}

  /** A node at the end of a wire. */
  interface End {
    String name();

    boolean isUp();

    boolean isPaused();

    /** Takes a frame from a node; a frame has the right kind of payload. */
    void receive(String from, Frame<?> frame);

    /** Hears that the wire to a node is up, and may have lost what was under way. */
    void wireUp(String to);
  }

  private record Flight(End from, End to, Frame<?> frame) {}

  private final ClusterSimulation run;
  private final List<Flight> flights = new ArrayList<>();

  /** The wires that are cut, as the names of their ends. */
  private final Set<String> cut = new HashSet<>();

  Wires(ClusterSimulation run) {
    this.run = run;
  }

  /** Returns the limits of the links. */
  static Link.Limits limits(ClusterWeather weather) {
    Link.Limits defaults = Link.Limits.defaults();
    return new Link.Limits(
        weather.linkRecordsMax(), 1 << 30, defaults.deadlineNs(), defaults.resendNs());
  }

  private static String wire(End one, End other) {
    return one.name().compareTo(other.name()) < 0
        ? one.name() + other.name()
        : other.name() + one.name();
  }

  /** Takes a frame for another node. */
  void carry(End from, End to, Frame<?> frame) {
    if (cut.contains(wire(from, to)) || !to.isUp()) {
      return;
    }
    boolean isLost = run.mayBeRough(run.weather().lossPercent());
    if (!isLost) {
      flights.add(new Flight(from, to, frame));
      if (run.mayBeRough(run.weather().repeatPercent())) {
        flights.add(new Flight(from, to, frame));
      }
    }
  }

  /** Delivers a few frames; returns whether there was one. */
  boolean deliverSome(int most) {
    boolean isAny = false;
    for (int i = 0; i < most && !flights.isEmpty() && !run.isBroken(); i++) {
      int at = run.isRough() ? run.dice().below(flights.size()) : 0;
      while (at < flights.size() && flights.get(at).to.isPaused()) {
        at++;
      }
      if (at == flights.size()) {
        return isAny;
      }
      Flight flight = flights.remove(at);
      isAny = true;
      if (flight.to.isUp()) {
        flight.to.receive(flight.from.name(), flight.frame);
      }
    }
    return isAny;
  }

  boolean isEmpty() {
    return flights.isEmpty();
  }

  /** Drops what is on its way to a node whose process has died. */
  void died(End end) {
    flights.removeIf(flight -> flight.to == end);
  }

  /** Cuts a wire: what is under way is lost. */
  void cut(End one, End other) {
    String wire = wire(one, other);
    run.trace("wire " + wire + " is cut");
    cut.add(wire);
    flights.removeIf(flight -> wire(flight.from, flight.to).equals(wire));
  }

  void mend(End one, End other) {
    if (cut.remove(wire(one, other))) {
      run.trace("wire " + wire(one, other) + " is mended");
      one.wireUp(other.name());
      other.wireUp(one.name());
    }
  }

  boolean isCut(End one, End other) {
    return cut.contains(wire(one, other));
  }
}
