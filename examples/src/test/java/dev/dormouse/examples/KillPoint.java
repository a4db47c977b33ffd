package dev.dormouse.examples;

/** The points of its work at which a server is killed. */
public enum KillPoint {
  /** A message was handled; nothing of its turn is written. */
  BEFORE_WRITE,
  /** A message's turn is kept; nobody has been told. */
  AFTER_WRITE_BEFORE_RELEASE,
  /** A broadcast is on its way out. */
  MID_BROADCAST,
  /** An actor is being dropped from memory. */
  MID_HIBERNATE,
  /** An actor is being made again. */
  MID_WAKE,
  /** A connection is being accepted. */
  MID_ACCEPT,
  /** A connection's close handler runs. */
  MID_CLOSE,
  /** An alarm is being handled. */
  MID_ALARM;

  /** The moment of the kill at points that take a while: in the handler, or around its commit. */
  public enum Moment {
    /**
     * The moment in the handler after all its work is done; for a broadcast, before any of it is
     * passed on.
     */
    INSIDE,
    /**
     * The moment when the turn's writes are handed in; for a broadcast, when all messages before it
     * are out.
     */
    BEFORE_COMMIT,
    /**
     * The moment when the writes are kept, before anything is said; for a broadcast, when it was
     * just passed on.
     */
    AFTER_COMMIT
  }
}
