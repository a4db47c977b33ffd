package dev.dormouse.server.gateway.edge;

import java.net.InetAddress;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A range of addresses that begin with the same bits (CIDR, RFC 4632).
 *
 * @param network 4 or 16 bytes; all bits behind the common ones are zero
 * @param bits the number of common bits
 */
record AddressRange(byte[] network, int bits) {

  /**
   * Reads an address, or a range such as {@code 10.0.0.0/8} or {@code fd00::/8}.
   *
   * @throws IllegalArgumentException if the text is neither; the message says why
   */
  static AddressRange parse(String text) {
    int slash = text.indexOf('/');
    String literal = slash < 0 ? text : text.substring(0, slash);
    InetAddress address = Addresses.parse(literal);
    if (address == null) {
      throw new IllegalArgumentException(
          "'%s' is no address and no range such as 10.0.0.0/8 or fd00::/8".formatted(text));
    }
    byte[] bytes = address.getAddress();
    if (bytes.length == 4 && literal.indexOf(':') >= 0) {
      throw new IllegalArgumentException(
          "'%s' is an IPv4 address; write it as %s".formatted(text, Addresses.text(address)));
    }
    int bits = slash < 0 ? bytes.length * 8 : bits(text, slash + 1, bytes.length * 8);
    for (int i = bits; i < bytes.length * 8; i++) {
      if (bit(bytes, i) != 0) {
        throw new IllegalArgumentException(
            "'%s' is no range: bits behind the first %s are set".formatted(text, bits));
      }
    }
    return new AddressRange(bytes, bits);
  }

  private static int bits(String text, int from, int max) {
    String digits = text.substring(from);
    int bits = digits.matches("[0-9]{1,3}") ? Integer.parseInt(digits) : -1;
    if (bits < 0 || bits > max) {
      throw new IllegalArgumentException(
          "'%s' is no range: behind the slash is a number from 0 to %s".formatted(text, max));
    }
    return bits;
  }

  private static int bit(byte[] bytes, int i) {
    return bytes[i / 8] >> (7 - i % 8) & 1;
  }

  /** Returns whether an address, of 4 or 16 bytes, is in the range. */
  boolean contains(byte[] bytes) {
    if (bytes.length != network.length) {
      return false;
    }
    for (int i = 0; i < bits; i++) {
      if (bit(bytes, i) != bit(network, i)) {
        return false;
      }
    }
    return true;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof AddressRange range
        && bits == range.bits
        && Arrays.equals(network, range.network);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(network) + bits;
  }
}
