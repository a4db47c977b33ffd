package dev.dormouse.server.gateway.limits;

import org.jspecify.annotations.Nullable;

/** Names the reasons why an upgrade was not answered 101. */
public enum Refusal {
  /**
   * It is not as RFC 6455 wants it: 400, 405, 426. Or its origin may not connect: 403. Any request
   * that cannot be routed, 400, counts here too.
   */
  HANDSHAKE(null, ""),
  /** The node has all the connections it may have: 503. */
  NODE_FULL("connections", "503"),
  /** The client's address has all the connections it may have: 429. */
  ADDRESS_FULL("connections-per-address", "429"),
  /** Too many upgrades of the client's address in a second: 429. */
  ADDRESS_RATE("upgrades-per-second-per-address", "429"),
  /** Answers of requests before it were not read yet: 503. */
  UNREAD_ANSWERS("unread-answers", "503"),
  /** The gateway stops: 503. */
  STOPPING(null, ""),
  /** The access rule of the actor's type said no, or failed: whatever it answered. */
  ACCESS(null, ""),
  /** The host said no: whatever it answered. */
  REJECTED(null, ""),
  /** Host or access rule did not answer in time: 503. */
  OVERDUE("handshake-time", "503"),
  /** The client was gone before either answered. */
  CLIENT_GONE(null, "");

  private final @Nullable String limit;
  private final String outcome;

  Refusal(@Nullable String limit, String outcome) {
    this.limit = limit;
    this.outcome = outcome;
  }

  /** Returns the limit that was hit; null if it was none. */
  public @Nullable String limit() {
    return limit;
  }

  /** Returns what the client is answered, as observers are told. */
  String outcome() {
    return outcome;
  }
}
