package dev.dormouse.server.gateway.edge;

import io.netty.channel.Channel;
import io.netty.util.AttributeKey;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * The other end of a connection: the client that a listed proxy named in a PROXY header, or else
 * the machine that opened the connection.
 *
 * @param address the peer's address; null if it has no internet address
 * @param isListed whether the peer is a listed proxy, so that its forwarding headers are believed
 */
record Peer(@Nullable InetAddress address, boolean isListed) {
  private static final AttributeKey<Peer> KEY = AttributeKey.valueOf(Peer.class, "peer");

  /** Returns the peer of a connection. */
  static Peer of(Channel channel, TrustedProxies trusted) {
    Peer named = channel.hasAttr(KEY) ? channel.attr(KEY).get() : null;
    if (named != null) {
      return named;
    }
    InetAddress address = addressOf(channel);
    return new Peer(address, trusted.contains(address));
  }

  /** Makes this the peer of a connection from now on. */
  void isAt(Channel channel) {
    channel.attr(KEY).set(this);
  }

  /** Returns the address that the TCP connection comes from; null if it has none. */
  static @Nullable InetAddress addressOf(Channel channel) {
    return channel.remoteAddress() instanceof InetSocketAddress internet
            && internet.getAddress() != null
        ? Addresses.plain(internet.getAddress())
        : null;
  }
}
