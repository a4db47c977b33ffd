package dev.dormouse.server.gateway.limits;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.server.gateway.limits.Admission.Place;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class AdmissionTest {
  private static final long SECOND_NS = 1_000_000_000;

  private static InetAddress from(String literal) {
    try {
      return InetAddress.getByName(literal);
    } catch (UnknownHostException e) {
      throw new AssertionError(e);
    }
  }

  private static Admission.Refused refused(Refusal why) {
    return new Admission.Refused(why);
  }

  @Test
  @DisplayName("the node's seats are given out once, and again when they are freed")
  void theNodesSeatsAreGivenOutOnceAndAgainWhenTheyAreFreed() {
    Admission admission = new Admission(ConnectionLimits.none().connectionsMax(2), 256);
    Place first = (Place) admission.admit(from("192.0.2.1"), 0);
    assertThat(admission.admit(null, 0)).isInstanceOf(Place.class);
    assertThat(admission.admit(from("192.0.2.2"), 0)).isEqualTo(refused(Refusal.NODE_FULL));
    first.free();
    assertThat(admission.taken()).isEqualTo(1);
    assertThat(admission.admit(from("192.0.2.2"), 0)).isInstanceOf(Place.class);
    assertThat(admission.admit(from("192.0.2.2"), 0)).isEqualTo(refused(Refusal.NODE_FULL));
  }

  @Test
  @DisplayName("an address has its own seats; one without any costs nothing")
  void anAddressHasItsOwnSeats() {
    Admission admission =
        new Admission(ConnectionLimits.none().connectionsMax(100).perAddressMax(2), 256);
    List<Place> seats = new ArrayList<>();
    for (String client : List.of("192.0.2.1", "192.0.2.1", "192.0.2.2")) {
      seats.add((Place) admission.admit(from(client), 0));
    }
    assertThat(admission.admit(from("192.0.2.1"), 0)).isEqualTo(refused(Refusal.ADDRESS_FULL));
    assertThat(admission.addresses()).isEqualTo(2);
    assertThat(admission.taken()).isEqualTo(3);
    seats.get(0).free();
    seats.set(0, (Place) admission.admit(from("192.0.2.1"), 0));
    seats.forEach(Place::free);
    assertThat(admission.addresses()).isZero();
    assertThat(admission.taken()).isZero();
  }

  @Test
  @DisplayName("neighbours in an IPv6 /64 are one address, other networks and IPv4 are not")
  void neighboursInAnIpv6NetworkAreOneAddress() {
    Admission admission =
        new Admission(ConnectionLimits.none().connectionsMax(100).perAddressMax(1), 256);
    assertThat(admission.admit(from("2001:db8:0:1::1"), 0)).isInstanceOf(Place.class);
    assertThat(admission.admit(from("2001:db8:0:1:ffff::2"), 0))
        .isEqualTo(refused(Refusal.ADDRESS_FULL));
    assertThat(admission.admit(from("2001:db8:0:2::1"), 0)).isInstanceOf(Place.class);
    assertThat(admission.admit(from("255.255.255.255"), 0)).isInstanceOf(Place.class);
    assertThat(admission.admit(from("::ffff:255.255.255.255"), 0))
        .isEqualTo(refused(Refusal.ADDRESS_FULL));
  }

  @Test
  @DisplayName("upgrades of an address come at its rate; those refused take no seat")
  void upgradesOfAnAddressComeAtItsRate() {
    Admission admission =
        new Admission(
            ConnectionLimits.none().connectionsMax(100).upgradesPerSecondPerAddress(2), 256);
    InetAddress client = from("192.0.2.1");
    assertThat(admission.admit(client, 0)).isInstanceOf(Place.class);
    assertThat(admission.admit(client, 0)).isInstanceOf(Place.class);
    assertThat(admission.admit(client, 0)).isEqualTo(refused(Refusal.ADDRESS_RATE));
    assertThat(admission.admit(from("192.0.2.2"), 0)).isInstanceOf(Place.class);
    assertThat(admission.taken()).isEqualTo(3);
    assertThat(admission.admit(client, SECOND_NS / 2)).isInstanceOf(Place.class);
  }

  @Test
  @DisplayName("an upgrade that waits is one TCP connection, not two")
  void anUpgradeThatWaitsCountsOnce() {
    Admission admission = new Admission(ConnectionLimits.none().connectionsMax(2), 2);
    InetAddress client = from("192.0.2.1");
    Place first = (Place) admission.openTcp(client);
    Place second = (Place) admission.openTcp(client);
    Place firstSeat = (Place) admission.admit(client, 0);
    Place secondSeat = (Place) admission.admit(client, 0);
    assertThat(admission.tcp()).isEqualTo(2);
    Place third = (Place) admission.openTcp(client);
    assertThat(admission.openTcp(client)).isInstanceOf(Place.class);
    assertThat(admission.openTcp(client)).isEqualTo(refused(Refusal.NODE_FULL));
    assertThat(admission.tcp()).isEqualTo(4);
    firstSeat.takes(first);
    assertThat(admission.tcp()).isEqualTo(4);
    assertThat(admission.http()).isEqualTo(3);
    firstSeat.leave();
    secondSeat.free();
    second.closeTcp();
    third.closeTcp();
    assertThat(admission.tcp()).isEqualTo(1);
    assertThat(admission.taken()).isZero();
  }

  @Test
  @DisplayName("A7: an address has an eighth of the plain connections besides its seats")
  void anAddressHasSoManyTcpConnections() {
    Admission admission =
        new Admission(ConnectionLimits.none().connectionsMax(100).perAddressMax(2), 16);
    InetAddress client = from("2001:db8:0:1::1");
    Place open = (Place) admission.openTcp(client);
    Place seat = (Place) admission.admit(client, 0);
    seat.takes(open);
    for (int i = 0; i < 3; i++) {
      assertThat(admission.openTcp(from("2001:db8:0:1::2"))).isInstanceOf(Place.class);
    }
    assertThat(admission.openTcp(client)).isEqualTo(refused(Refusal.ADDRESS_FULL));
    assertThat(admission.openTcp(from("192.0.2.2"))).isInstanceOf(Place.class);
    assertThat(admission.openTcp(null)).isInstanceOf(Place.class);
    assertThat(admission.tcp()).isEqualTo(6);
    seat.leave();
    assertThat(admission.openTcp(client)).isInstanceOf(Place.class);
  }

  @Test
  @DisplayName("A7: by default an address leaves others an eighth of the seats")
  void anAddressLeavesSomeToOthers() {
    assertThat(ConnectionLimits.shared().connectionsMax(200).addressMax()).isEqualTo(175);
    assertThat(ConnectionLimits.shared().connectionsMax(7).addressMax()).isEqualTo(7);
    assertThat(ConnectionLimits.shared().addressMax()).isEqualTo(ConnectionLimits.ANY_NUMBER);
    assertThat(ConnectionLimits.none().addressMax()).isEqualTo(ConnectionLimits.ANY_NUMBER);
  }

  @Test
  @DisplayName("a TCP connection of a proxy counts with its client once that is known")
  void aTcpConnectionMovesToItsClient() {
    Admission admission =
        new Admission(ConnectionLimits.none().connectionsMax(100).perAddressMax(1), 8);
    InetAddress client = from("192.0.2.1");
    Place proxys = (Place) admission.openTcp(null);
    Place clients = (Place) admission.move(proxys, client);
    assertThat(admission.openTcp(client)).isInstanceOf(Place.class);
    assertThat(admission.move((Place) admission.openTcp(null), client))
        .isEqualTo(refused(Refusal.ADDRESS_FULL));
    // The client's upgrade came through a proxy without the PROXY protocol: its TCP connection
    // moves with the 101.
    Place seat = (Place) admission.admit(client, 0);
    seat.takes(clients);
    seat.leave();
    assertThat(admission.tcp()).isEqualTo(2);
    assertThat(admission.addresses()).isEqualTo(1);
  }
}
