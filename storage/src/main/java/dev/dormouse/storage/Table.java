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
  VALUE('V');

  private final byte code;

  Table(char code) {
    this.code = (byte) code;
  }

  /** The first byte of the table's stored keys. */
  byte code() {
    return code;
  }
}
