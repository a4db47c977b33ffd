package dev.dormouse.server.gateway.edge;

import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads addresses of the internet, and writes them. No name is looked up. */
public final class Addresses {
  /** The longest is an IPv6 address that ends as an IPv4 address. */
  private static final int CHARACTERS_MAX = 45;

  private static final Pattern BRACKETED = Pattern.compile("\\[([^\\[\\]]*)\\](?::(.*))?");
  private static final Pattern WITH_PORT = Pattern.compile("([^:]*):([^:]*)");

  /** RFC 7239, section 6: a number, or a name that begins with an underscore. */
  private static final Pattern PORT = Pattern.compile("[0-9]{1,5}|_[A-Za-z0-9._-]+");

  private Addresses() {}

  /**
   * Reads an IPv4 or IPv6 address as it is written, without brackets, port or zone; null if it is
   * none. An IPv4 address that is written as an IPv6 address is an IPv4 address.
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
   * Returns the address without a zone; if it is an IPv4 address in the shape of an IPv6 one, as
   * IPv4.
   */
  public static InetAddress plain(InetAddress address) {
    return of(address.getAddress());
  }

  /** Rules out brackets and zones, which the parser skips. */
  private static boolean isAddressCharacters(String text) {
    return text.chars().allMatch(c -> c == '.' || c == ':' || Character.digit(c, 16) >= 0);
  }

  /**
   * Reads an address of a header, perhaps with a port, IPv6 perhaps in brackets; null if it is
   * none.
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
