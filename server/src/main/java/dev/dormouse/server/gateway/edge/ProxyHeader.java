package dev.dormouse.server.gateway.edge;

import dev.dormouse.log.Log;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.codec.haproxy.HAProxyCommand;
import io.netty.handler.codec.haproxy.HAProxyMessage;
import io.netty.handler.codec.haproxy.HAProxyMessageDecoder;
import io.netty.handler.codec.haproxy.HAProxyProxiedProtocol.TransportProtocol;
import io.netty.util.ReferenceCountUtil;
import java.net.InetAddress;
import java.util.List;
import org.slf4j.Logger;

/**
 * Takes the header of the PROXY protocol, version 1 or 2, from the beginning of a connection, and
 * then leaves the pipeline. The client that the header names is the connection's {@link Peer} from
 * then on.
 *
 * <p>A malformed header ends the connection (section 2.2 of the protocol's text). A header that
 * does not come in time ends the connection as a late request head does. A header without an
 * address, such as a proxy sends with its own health check, leaves the proxy as the peer, but the
 * proxy's forwarding headers are then not believed.
 */
@SuppressWarnings("FutureReturnValueIgnored")
final class ProxyHeader extends ByteToMessageDecoder {
  /** The most bytes that a version 2 header may have behind the addresses; they are ignored. */
  private static final int EXTRA_BYTES_MAX = 4_096;

  /** The index of the version byte in a header of version 2. */
  private static final int VERSION_AT = 12;

  /** The version byte at which Netty's decoder would wait for ever. */
  private static final byte NO_VERSION = -1;

  private static final Logger log = Log.of(ProxyHeader.class);

  private final ProxyProtocol mode;
  private final TrustedProxies trusted;
  private final EdgeCounters counters;

  ProxyHeader(ProxyProtocol mode, TrustedProxies trusted, EdgeCounters counters) {
    this.mode = mode;
    this.trusted = trusted;
    this.counters = counters;
  }

  @Override
  protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) {
    if (!trusted.contains(Peer.addressOf(context.channel()))) {
      withoutHeader(context, in);
      return;
    }
    if (in.readableBytes() <= VERSION_AT) {
      return;
    }
    switch (HAProxyMessageDecoder.detectProtocol(in).state()) {
      case NEEDS_MORE_DATA -> {}
      case INVALID -> withoutHeader(context, in);
      case DETECTED -> {
        if (in.getByte(in.readerIndex() + VERSION_AT) == NO_VERSION) {
          in.skipBytes(in.readableBytes());
          refuse(context, new IllegalArgumentException("the header has no version"));
          return;
        }
        context.pipeline().addAfter(context.name(), null, new Named());
        context
            .pipeline()
            .addAfter(context.name(), null, new HAProxyMessageDecoder(EXTRA_BYTES_MAX));
        context.pipeline().remove(this);
      }
    }
  }

  private void withoutHeader(ChannelHandlerContext context, ByteBuf in) {
    if (mode == ProxyProtocol.REQUIRED) {
      counters.proxyHeaderRefused("400");
      in.skipBytes(in.readableBytes());
      BadOpening.answer(
          context, "only listed proxies may connect, and must begin with a PROXY header");
    } else {
      context.pipeline().remove(this);
    }
  }

  private void refuse(ChannelHandlerContext context, Throwable cause) {
    counters.proxyHeaderRefused("close");
    log.debug(
        "the connection from {} is closed, because its PROXY header is malformed",
        context.channel().remoteAddress(),
        cause);
    context.close();
  }

  /**
   * Receives the header from Netty's decoder, sets the peer, and leaves the pipeline. After a bad
   * header it discards all further input.
   */
  private final class Named extends ChannelInboundHandlerAdapter {
    private boolean isBad;

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      if (message instanceof HAProxyMessage header) {
        try {
          take(context, header);
        } finally {
          header.release();
        }
      } else if (isBad) {
        ReferenceCountUtil.release(message);
      } else {
        context.fireChannelRead(message);
      }
    }

    private void take(ChannelHandlerContext context, HAProxyMessage header) {
      if (header.proxiedProtocol().transportProtocol() == TransportProtocol.DGRAM) {
        exceptionCaught(
            context, new IllegalArgumentException("the header names a protocol other than TCP"));
        return;
      }
      String source = header.command() == HAProxyCommand.LOCAL ? null : header.sourceAddress();
      InetAddress address = source == null ? null : Addresses.parse(source);
      Peer peer =
          address == null
              ? new Peer(Peer.addressOf(context.channel()), false)
              : new Peer(address, trusted.contains(address));
      peer.isAt(context.channel());
      if (address != null && !trusted.contains(address)) {
        context.fireUserEventTriggered(new ProxiedClient(address));
      }
      context.pipeline().remove(this);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      if (!isBad) {
        isBad = true;
        refuse(context, cause);
      }
    }
  }
}
