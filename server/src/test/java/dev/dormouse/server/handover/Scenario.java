package dev.dormouse.server.handover;

import org.jspecify.annotations.Nullable;

/**
 * The bounds of one exploration: who connects where, what the clients send, and how many faults
 * there are. Everything within these bounds is tried in every order.
 *
 * @param name what is explored, in words
 * @param first what the first client sends, a letter a message; see {@link ModelHost}
 * @param second what the second client sends; null if there is no second client
 * @param areBothOnOne whether both clients are at the first gateway
 * @param arrives whether the first client is not connected yet, and connects
 * @param isLossless whether nothing may be lost and no socket closed by the servers
 * @param hasTime whether time-outs may pass, at any time and at each node for itself
 * @param hasAlarm whether the actor has an alarm set
 * @param isLate whether sockets hear of a new owner later than their gateway
 * @param isQueued whether events wait in the mailbox for a step of their own
 * @param isSlow whether the passes over the stored connections wait for a step of their own
 * @param isCut whether the link of the second gateway and the first host is broken at the beginning
 * @param requests how many plain requests the first gateway gets
 * @param pipeline how many turns may wait for their commits
 * @param closes how many sockets the clients may close
 * @param moves how often the ownership moves while its owner is well and knows nothing of it
 * @param leaves how often the owner leaves in good order
 * @param breaks how often a link breaks
 * @param hostCrashes how often a host dies
 * @param gatewayCrashes how often a gateway dies
 * @param unknowns how often the owner does not learn what became of a commit
 */
record Scenario(
    String name,
    String first,
    @Nullable String second,
    boolean areBothOnOne,
    boolean arrives,
    boolean isLossless,
    boolean hasTime,
    boolean hasAlarm,
    boolean isLate,
    boolean isQueued,
    boolean isSlow,
    boolean isCut,
    int requests,
    int pipeline,
    int closes,
    int moves,
    int leaves,
    int breaks,
    int hostCrashes,
    int gatewayCrashes,
    int unknowns) {}
