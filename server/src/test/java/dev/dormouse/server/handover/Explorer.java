package dev.dormouse.server.handover;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Visits every state that a scenario can reach, the nearest first. A state is reached by taking all
 * the steps from the beginning, so nothing need be copied; a hash tells whether it is known.
 */
final class Explorer {

  /**
   * The result of an exploration.
   *
   * @param states how many states were visited
   * @param isWhole whether that is all of them
   * @param violation the broken promise and the steps to it, a step a line; null if there is none
   */
  record Outcome(int states, long steps, boolean isWhole, @Nullable String violation) {}

  private final Scenario scenario;
  private final @Nullable ModelFault fault;
  private final int statesMax;

  private int count;
  private int[] parents = new int[1 << 12];
  private int[] steps = new int[1 << 12];
  private long[] hashes = new long[1 << 13];
  private int[] table = new int[1 << 14];
  private final BitSet good = new BitSet();
  private int edges;
  private int[] from = new int[1 << 14];
  private int[] to = new int[1 << 14];
  private long taken;
  private int @Nullable [] way;

  private Explorer(Scenario scenario, @Nullable ModelFault fault, int statesMax) {
    this.scenario = scenario;
    this.fault = fault;
    this.statesMax = statesMax;
  }

  static Outcome explore(Scenario scenario, @Nullable ModelFault fault, int statesMax) {
    return new Explorer(scenario, fault, statesMax).explore();
  }

  private Outcome explore() {
    World first;
    try {
      first = new World(scenario, fault, way);
    } catch (RuntimeException e) {
      return new Outcome(0, 0, true, e + " before the first step");
    }
    way = first.way();
    visit(Canon.hash(first), -1, 0);
    if (first.unrest() == null) {
      good.set(0);
    }
    for (int state = 0; state < count; state++) {
      if (count >= statesMax) {
        return new Outcome(count, taken, false, null);
      }
      int[] path = path(state);
      World world = replay(path);
      List<Integer> next = world.steps();
      for (int i = 0; i < next.size(); i++) {
        int step = next.get(i);
        try {
          world.take(step);
          int reached = visit(Canon.hash(world), state, step);
          if (reached == count - 1 && parents[reached] == state && world.unrest() == null) {
            good.set(reached);
          }
          if (World.sort(step) == World.Sort.PROGRESS && reached != state) {
            edge(state, reached);
          }
        } catch (RuntimeException e) {
          return new Outcome(count, taken, false, describe(path, step, words(e)));
        }
        taken++;
        if (i + 1 < next.size()) {
          world = replay(path);
        }
      }
    }
    int stuck = stuck();
    if (stuck < 0) {
      return new Outcome(count, taken, true, null);
    }
    World world = replay(path(stuck));
    return new Outcome(
        count,
        taken,
        true,
        describe(
            path(stuck), -1, "from here no state is reached where all is well: " + world.unrest()));
  }

  private static String words(RuntimeException e) {
    if (e instanceof Violation) {
      return String.valueOf(e.getMessage());
    }
    StackTraceElement[] at = e.getStackTrace();
    return e + (at.length == 0 ? "" : " at " + at[0] + (at.length > 1 ? ", " + at[1] : ""));
  }

  private World replay(int[] path) {
    World world = new World(scenario, fault, way);
    for (int step : path) {
      world.take(step);
    }
    return world;
  }

  private int[] path(int state) {
    int length = 0;
    for (int at = state; parents[at] >= 0; at = parents[at]) {
      length++;
    }
    int[] path = new int[length];
    for (int at = state; parents[at] >= 0; at = parents[at]) {
      path[--length] = steps[at];
    }
    return path;
  }

  private String describe(int[] path, int last, String words) {
    List<String> lines = new ArrayList<>();
    World world = new World(scenario, fault, way);
    world.trace(lines);
    for (int step : path) {
      world.take(step);
    }
    if (last >= 0) {
      try {
        world.take(last);
      } catch (RuntimeException e) {
        lines.add("    " + words(e));
      }
    }
    return words + " (" + scenario.name() + ")\n  " + String.join("\n  ", lines);
  }

  /** Returns the number of a state, which is new if it was not known. */
  private int visit(long[] hash, int parent, int step) {
    int mask = table.length - 1;
    int slot = (int) hash[0] & mask;
    while (table[slot] != 0) {
      int known = table[slot] - 1;
      if (hashes[2 * known] == hash[0] && hashes[2 * known + 1] == hash[1]) {
        return known;
      }
      slot = (slot + 1) & mask;
    }
    if (count == parents.length) {
      parents = Arrays.copyOf(parents, 2 * count);
      steps = Arrays.copyOf(steps, 2 * count);
      hashes = Arrays.copyOf(hashes, 4 * count);
    }
    parents[count] = parent;
    steps[count] = step;
    hashes[2 * count] = hash[0];
    hashes[2 * count + 1] = hash[1];
    table[slot] = ++count;
    if (2 * count > table.length) {
      grow();
    }
    return count - 1;
  }

  private void grow() {
    table = new int[2 * table.length];
    int mask = table.length - 1;
    for (int state = 0; state < count; state++) {
      int slot = (int) hashes[2 * state] & mask;
      while (table[slot] != 0) {
        slot = (slot + 1) & mask;
      }
      table[slot] = state + 1;
    }
  }

  private void edge(int source, int target) {
    if (edges == from.length) {
      from = Arrays.copyOf(from, 2 * edges);
      to = Arrays.copyOf(to, 2 * edges);
    }
    from[edges] = source;
    to[edges++] = target;
  }

  /** Returns the first state from which no good state is reached by progress alone; -1 if none. */
  private int stuck() {
    int[] starts = new int[count + 1];
    for (int i = 0; i < edges; i++) {
      starts[to[i] + 1]++;
    }
    for (int state = 0; state < count; state++) {
      starts[state + 1] += starts[state];
    }
    int[] sources = new int[edges];
    int[] at = starts.clone();
    for (int i = 0; i < edges; i++) {
      sources[at[to[i]]++] = from[i];
    }
    BitSet fine = (BitSet) good.clone();
    int[] queue = new int[count];
    int end = 0;
    for (int state = good.nextSetBit(0); state >= 0; state = good.nextSetBit(state + 1)) {
      queue[end++] = state;
    }
    for (int i = 0; i < end; i++) {
      for (int k = starts[queue[i]]; k < starts[queue[i] + 1]; k++) {
        if (!fine.get(sources[k])) {
          fine.set(sources[k]);
          queue[end++] = sources[k];
        }
      }
    }
    int stuck = fine.nextClearBit(0);
    return stuck < count ? stuck : -1;
  }
}
