package dev.dormouse.sdk;

/**
 * Thrown where an actor's state is used outside of the turn to which the use belongs. {@link #why}
 * tells the cases apart; each is a mistake of the actor's code, except {@link Why#ABANDONED}.
 *
 * <pre>{@code
 * prices.thenAccept(price -> {           // a stage that the turn does not wait for
 *   try {
 *     storage().put("price", price);
 *   } catch (TurnStateException e) {     // e.why() == Why.OVER, or NONE_OPEN
 *     log.warn("use waitFor(prices)", e);
 *   }
 * });
 * }</pre>
 */
public final class TurnStateException extends IllegalStateException {
  private static final long serialVersionUID = 1L;

  /** The relation of a use of the actor to its turns. */
  public enum Why {
    /** No turn is open: no handler runs, or the object is not in use yet, as in its constructor. */
    NONE_OPEN,
    /** The turn has ended. {@link WebSocketActor#waitFor} keeps a turn open. */
    OVER,
    /**
     * The turn was discarded, and its actor reset: the turn exceeded its time limit, or the actor
     * has called {@link WebSocketActor#reset}.
     */
    ABANDONED,
    /**
     * A turn is open on another thread, and the calling thread does no work of it. {@link
     * WebSocketActor#waitFor} makes the callbacks of a stage part of the turn.
     */
    ON_OTHER_THREAD
  }

  private final Why why;

  /** Creates an exception with a message that names the remedy. */
  public TurnStateException(Why why, String message) {
    super(message);
    this.why = why;
  }

  /** Returns why the actor cannot be used. */
  public Why why() {
    return why;
  }
}
