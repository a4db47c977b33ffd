package dev.dormouse.server.admin.metrics;

import dev.dormouse.server.gateway.GatewayCounts;
import dev.dormouse.server.host.AlarmCounts;
import dev.dormouse.server.host.UnreadableCounts;
import dev.dormouse.storage.CommitCounts;
import java.util.Map;

/**
 * What is read of a server for one answer.
 *
 * @param gateway what the gateway has done
 * @param host what the host could not read
 * @param alarms what became of alarms
 * @param commits how the store gathered commits
 * @param activeActors actors in memory
 * @param hibernatedActors actors with sockets here that are not in memory
 * @param outboundBytes what waits for clients to read it
 * @param activeRequests HTTP requests that are not answered yet
 * @param owedCloses connections that have ended without their close having taken effect
 * @param eventsGivenUp events that were given up
 * @param storeBytes how much the data folder holds
 * @param observerFailures how often observers threw
 * @param oldestWaitingNs for how long the oldest task of a handler has waited for a thread
 * @param refusedThreads how often a thread for handlers could not be made
 * @param stillNs for how long the stillest part of each kind has not moved, in nanoseconds
 */
public record Snapshot(
    GatewayCounts gateway,
    UnreadableCounts host,
    AlarmCounts alarms,
    CommitCounts commits,
    long activeActors,
    long hibernatedActors,
    long outboundBytes,
    long activeRequests,
    long owedCloses,
    long eventsGivenUp,
    long storeBytes,
    long observerFailures,
    long oldestWaitingNs,
    long refusedThreads,
    Map<String, Long> stillNs) {}
