package dev.dormouse.storage.rows;

/** The kinds of rows that an actor has. Their codes are part of stored keys and never change. */
public enum Table {
  /**
   * The rows about the actor itself: an {@link ActorRow} under the empty key, and an {@link
   * AutoRepliesRow} under the key {@code R} if the actor has automatic replies.
   */
  ACTOR('A'),
  /** A {@link ConnectionRow} for each connection, under its id: eight bytes, big-endian. */
  CONNECTION('C'),
  /** The rows of the user's own keys and values. */
  VALUE('V'),
  /** An {@link AlarmRow} for each alarm, under its name in UTF-8. */
  ALARM('L', 2, 0),
  /**
   * A {@link DueAlarm} for each alarm. Unlike the rows of other tables, these lie in the order of
   * their times and not by actor. So the rows of one actor cannot be scanned.
   */
  DUE('D', 2, DueAlarm.TIME_BYTES),
  /**
   * A {@link RequestRow} for each plain request that was answered and that its gateway may ask
   * again, under the request's number: eight bytes, big-endian.
   */
  REQUEST('Q', 4, 0),
  /**
   * An {@link OutboxRow} for each call that the actor has told and that has not taken effect yet.
   */
  OUTBOX('O', 5, 0),
  /** An {@link InboxRow} for each actor whose calls have taken effect, unless it was removed. */
  INBOX('I', 5, 0);

  private final byte code;
  private final long sinceFormat;
  private final int headBytes;

  Table(char code) {
    this(code, 1, 0);
  }

  Table(char code, long sinceFormat, int headBytes) {
    this.code = (byte) code;
    this.sinceFormat = sinceFormat;
    this.headBytes = headBytes;
  }

  /** Returns the first byte of the table's stored keys. */
  public byte code() {
    return code;
  }

  /** Returns the first folder format that has the table. */
  public long sinceFormat() {
    return sinceFormat;
  }

  /** Returns how many bytes of a row key stand before the actor in stored keys. */
  int headBytes() {
    return headBytes;
  }
}
