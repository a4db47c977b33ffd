package dev.dormouse.server.gateway;

/** Why an upgrade was not answered 101. */
public enum Refusal {
  /**
   * It is not as RFC 6455 wants it: 400, 405, 426. Or its origin may not connect: 403. Any request
   * that cannot be routed, 400, counts here too.
   */
  HANDSHAKE,
  /** The node has all the connections it may have: 503. */
  NODE_FULL,
  /** The client's address has all the connections it may have: 429. */
  ADDRESS_FULL,
  /** Too many upgrades of the client's address in a second: 429. */
  ADDRESS_RATE,
  /** Answers of requests before it were not read yet: 503. */
  UNREAD_ANSWERS,
  /** The gateway stops: 503. */
  STOPPING,
  /** The access rule of the actor's type said no, or failed: whatever it answered. */
  ACCESS,
  /** The host said no: whatever it answered. */
  REJECTED,
  /** Host or access rule did not answer in time: 503. */
  OVERDUE,
  /** The client was gone before either answered. */
  CLIENT_GONE
}
