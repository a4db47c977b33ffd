package dev.dormouse.server.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.server.gateway.Admission.Seat;
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
  void node() {
    Admission admission = new Admission(new ConnectionLimits(2, 0, 0), 256);
    Seat first = (Seat) admission.admit(from("192.0.2.1"), 0);
    assertThat(admission.admit(null, 0)).isInstanceOf(Seat.class);
    assertThat(admission.admit(from("192.0.2.2"), 0)).isEqualTo(refused(Refusal.NODE_FULL));
    first.free();
    assertThat(admission.taken()).isEqualTo(1);
    assertThat(admission.admit(from("192.0.2.2"), 0)).isInstanceOf(Seat.class);
    assertThat(admission.admit(from("192.0.2.2"), 0)).isEqualTo(refused(Refusal.NODE_FULL));
  }

  @Test
  @DisplayName("an address has its own seats; one without any costs nothing")
  void address() {
    Admission admission = new Admission(new ConnectionLimits(100, 2, 0), 256);
    List<Seat> seats = new ArrayList<>();
    for (String client : List.of("192.0.2.1", "192.0.2.1", "192.0.2.2")) {
      seats.add((Seat) admission.admit(from(client), 0));
    }
    assertThat(admission.admit(from("192.0.2.1"), 0)).isEqualTo(refused(Refusal.ADDRESS_FULL));
    assertThat(admission.addresses()).isEqualTo(2);
    assertThat(admission.taken()).isEqualTo(3);
    seats.get(0).free();
    seats.set(0, (Seat) admission.admit(from("192.0.2.1"), 0));
    seats.forEach(Seat::free);
    assertThat(admission.addresses()).isZero();
    assertThat(admission.taken()).isZero();
  }

  @Test
  @DisplayName("neighbours in an IPv6 /64 are one address, other networks and IPv4 are not")
  void ipv6() {
    Admission admission = new Admission(new ConnectionLimits(100, 1, 0), 256);
    assertThat(admission.admit(from("2001:db8:0:1::1"), 0)).isInstanceOf(Seat.class);
    assertThat(admission.admit(from("2001:db8:0:1:ffff::2"), 0))
        .isEqualTo(refused(Refusal.ADDRESS_FULL));
    assertThat(admission.admit(from("2001:db8:0:2::1"), 0)).isInstanceOf(Seat.class);
    assertThat(admission.admit(from("255.255.255.255"), 0)).isInstanceOf(Seat.class);
    assertThat(admission.admit(from("::ffff:255.255.255.255"), 0))
        .isEqualTo(refused(Refusal.ADDRESS_FULL));
  }

  @Test
  @DisplayName("upgrades of an address come at its rate; those refused take no seat")
  void rate() {
    Admission admission = new Admission(new ConnectionLimits(100, 0, 2), 256);
    InetAddress client = from("192.0.2.1");
    assertThat(admission.admit(client, 0)).isInstanceOf(Seat.class);
    assertThat(admission.admit(client, 0)).isInstanceOf(Seat.class);
    assertThat(admission.admit(client, 0)).isEqualTo(refused(Refusal.ADDRESS_RATE));
    assertThat(admission.admit(from("192.0.2.2"), 0)).isInstanceOf(Seat.class);
    assertThat(admission.taken()).isEqualTo(3);
    assertThat(admission.admit(client, SECOND_NS / 2)).isInstanceOf(Seat.class);
  }
}
