package dev.dormouse.server.gateway.edge;

import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads and writes internet addresses, without looking any name up. */
public final class Addresses {
  /** The length of the longest address: an IPv6 address whose end is written as IPv4. */
  private static final int CHARACTERS_MAX = 45;

  private static final Pattern BRACKETED = Pattern.compile("\\[([^\\[\\]]*)\\](?::(.*))?");
  private static final Pattern WITH_PORT = Pattern.compile("([^:]*):([^:]*)");

  /** The port of a node (RFC 7239, section 6): a number, or a name after an underscore. */
  private static final Pattern PORT = Pattern.compile("[0-9]{1,5}|_[A-Za-z0-9._-]+");

  private Addresses() {}

  /**
   * Reads an IPv4 or IPv6 address without brackets, port or zone; null if the text is none. An IPv4
   * address in the shape of an IPv6 address becomes an IPv4 address.
   */
  public static @Nullable InetAddress parse(String text) {
    if (text.isEmpty() || text.length() > CHARACTERS_MAX || !isAddressCharacters(text)) {
      return null;
    }
    byte[] bytes = NetUtil.createByteArrayFromIpAddressString(text);
    return bytes == null ? null : of(bytes);
  }

  private static InetAddress of(byte[] bytes) {
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new AssertionError("4 or 16 bytes are an address", e);
    }
  }

  /**
   * Returns an address without its zone. An IPv4 address in the shape of an IPv6 address becomes an
   * IPv4 address.
   */
  public static InetAddress plain(InetAddress address) {
    return of(address.getAddress());
  }

  /** Returns whether a text has no brackets and no zone, which the parser would skip. */
  private static boolean isAddressCharacters(String text) {
    return text.chars().allMatch(c -> c == '.' || c == ':' || Character.digit(c, 16) >= 0);
  }

  /**
   * Reads an address of a header, with or without a port, IPv6 with or without brackets; null if
   * the text is none.
   */
  static @Nullable InetAddress parseNode(String text) {
    Matcher bracketed = BRACKETED.matcher(text);
    if (bracketed.matches()) {
      InetAddress address = isPort(bracketed.group(2)) ? parse(bracketed.group(1)) : null;
      return bracketed.group(1).indexOf(':') >= 0 ? address : null;
    }
    Matcher withPort = WITH_PORT.matcher(text);
    if (withPort.matches()) {
      return isPort(withPort.group(2)) ? parse(withPort.group(1)) : null;
    }
    return parse(text);
  }

  private static boolean isPort(@Nullable String text) {
    return text == null || PORT.matcher(text).matches();
  }

  /** Writes an address as RFC 5952 does, without a zone. */
  public static String text(InetAddress address) {
    return NetUtil.toAddressString(address);
  }
}
