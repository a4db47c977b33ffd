package dev.dormouse.server.gateway.limits;

import org.jspecify.annotations.Nullable;

/**
 * The reasons why an upgrade was not answered 101. The status of the gateway's answer stands in
 * brackets.
 */
public enum Refusal {
  /**
   * The upgrade breaks RFC 6455 [400, 405, 426], or its origin may not connect [403]. A request
   * that cannot be routed [400, 417, 421] counts here, too.
   */
  HANDSHAKE(null, ""),
  /** The node has as many connections as it may have [503]. */
  NODE_FULL("connections", "503"),
  /** The client's address has as many connections as it may have [429]. */
  ADDRESS_FULL("connections-per-address", "429"),
  /** The client's address has sent too many upgrades in a second [429]. */
  ADDRESS_RATE("upgrades-per-second-per-address", "429"),
  /** The client has not read the answers to its earlier requests [503]. */
  UNREAD_ANSWERS("unread-answers", "503"),
  /** The gateway is stopping [503]. */
  STOPPING(null, ""),
  /** The access rule of the actor's type refused, or failed; it chose the answer. */
  ACCESS(null, ""),
  /** The actor or its host refused; it chose the answer. */
  REJECTED(null, ""),
  /** The host or the access rule did not answer in time [503]. */
  OVERDUE("handshake-time", "503"),
  /** The client went before the access rule and the host had answered. */
  CLIENT_GONE(null, "");

  private final @Nullable String limit;
  private final String outcome;

  Refusal(@Nullable String limit, String outcome) {
    this.limit = limit;
    this.outcome = outcome;
  }

  /** Returns the name of the limit that was hit; null if no limit was hit. */
  public @Nullable String limit() {
    return limit;
  }

  /** Returns the status of the answer, as observers are told; empty if no limit was hit. */
  String outcome() {
    return outcome;
  }
}
