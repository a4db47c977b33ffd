package dev.dormouse.server.host;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What keeps an actor in memory, in words. */
final class Pins {
  private Pins() {}

  /**
   * All that does, the idle time being told only if nothing else does.
   *
   * @param turnSince how long a turn has been open; null if none is
   * @param isAwaiting whether that turn's handler has returned and it waits for a stage
   */
  static List<String> of(
      @Nullable Duration turnSince,
      boolean isAwaiting,
      int waitingEvents,
      boolean isCommitting,
      Duration idle,
      Duration idleLimit) {
    List<String> pins = new ArrayList<>();
    if (turnSince != null) {
      pins.add(
          (isAwaiting ? "waitFor in a turn" : "a running turn") + " since " + seconds(turnSince));
    }
    if (waitingEvents > 0) {
      pins.add(waitingEvents + " waiting events");
    }
    if (isCommitting) {
      pins.add("commits on their way");
    }
    if (pins.isEmpty()) {
      pins.add("idle " + seconds(idle) + " of " + seconds(idleLimit));
    }
    return pins;
  }

  /** What else is to be known of an actor that cannot be activated. */
  static String failedActivations(int number, long restNs) {
    return number
        + " activations have failed in a row; next attempt in "
        + seconds(Duration.ofNanos(restNs));
  }

  private static String seconds(Duration duration) {
    return String.format(Locale.ROOT, "%.1f s", duration.toMillis() / 1000.0);
  }
}
