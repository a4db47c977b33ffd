package dev.dormouse.server.protocol;

import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * Carries records between gateway and host. Neither side waits for the other: both methods return
 * at once, may be called from any thread, and keep the order of calls made one after the other.
 */
public interface Transport {

  /** How many messages of one connection may be with the host and not yet handled. */
  int CREDIT = 16;

  /** From a gateway to the actor's host. */
  void toHost(ToHost record);

  /** From a host to the gateways of the actor's connections. */
  void toGateway(Release release);

  /**
   * How many bytes of releases the gateways were handed that no event loop of theirs has taken up
   * yet, about. A host begins no turns while it is too much.
   */
  default long underWayBytes() {
    return 0;
  }

  /** Says who knows what {@link #underWayBytes} is; before any record is carried. */
  default void measure(LongSupplier underWay) {}

  /** Names the two ends; before any record is carried. */
  void connect(Consumer<ToHost> host, Consumer<Release> gateway);
}
