package dev.dormouse.server.gateway.edge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TrustedProxiesTest {

  @ParameterizedTest(name = "{0} has {1}: {2}")
  @CsvSource({
    "192.0.2.7, 192.0.2.7, true",
    "192.0.2.7, 192.0.2.8, false",
    "10.0.0.0/8, 10.255.0.1, true",
    "10.0.0.0/8, 11.0.0.0, false",
    "192.0.2.128/25, 192.0.2.128, true",
    "192.0.2.128/25, 192.0.2.127, false",
    "0.0.0.0/0, 203.0.113.9, true",
    "0.0.0.0/0, 2001:db8::1, false",
    "192.0.2.0/31, 192.0.2.1, true",
    "::1, ::1, true",
    "::1, ::2, false",
    "fd00::/8, fdff:1::9, true",
    "fd00::/8, fe00::1, false",
    "2001:db8:8000::/33, 2001:db8:ffff::1, true",
    "2001:db8:8000::/33, 2001:db8:7fff::1, false",
    "::/0, 2001:db8::1, true",
    "::/0, 192.0.2.1, false",
    "192.0.2.0/24, ::ffff:192.0.2.9, true",
    "::/0, ::ffff:192.0.2.9, false",
  })
  @DisplayName("an address is in a range if their first bits are the same")
  void anAddressIsInARangeIfTheirFirstBitsAreTheSame(String range, String address, boolean isIn) {
    assertThat(TrustedProxies.of(List.of("203.0.113.77", range)).contains(ip(address)))
        .isEqualTo(isIn);
  }

  private static InetAddress ip(String text) {
    InetAddress address = Addresses.parse(text);
    assertThat(address).isNotNull();
    return address;
  }

  @Test
  @DisplayName("a socket's address is known with its zone, and in the shape of IPv6, too")
  void aSocketsAddressIsKnownWithItsZoneAndInTheShapeOfIPv6Too() throws Exception {
    byte[] local = InetAddress.getByName("fe80::1").getAddress();
    byte[] mapped = new byte[16];
    mapped[10] = mapped[11] = (byte) 0xFF;
    mapped[12] = 10;
    TrustedProxies trusted = TrustedProxies.of(List.of("fe80::1", "10.0.0.0/8"));
    assertThat(trusted.contains(Inet6Address.getByAddress(null, local, 3))).isTrue();
    assertThat(trusted.contains(Inet6Address.getByAddress(null, mapped, 0))).isTrue();
    assertThat(trusted.contains(null)).isFalse();
    assertThat(Addresses.text(Addresses.plain(Inet6Address.getByAddress(null, local, 3))))
        .isEqualTo("fe80::1");
  }

  @Test
  @DisplayName("none trusts nobody")
  void anEmptyListTrustsNobody() {
    assertThat(TrustedProxies.none().contains(ip("127.0.0.1"))).isFalse();
    assertThat(TrustedProxies.none().isEmpty()).isTrue();
    assertThat(TrustedProxies.of(List.of("::1")).isEmpty()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "proxy.example.org",
        "10.0.0",
        "10.0.0.256",
        "10.0.0.0/33",
        "10.0.0.0/-1",
        "10.0.0.0/",
        "10.0.0.0/8/8",
        "10.0.0.0/+8",
        "10.1.0.0/8",
        "fd00::1/8",
        "::/129",
        "[::1]",
        "::1%eth0",
        "::ffff:10.0.0.0/104",
        "::ffff:10.0.0.1",
        " 10.0.0.1",
        "1",
        "0x7f.0.0.1",
        "1:2:3:4:5:6:7:8:9",
      })
  @DisplayName("a text that is no address and no range is refused by name")
  void whatIsNoAddressAndNoRangeIsRefusedByName(String entry) {
    assertThatThrownBy(() -> TrustedProxies.of(List.of("10.0.0.1", entry)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'" + entry + "'");
  }
}
