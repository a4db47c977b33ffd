package dev.dormouse.sdk;

/**
 * Completes the stage of a {@link Call} that has no answer. {@link #reason} tells the cases apart.
 *
 * <pre>{@code
 * device.ask(new Reboot(true)).exceptionally(e -> {
 *   if (e instanceof CallFailedException failed && failed.mayHaveTakenEffect()) {
 *     log.warn("the device may have rebooted", e);
 *   }
 *   return false;
 * });
 * }</pre>
 */
public final class CallFailedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** The reasons why a call has no answer. */
  public enum Reason {
    /** There was no answer in time. The call may have taken effect, or may do so later. */
    DEADLINE(true),
    /** The handler threw, or its answer cannot be serialized; nothing of its turn is kept. */
    HANDLER_FAILED(false),
    /** The actor was reset, or left this node, while the call waited or ran. */
    ACTOR_RESET(true),
    /** The turn of the call could not be stored. It is not known whether it is kept. */
    NOT_STORED(true),
    /** The actor cannot be woken now; the message says why. */
    CANNOT_WAKE(false),
    /** Too many events wait for the actor, or too many actors are in memory, or too many calls. */
    BUSY(false),
    /** The call would wait for an actor that waits for this call; the message names the path. */
    CYCLE(false),
    /** The server is stopping. */
    STOPPING(false),
    /** There is no such actor type, or its class does not handle the call. */
    UNKNOWN(false),
    /** The turn that asked was lost before the call left. */
    ASKER_LOST(false);

    private final boolean isUncertain;

    Reason(boolean isUncertain) {
      this.isUncertain = isUncertain;
    }
  }

  private final Reason reason;

  /** Creates an exception without a stack trace of its own, since the failure was elsewhere. */
  public CallFailedException(Reason reason, String message) {
    super(message, null, false, false);
    this.reason = reason;
  }

  /** Returns why the call has no answer. */
  public Reason reason() {
    return reason;
  }

  /** Returns whether the call may have taken effect, or may still do so. */
  public boolean mayHaveTakenEffect() {
    return reason.isUncertain;
  }
}
