package dev.dormouse.server.gateway.edge;

import io.netty.channel.Channel;
import io.netty.util.AttributeKey;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * Who is at the other end of a connection: whoever opened it or, if that is a listed proxy that
 * began with a PROXY header, whom the header names.
 *
 * @param address where it is; null if it is nowhere on the internet
 * @param isListed whether it is a listed proxy, so that its headers are believed
 */
record Peer(@Nullable InetAddress address, boolean isListed) {
  private static final AttributeKey<Peer> KEY = AttributeKey.valueOf(Peer.class, "peer");

  /** The connection's peer. */
  static Peer of(Channel channel, TrustedProxies trusted) {
    Peer named = channel.hasAttr(KEY) ? channel.attr(KEY).get() : null;
    if (named != null) {
      return named;
    }
    InetAddress address = addressOf(channel);
    return new Peer(address, trusted.contains(address));
  }

  /** From now on it is the connection's peer. */
  void isAt(Channel channel) {
    channel.attr(KEY).set(this);
  }

  /** Returns where the TCP connection comes from. */
  static @Nullable InetAddress addressOf(Channel channel) {
    return channel.remoteAddress() instanceof InetSocketAddress internet
            && internet.getAddress() != null
        ? Addresses.plain(internet.getAddress())
        : null;
  }
}
