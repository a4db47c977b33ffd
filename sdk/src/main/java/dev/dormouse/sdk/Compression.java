package dev.dormouse.sdk;

/**
 * The compression of messages for clients that offer it (permessage-deflate, RFC 7692).
 *
 * <pre>{@code
 * .actor("/doc/:key", Doc.class, Doc::new, o -> o.compression(Compression.ON))
 * }</pre>
 *
 * <p>Compression costs time. And where a message holds a secret beside text that a stranger chose,
 * its length reveals something of the secret. {@link ActorOptions#messageBytesMax(int)} also limits
 * the size of messages after they are inflated.
 */
public enum Compression {
  /** No message is compressed. */
  OFF,
  /**
   * Each message of 64 bytes or more is compressed by itself, without context takeover (RFC 7692,
   * section 7.1.1). A connection needs no memory for it between its messages.
   */
  ON,
  /**
   * Messages are compressed with context takeover, so that a message may refer to earlier ones.
   * This is far better for short messages that are alike. A connection holds native memory for it
   * until it ends, outside of the Java heap: about 260 KiB from the first message that is
   * compressed, 40 KiB from the first that is inflated. A broadcast is compressed anew for each
   * connection. A client that asks for no context takeover, either way, gets none.
   */
  WITH_CONTEXT
}
