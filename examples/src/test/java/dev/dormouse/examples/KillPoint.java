package dev.dormouse.examples;

/** Where in its work a server is killed. */
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

  /** How near to the point, for those that take a while: in the handler, or around its commit. */
  public enum Moment {
    /** In the handler, all its work done; for a broadcast, before any of it is passed on. */
    INSIDE,
    /** When the turn's writes are handed in; for a broadcast, what was said before it is out. */
    BEFORE_COMMIT,
    /** When they are kept, before anything is said; for a broadcast, it was just passed on. */
    AFTER_COMMIT
  }
}
