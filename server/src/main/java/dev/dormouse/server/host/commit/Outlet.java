package dev.dormouse.server.host.commit;

import dev.dormouse.server.protocol.Release;

/** The way of the releases of an actor to the gateways that they concern. */
@FunctionalInterface
public interface Outlet {
  /** No gateway: for releases without a record for all connections of the actor. */
  long[] NO_GATEWAYS = {};

  /**
   * Hands a release on.
   *
   * @param gateways the runs of the gateways that hold connections of the actor, which get the
   *     records for all connections; empty if gateway and host are one process
   */
  void send(Release release, long[] gateways);
}
