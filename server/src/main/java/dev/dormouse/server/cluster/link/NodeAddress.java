package dev.dormouse.server.cluster.link;

/**
 * An address at which a node's cluster port is reached.
 *
 * @param host a host name or an IP address
 * @param port the port, 0 to 65,535; 0 lets the system choose one for a node that listens
 */
public record NodeAddress(String host, int port) {
  /**
   * Checks the port.
   *
   * @throws IllegalArgumentException if the port is none
   */
  public NodeAddress {
    if (port < 0 || port > 0xffff) {
      throw new IllegalArgumentException("port " + port + " is not 0 to 65535");
    }
  }

  /**
   * Reads {@code host:port}; an IPv6 address stands in brackets.
   *
   * @throws IllegalArgumentException if the text is no such address
   */
  public static NodeAddress parse(String text) {
    int colon = text.lastIndexOf(':');
    if (colon < 1) {
      throw new IllegalArgumentException("\"" + text + "\" is not an address host:port");
    }
    String host = text.substring(0, colon);
    boolean isBracketed = host.startsWith("[") && host.endsWith("]");
    if (!isBracketed && host.indexOf(':') >= 0) {
      throw new IllegalArgumentException(
          "\"" + text + "\" is not an address host:port; an IPv6 address stands in brackets");
    }
    try {
      return new NodeAddress(
          isBracketed ? host.substring(1, host.length() - 1) : host,
          Integer.parseInt(text.substring(colon + 1)));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("\"" + text + "\" is not an address host:port", e);
    }
  }

  @Override
  public String toString() {
    return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
  }
}
