package dev.dormouse.server.gateway.limits;

import dev.dormouse.server.gateway.edge.EdgeCounts;
import java.util.Map;

/**
 * The counts of a gateway since its creation. Only {@code sockets}, {@code httpConnections}, {@code
 * upgrades} and {@code deflateContexts} are numbers of one moment.
 *
 * @param sockets sockets that are open, or closing
 * @param httpConnections TCP connections that speak HTTP, also with a waiting upgrade
 * @param upgrades upgrades that wait for an actor
 * @param messagesIn whole messages received
 * @param messagesOut messages handed to the network, one for each recipient
 * @param refusals upgrades that were not answered 101, by reason; every reason is there
 * @param cutOff plain requests that were over a limit, by the limit; every limit is there
 * @param droppedIn messages that came after the close of their connection, and unhandled messages
 *     of the clients among {@code hostlessClosed}
 * @param droppedOut messages whose connection was gone or closing, or went before they were handed
 *     to the network, one for each recipient
 * @param slowClosed clients closed with 1013, because they read too slowly
 * @param autoReplies messages among those received that were answered without their actor
 * @param hastyClosed clients closed with 1008, because they sent too many messages in a second
 * @param unhandledClosed clients closed with 1003, because their actor does not handle messages of
 *     that kind
 * @param oversizeClosed clients closed with 1009, because a message of theirs was too long
 * @param pings pings sent to silent clients
 * @param silentDropped clients given up, because they did not answer a ping either
 * @param pongs pongs received, and ignored
 * @param overloadClosed clients closed with 1013, because all together sent too much
 * @param hostlessClosed clients closed with 1012, because no host of their actor was found in time,
 *     or because the host does not have their connection
 * @param slowDropped messages dropped because their client read too slowly
 * @param conflated messages that a later message of the same key replaced
 * @param deflateContexts compressors and inflaters that sockets hold in native memory
 * @param staleReleases releases refused, because they came from a host that owns the actor no
 *     longer
 * @param edge the counts of the edge before the gateway
 */
public record GatewayCounts(
    long sockets,
    long httpConnections,
    long upgrades,
    long messagesIn,
    long messagesOut,
    Map<Refusal, Long> refusals,
    Map<RequestLimit, Long> cutOff,
    long droppedIn,
    long droppedOut,
    long slowClosed,
    long autoReplies,
    long hastyClosed,
    long unhandledClosed,
    long oversizeClosed,
    long pings,
    long silentDropped,
    long pongs,
    long overloadClosed,
    long hostlessClosed,
    long slowDropped,
    long conflated,
    long deflateContexts,
    long staleReleases,
    EdgeCounts edge) {

  /** Creates counts with copies of the maps. */
  public GatewayCounts {
    refusals = Map.copyOf(refusals);
    cutOff = Map.copyOf(cutOff);
  }

  /** Returns how many upgrades were not answered 101. */
  public long refused() {
    return refusals.values().stream().mapToLong(Long::longValue).sum();
  }

  /** Returns how many upgrades were not answered 101 for this reason. */
  public long refused(Refusal why) {
    return refusals.getOrDefault(why, 0L);
  }
}
