package dev.dormouse.server.cluster.link;

/**
 * The end of a call that got no answer. Nothing is known about whether the other node acted on it,
 * unless {@link #wasSent} says that it was never sent.
 */
public final class LinkException extends Exception {
  private static final long serialVersionUID = 1;

  /** The reason for which a call got no answer. */
  public enum Reason {
    /** There is no connection to the node, so nothing was sent. */
    NO_LINK,
    /** Too many bytes wait for the node already, so nothing was sent. */
    FULL,
    /** The connection ended before the answer came. */
    BROKEN,
    /** The answer did not come in time. */
    LATE,
    /** The other node could not answer. */
    FAILED
  }

  private final Reason reason;

  LinkException(Reason reason, String message) {
    super(message, null, false, false); // nobody reads the stack of an event loop
    this.reason = reason;
  }

  /** Returns the reason. */
  public Reason reason() {
    return reason;
  }

  /** Returns whether the call may have reached the other node. */
  public boolean wasSent() {
    return switch (reason) {
      case NO_LINK, FULL -> false;
      case BROKEN, LATE, FAILED -> true;
    };
  }
}
