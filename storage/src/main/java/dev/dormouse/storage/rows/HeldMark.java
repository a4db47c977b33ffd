package dev.dormouse.storage.rows;

import java.util.OptionalLong;

/**
 * The last mark of a group's running clock, as a node holds it, and the way in which the node tells
 * how much time has passed since. The wall clocks of two machines are never compared:
 *
 * <ul>
 *   <li>A mark that a run of the same machine wrote is as old as the machine's wall clock says, or
 *       new if that clock was set back.
 *   <li>A mark of another machine came to this node while it ran. It is as old as the time since,
 *       by the clock of this process that never jumps.
 * </ul>
 *
 * @param mark the mark
 * @param arrivedAgoNs how long ago the mark came from another machine, in nanoseconds; empty if a
 *     run of the same machine wrote it
 */
public record HeldMark(ClockMark mark, OptionalLong arrivedAgoNs) {

  /** Returns a mark that a run of the same machine wrote. */
  public static HeldMark own(ClockMark mark) {
    return new HeldMark(mark, OptionalLong.empty());
  }

  /** Returns a mark that came from another machine so many nanoseconds ago. */
  public static HeldMark arrived(ClockMark mark, long agoNs) {
    return new HeldMark(mark, OptionalLong.of(agoNs));
  }

  /** Returns whether a run of the same machine wrote the mark. */
  public boolean isOwn() {
    return arrivedAgoNs.isEmpty();
  }

  /**
   * Returns the time by the running clock, in milliseconds.
   *
   * @param wallMs the time of day by the wall clock of this machine, in milliseconds since 1970
   */
  public long runningMs(long wallMs) {
    long passedMs =
        isOwn() ? Math.max(0, wallMs - mark.wallMs()) : arrivedAgoNs.getAsLong() / 1_000_000;
    return mark.runningMs() + passedMs;
  }
}
