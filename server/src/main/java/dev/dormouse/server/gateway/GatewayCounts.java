package dev.dormouse.server.gateway;

/**
 * What a gateway has done since it was made; the first two are of this moment.
 *
 * @param sockets sockets that are open, or closing
 * @param upgrades upgrades that wait for an actor
 * @param messagesIn whole messages received
 * @param messagesOut messages handed to the network, one for each recipient
 * @param refused upgrades that were not answered 101
 * @param droppedIn messages that came after the close of their connection
 * @param droppedOut messages whose connection was gone or closing, one for each recipient
 * @param slowClosed clients closed with 1013
 * @param pings pings sent to clients of which nothing was heard
 * @param silentDropped clients given up, because they did not answer a ping either
 * @param pongs pongs received, and ignored
 */
public record GatewayCounts(
    long sockets,
    long upgrades,
    long messagesIn,
    long messagesOut,
    long refused,
    long droppedIn,
    long droppedOut,
    long slowClosed,
    long pings,
    long silentDropped,
    long pongs) {}
