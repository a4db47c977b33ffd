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

/** Runs the simulation of a cluster; the README beside this file explains it. */
@Tag("once") // a seed gives the same run on every JVM
@ExtendWith(QuietHost.class)
class ClusterSimulationTest {
  private static final String COMMAND =
      "mvn -q test -pl server -am -Dtest=ClusterSimulationTest"
          + " -Dsurefire.failIfNoSpecifiedTests=false -Ddormouse.simulation.seed=";

  /** The one seed that runs instead of many, printed step by step; null for many seeds. */
  private static final @Nullable Long SEED = Long.getLong("dormouse.simulation.seed");

  private static final int SEEDS = Integer.getInteger("dormouse.simulation.seeds", 500);

  private static final boolean IS_FRESH = Boolean.getBoolean("dormouse.simulation.fresh");

  @Test
  void thePromisesHoldWhateverHappens() {
    if (SEED != null) {
      run(SEED, System.out);
      return;
    }
    long first = IS_FRESH ? new SplittableRandom().nextLong(1_000_000_000_000L) : 1;
    System.out.println("simulation of a cluster: " + SEEDS + " seeds from " + first);
    Map<ClusterHappening, Integer> happenings = new EnumMap<>(ClusterHappening.class);
    for (long seed = first; seed < first + SEEDS; seed++) {
      run(seed, null).happenings().forEach((h, n) -> happenings.merge(h, n, Integer::sum));
    }
    System.out.println("simulation of a cluster: " + happenings);
    if (SEEDS >= 500) {
      assertThat(happenings).containsKeys(ClusterHappening.values());
    }
  }

  private static ClusterSimulation.Outcome run(long seed, @Nullable PrintStream out) {
    ClusterSimulation.Outcome outcome = ClusterSimulation.run(seed, out);
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
      ClusterSimulation.Outcome first = ClusterSimulation.run(seed, null);
      assertThat(ClusterSimulation.run(seed, null).hash())
          .as("seed %d", seed)
          .isEqualTo(first.hash());
      hashes.add(first.hash());
    }
    assertThat(hashes).as("different runs").hasSize(20);
  }
}
