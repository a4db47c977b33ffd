package dev.dormouse.server.admin.metrics;

import dev.dormouse.server.cluster.ClusterStatus;
import dev.dormouse.server.gateway.limits.GatewayCounts;
import dev.dormouse.server.host.alarm.AlarmCounts;
import dev.dormouse.server.host.rows.UnreadableCounts;
import dev.dormouse.storage.CommitCounts;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Holds the counts of a server that one answer needs.
 *
 * @param gateway the gateway's counts
 * @param host the counts of data that the host could not read
 * @param alarms the counts of alarms by outcome
 * @param overdueAlarms alarms that have been due for more than 10 s
 * @param commits the counts of the store's commits and of the groups that it wrote
 * @param awakeActors actors in memory
 * @param asleepActors actors with sockets here that are not in memory
 * @param outboundBytes bytes that wait for clients to read them
 * @param activeRequests HTTP requests that are not answered yet
 * @param owedCloses connections that have ended and whose {@code onClose} has not taken effect yet
 * @param eventsGivenUp events that were given up
 * @param releasesDropped outputs of turns that were dropped, because their gateways did not
 *     announce their sockets in time
 * @param storeBytes bytes in the data folder
 * @param observerFailures exceptions that observers threw
 * @param oldestWaitingNs nanoseconds that the oldest task of a handler has waited for a thread
 * @param refusedThreads threads for handlers that could not be made
 * @param stillNs for each kind of part, the nanoseconds that the part which has stood still longest
 *     has made no progress
 * @param cluster the state of the cluster; null on a server that is alone
 */
public record Snapshot(
    GatewayCounts gateway,
    UnreadableCounts host,
    AlarmCounts alarms,
    long overdueAlarms,
    CommitCounts commits,
    long awakeActors,
    long asleepActors,
    long outboundBytes,
    long activeRequests,
    long owedCloses,
    long eventsGivenUp,
    long releasesDropped,
    long storeBytes,
    long observerFailures,
    long oldestWaitingNs,
    long refusedThreads,
    Map<String, Long> stillNs,
    @Nullable ClusterStatus cluster) {}
