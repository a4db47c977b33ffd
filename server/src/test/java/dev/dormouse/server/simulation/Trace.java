package dev.dormouse.server.simulation;

import java.io.PrintStream;
import java.util.ArrayDeque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The events of a run, line by line: they are hashed, the last lines are kept, and all are printed
 * if asked for.
 */
final class Trace {
  private static final int KEPT_LINES = 40;
  private static final long FNV_PRIME = 0x100000001b3L;

  private final SimulatedTime time;
  private final @Nullable PrintStream out;
  private final ArrayDeque<String> last = new ArrayDeque<>();
  private long hash = 0xcbf29ce484222325L;
  private long lines;

  Trace(SimulatedTime time, @Nullable PrintStream out) {
    this.time = time;
    this.out = out;
  }

  void line(int depth, String text) {
    String line = "%6d %8d ms  ".formatted(++lines, time.nowMs()) + "  ".repeat(depth) + text;
    for (int i = 0; i < line.length(); i++) {
      hash = (hash ^ line.charAt(i)) * FNV_PRIME;
    }
    last.add(line);
    if (last.size() > KEPT_LINES) {
      last.remove();
    }
    if (out != null) {
      out.println(line);
    }
  }

  /** Returns a hash of all lines so far, which is equal for equal runs. */
  long hash() {
    return hash;
  }

  List<String> lastLines() {
    return List.copyOf(last);
  }
}
