package dev.dormouse.server.simulation;

import java.util.List;
import java.util.SplittableRandom;

/** All the chance of a run, from one seed. */
final class Dice {
  private final SplittableRandom random;

  Dice(long seed) {
    random = new SplittableRandom(seed);
  }

  /** Returns a number from 0 that is less than the bound. */
  int below(int bound) {
    return random.nextInt(bound);
  }

  /** Returns a number between two others, both included. */
  int between(int least, int most) {
    return random.nextInt(least, most + 1);
  }

  /** Returns true this many times in a hundred. */
  boolean chance(int percent) {
    return random.nextInt(100) < percent;
  }

  <T> T pick(List<T> list) {
    return list.get(random.nextInt(list.size()));
  }
}
