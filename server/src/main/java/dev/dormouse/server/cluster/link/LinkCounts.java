package dev.dormouse.server.cluster.link;

/**
 * Counts the outcomes of a node's links since its start.
 *
 * @param up the lanes that are up now
 * @param greeted the greetings that succeeded
 * @param refused the connections that were refused before or during the greeting, for a wrong
 *     secret, name or version, bytes that are no greeting, or a greeting that did not end
 * @param broken the connections that ended after the greeting, for whatever reason
 * @param dead those of them that ended because the peer was silent
 * @param malformed those of them that ended because of bytes that are no frame
 * @param full the calls and messages that were refused because too much waited already
 */
public record LinkCounts(
    int up, long greeted, long refused, long broken, long dead, long malformed, long full) {}
