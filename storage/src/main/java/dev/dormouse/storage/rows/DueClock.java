package dev.dormouse.storage.rows;

/** The clock by which an alarm is due. Its code is part of stored rows and never changes. */
public enum DueClock {
  /** The time of day, in milliseconds since 1970. It may jump. */
  WALL('W'),
  /**
   * A clock in milliseconds that never jumps while the process runs. A {@link ClockMark} lets it
   * continue in the next process.
   */
  RUNNING('R');

  private final byte code;

  DueClock(char code) {
    this.code = (byte) code;
  }

  /** Returns the clock's code in stored rows. */
  byte code() {
    return code;
  }

  /**
   * Returns the clock that has a code.
   *
   * @throws IllegalArgumentException if no clock has it
   */
  static DueClock of(byte code) {
    for (DueClock clock : values()) {
      if (clock.code == code) {
        return clock;
      }
    }
    throw new IllegalArgumentException("no clock has the code " + code);
  }
}
