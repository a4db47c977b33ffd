package dev.dormouse.sdk;

import org.jspecify.annotations.Nullable;

/**
 * Says why a text of a client is no message that its actor understands. A {@link MessageCodec}
 * throws it; the {@link MessageActor} tells the client.
 *
 * <pre>{@code
 * throw new MessageRefusedException("unknown_type", "there is no message of type 'Shout'", null);
 * }</pre>
 */
public final class MessageRefusedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String code;
  private final @Nullable String question;

  /**
   * Creates a refusal, without a stack trace, because clients may cause many.
   *
   * @param code a short name of the reason, as {@link MessageActor#refuse} takes it
   * @param message the reason and the remedy, for the client to read; it should be short, and have
   *     no more of the client's text than an excerpt
   * @param question the id under which the client wants an answer; null if it wants none, or if the
   *     id could not be read
   */
  public MessageRefusedException(String code, String message, @Nullable String question) {
    super(message, null, false, false);
    this.code = code;
    this.question = question;
  }

  /** Returns the short name of the reason. */
  public String code() {
    return code;
  }

  /** Returns the id under which the client wants an answer; null if none is known. */
  public @Nullable String question() {
    return question;
  }
}
