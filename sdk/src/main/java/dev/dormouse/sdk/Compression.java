package dev.dormouse.sdk;

/**
 * Whether messages are compressed for clients that offer it (permessage-deflate, RFC 7692).
 *
 * <pre>{@code
 * .actor("/doc/:key", Doc.class, Doc::new, o -> o.compression(Compression.ON))
 * }</pre>
 *
 * <p>It costs time, and lengths tell of secrets that are sent beside what a stranger may choose.
 * {@link ActorOptions#messageBytesMax(int)} limits what is inflated.
 */
public enum Compression {
  /** Never. */
  OFF,
  /**
   * Each message of 64 bytes or more by itself, without context takeover (RFC 7692, section 7.1.1).
   * A connection needs no memory for it between its messages.
   */
  ON,
  /**
   * With context takeover, so that a message may refer to those before it: far better for short
   * messages that are alike. A connection holds native memory for it until it ends, outside of the
   * Java heap: about 260 KiB from the first message that is compressed, 40 KiB from the first that
   * is inflated. A broadcast is compressed anew for each connection. A client that asks for no
   * context takeover, either way, gets none.
   */
  WITH_CONTEXT
}
