package dev.dormouse.storage;

/** The clock by which an alarm is due. The codes are part of stored rows and never change. */
public enum DueClock {
  /** The time of day, in milliseconds since 1970; it may jump. */
  WALL('W'),
  /**
   * A clock that never jumps while the process runs, in milliseconds; {@link ClockMark} has it go
   * on in the next process.
   */
  RUNNING('R');

  private final byte code;

  DueClock(char code) {
    this.code = (byte) code;
  }

  byte code() {
    return code;
  }

  /**
   * The clock of a code.
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
