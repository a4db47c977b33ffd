package dev.dormouse.server.protocol;

import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * Carries records between gateway and host. Neither side waits for the other: both methods return
 * at once, may be called from any thread, and keep the order of calls made one after the other.
 */
public interface Transport {

  /** The most messages of one connection that a host may have received and not yet handled. */
  int CREDIT = 16;

  /** Carries a record from a gateway to the actor's host. */
  void toHost(ToHost record);

  /** Carries a release from a host to the gateways of the actor's connections. */
  void toGateway(Release release);

  /**
   * Estimates the bytes of releases that gateways were handed and that none of their event loops
   * has taken up yet. A host begins no turns while there are too many of them.
   */
  default long underWayBytes() {
    return 0;
  }

  /** Sets the source of {@link #underWayBytes}; called before any record is carried. */
  default void measure(LongSupplier underWay) {}

  /** Sets the receivers at the two ends; called before any record is carried. */
  void connect(Consumer<ToHost> host, Consumer<Release> gateway);
}
