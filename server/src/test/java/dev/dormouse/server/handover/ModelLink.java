package dev.dormouse.server.handover;

import dev.dormouse.server.protocol.FromHost;
import dev.dormouse.server.protocol.ToHost;
import java.util.ArrayDeque;

/**
 * The link between a gateway and a host. It keeps the order until it breaks, which loses everything
 * under way. Each end hears of that later; what the end sends until then is lost, too, and what the
 * other end sends reaches it only afterwards.
 */
final class ModelLink {

  /** A record on its way to a host. */
  record Sent(long epoch, ToHost record) {}

  final ArrayDeque<Sent> toHost = new ArrayDeque<>();
  final ArrayDeque<FromHost> toGateway = new ArrayDeque<>();

  /** The link is broken, and the gateway has not heard of it. */
  boolean gatewayMustHear;

  /** The link is broken, and the host has not heard of it. */
  boolean hostMustHear;

  void send(long epoch, ToHost record) {
    if (!gatewayMustHear) {
      toHost.add(new Sent(epoch, record));
    }
  }

  void send(FromHost record) {
    if (!hostMustHear) {
      toGateway.add(record);
    }
  }

  void fail() {
    toHost.clear();
    toGateway.clear();
    gatewayMustHear = true;
    hostMustHear = true;
  }

  boolean isIdle() {
    return toHost.isEmpty() && toGateway.isEmpty() && !gatewayMustHear && !hostMustHear;
  }
}
