package dev.dormouse.sdk;

/**
 * The treatment of messages for a client that reads them more slowly than they are sent. Messages
 * wait until they have {@link ActorOptions#outboundBytesMax(int)} bytes together; the policy
 * applies to a message that no longer fits.
 *
 * <pre>{@code
 * .actor("/game/:key", Game.class, Game::new, o -> o.outboundPolicy(OutboundPolicy.CONFLATE))
 * }</pre>
 *
 * <p>Messages that are delivered arrive in the order in which they were sent, whatever is left out.
 * A sender learns the outcome of a message from {@link Delivery#outcome()}.
 */
public enum OutboundPolicy {
  /**
   * The connection is closed with 1013 (try again later, IANA registry of close codes), when the
   * client has taken next to nothing for 30 s, or when 64 MiB more than the limit wait.
   */
  CLOSE,
  /**
   * The oldest messages that wait are dropped, until the new one fits; it is always kept, and so
   * are the others of its turn, up to 64 MiB more. What is partly written stays, and so does what
   * the operating system took.
   */
  DROP_OLDEST,
  /**
   * A message that is sent with a key ({@link Connection#sendLatest}, {@link
   * Connections#broadcastLatest}) takes the place of the one with the same key, if that still
   * waits, but goes to the end: so a slow client hears of each key only the latest, in the order in
   * which they were sent. A key that changes faster than the client reads waits behind the others.
   * If what is left does not fit, the connection is closed as with {@link #CLOSE}.
   */
  CONFLATE
}
