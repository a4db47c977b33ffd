package dev.dormouse.server.host;

import dev.dormouse.log.Counted;
import dev.dormouse.server.host.commit.OutputGate;
import dev.dormouse.server.host.turn.Turn;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Describes in words what keeps an actor in memory. */
final class Pins {
  private Pins() {}

  /**
   * All that does, the idle time being told only if nothing else does.
   *
   * @param turn the one that is open; null if none is
   * @param waitingEvents how many events wait
   * @param gate what holds words until they are kept
   * @param lastEventNs when the last event ended
   */
  static List<String> of(
      @Nullable Turn turn,
      int waitingEvents,
      OutputGate gate,
      long nowNs,
      long lastEventNs,
      Duration idleLimit) {
    List<String> pins = new ArrayList<>();
    if (turn != null) {
      String what = turn.isAwaiting() ? "waitFor in a turn" : "a running turn";
      pins.add(what + " since " + seconds(Duration.ofNanos(nowNs - turn.startedNs())));
    }
    if (waitingEvents > 0) {
      pins.add(Counted.of(waitingEvents, "waiting event"));
    }
    if (gate.isHolding()) {
      pins.add("commits on their way");
    }
    if (pins.isEmpty()) {
      pins.add(
          "idle " + seconds(Duration.ofNanos(nowNs - lastEventNs)) + " of " + seconds(idleLimit));
    }
    return pins;
  }

  /** What else is to be known of an actor that cannot be activated. */
  static String failedActivations(int number, long restNs) {
    return Counted.of(number, "failed activation")
        + " in a row; next attempt in "
        + seconds(Duration.ofNanos(restNs));
  }

  private static String seconds(Duration duration) {
    return String.format(Locale.ROOT, "%.1f s", duration.toMillis() / 1000.0);
  }
}
