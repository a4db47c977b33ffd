package dev.dormouse.server.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.io.PrintStream;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Runs the simulation; the README beside this file explains it. */
@Tag("once") // a seed gives the same run on every JVM
@ExtendWith(QuietHost.class)
class SimulationTest {
  private static final String COMMAND =
      "mvn -q test -pl server -am -Dtest=SimulationTest -Dsurefire.failIfNoSpecifiedTests=false"
          + " -Ddormouse.simulation.seed=";

  /** The one seed that runs instead of many, printed step by step; null for many seeds. */
  private static final @Nullable Long SEED = Long.getLong("dormouse.simulation.seed");

  private static final int SEEDS = Integer.getInteger("dormouse.simulation.seeds", 500);

  /**
   * Is true if a run draws new seeds. Without it the same seeds run each time, so that a build
   * fails only for its own changes.
   */
  private static final boolean IS_FRESH = Boolean.getBoolean("dormouse.simulation.fresh");

  @Test
  void thePromisesHoldWhateverHappens() {
    if (SEED != null) {
      run(SEED, System.out);
      return;
    }
    long first = IS_FRESH ? new SplittableRandom().nextLong(1_000_000_000_000L) : 1;
    System.out.println("simulation: " + SEEDS + " seeds from " + first);
    Map<Happening, Integer> happenings = new EnumMap<>(Happening.class);
    for (long seed = first; seed < first + SEEDS; seed++) {
      run(seed, null).happenings().forEach((h, n) -> happenings.merge(h, n, Integer::sum));
    }
    System.out.println("simulation: " + happenings);
    if (SEEDS >= 500) {
      assertThat(happenings).containsKeys(Happening.values());
    }
  }

  private static Simulation.Outcome run(long seed, @Nullable PrintStream out) {
    Simulation.Outcome outcome = Simulation.run(seed, out);
    if (outcome.broken() != null) {
      fail(
          "seed %d breaks %s%n%nIt began so to go wrong:%n%s%n%nThe whole of it:%n%s%d"
              .formatted(
                  seed,
                  outcome.broken(),
                  String.join(System.lineSeparator(), outcome.last()),
                  COMMAND,
                  seed));
    }
    return outcome;
  }

  @Test
  void theSameSeedGivesTheSameRun() {
    Set<Long> hashes = new HashSet<>();
    for (long seed = 1; seed <= 20; seed++) {
      Simulation.Outcome first = Simulation.run(seed, null);
      assertThat(Simulation.run(seed, null).hash()).as("seed %d", seed).isEqualTo(first.hash());
      hashes.add(first.hash());
    }
    assertThat(hashes).as("different runs").hasSize(20);
  }
}
