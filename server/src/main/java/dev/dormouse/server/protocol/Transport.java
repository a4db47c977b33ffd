package dev.dormouse.server.protocol;

import java.util.function.LongSupplier;

/**
 * Carries records between gateways and hosts. Neither side waits for the other: the methods that
 * carry return at once, may be called from any thread, and keep the order of calls made one after
 * the other.
 *
 * <p>Between one gateway and one host the records arrive in order and once, or the link between the
 * two breaks: both ends are told so once, and nothing that was sent before arrives afterwards. What
 * an end hands over while there is no link is lost; the end is told {@code broken} then, too.
 */
public interface Transport {

  /** The most messages of one connection that a host may have received and not yet handled. */
  int CREDIT = 16;

  /** The end of the links at a host. */
  @FunctionalInterface
  interface HostEnd {
    /**
     * Takes a record of a gateway.
     *
     * @param gateway the run of the gateway's node
     * @param epoch the epoch in which the gateway believes the host owns the record's group
     */
    void accept(long gateway, long epoch, ToHost record);

    /** Hears that the link to a gateway is broken. */
    default void broken(long gateway) {}
  }

  /** The end of the links at a gateway. */
  @FunctionalInterface
  interface GatewayEnd {
    /** Takes a record of a host. The releases of an actor come one after the other. */
    void accept(FromHost record);

    /** Hears that the link to the host of a node is broken. */
    default void broken(String node) {}
  }

  /** Carries a record from this process's gateway to a host. */
  void toHost(Owner owner, ToHost record);

  /**
   * Carries a record from this process's host to a gateway.
   *
   * @param gateway the run of the gateway's node
   */
  void toGateway(long gateway, FromHost record);

  /**
   * Estimates the bytes of releases that gateways were handed and that none of their event loops
   * has taken up yet. A host begins no turns while there are too many of them.
   */
  default long underWayBytes() {
    return 0;
  }

  /** Returns whether there is a connection to the host of a node at this moment. */
  default boolean isReachable(String node) {
    return true;
  }

  /** Sets the source of {@link #underWayBytes}; called before any record is carried. */
  default void measure(LongSupplier underWay) {}

  /** Sets the receivers at the two ends; called before any record is carried. */
  void connect(HostEnd host, GatewayEnd gateway);
}
