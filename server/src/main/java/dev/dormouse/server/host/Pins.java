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
   * Lists everything that keeps an actor in memory; the idle time only if there is nothing else.
   *
   * @param turn the open turn; null if none is open
   * @param waitingEvents the number of events in the mailbox
   * @param gate the gate that holds the actor's records until its commits are done
   * @param nowNs the time, by the clock that never jumps
   * @param lastEventNs when the last event ended, by the same clock
   * @param idleLimit the idle time after which the actor hibernates
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

  /** Describes the failed wakes of an actor, and when the next one is tried. */
  static String failedWakes(int number, long restNs) {
    return Counted.of(number, "failed wake")
        + " in a row; next attempt in "
        + seconds(Duration.ofNanos(restNs));
  }

  private static String seconds(Duration duration) {
    return String.format(Locale.ROOT, "%.1f s", Math.max(0, duration.toMillis()) / 1000.0);
  }
}
