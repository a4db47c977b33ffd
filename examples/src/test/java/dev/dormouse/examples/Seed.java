package dev.dormouse.examples;

import java.security.SecureRandom;
import java.util.Random;

/**
 * Makes random numbers that can be repeated: {@code -Ddormouse.test.seed} replays a printed seed.
 */
final class Seed {
  private Seed() {}

  static Random random(String test) {
    long seed = Long.getLong("dormouse.test.seed", new SecureRandom().nextLong());
    System.out.println(test + ": -Ddormouse.test.seed=" + seed);
    return new Random(seed);
  }
}
