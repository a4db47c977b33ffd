package dev.dormouse.storage;

/** The kinds of rows that an actor has. The codes are part of stored keys and never change. */
public enum Table {
  /**
   * One row of the empty key, {@link ActorRow}, and perhaps one of the key {@code R}, {@link
   * AutoRepliesRow}.
   */
  ACTOR('A'),
  /** A row for each connection, keyed by its id, eight bytes big-endian: {@link ConnectionRow}. */
  CONNECTION('C'),
  /** The user's own keys and values. */
  VALUE('V'),
  /** A row for each alarm, keyed by its name in UTF-8: {@link AlarmRow}. */
  ALARM('L', 2, 0),
  /**
   * A row for each alarm, {@link DueAlarm}. Unlike those of other tables they lie in the order of
   * their times, not by actor: an actor's cannot be scanned, {@link ActorStore#due} finds those of
   * all.
   */
  DUE('D', 2, DueAlarm.TIME_BYTES);

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

  /** The first byte of the table's stored keys. */
  byte code() {
    return code;
  }

  /** The first format of folders that have the table. */
  long sinceFormat() {
    return sinceFormat;
  }

  /** How many bytes of a row key stand before the actor in stored keys. */
  int headBytes() {
    return headBytes;
  }
}
