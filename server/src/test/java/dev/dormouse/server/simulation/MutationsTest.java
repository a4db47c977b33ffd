package dev.dormouse.server.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Checks that the simulation notices each broken promise: here each is broken on purpose. */
@Tag("once") // the simulation finds the same faults on every JVM
@ExtendWith(QuietHost.class)
@Tag("full")
class MutationsTest {
  private static final int SEEDS_MAX = 500;

  /** More seeds for clusters, where rare things must meet. */
  private static final int CLUSTER_SEEDS_MAX = 5_000;

  /** The faults whose name contains this text are tried; empty for all. */
  private static final String NAME = System.getProperty("dormouse.mutation", "");

  @TempDir private Path folder;

  static List<Mutation> mutations() {
    return chosen(Mutations.ALL);
  }

  static List<Mutation> mutationsOfClusters() {
    return chosen(ClusterMutations.ALL);
  }

  private static List<Mutation> chosen(List<Mutation> all) {
    List<Mutation> named = all.stream().filter(each -> each.name().contains(NAME)).toList();
    return named.isEmpty() ? all.subList(0, 1) : named; // a parameterized test needs a parameter
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("mutations")
  void isNoticed(Mutation mutation) throws Exception {
    check(mutation, Simulation.class, SEEDS_MAX);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("mutationsOfClusters")
  void isNoticedInACluster(Mutation mutation) throws Exception {
    check(mutation, ClusterSimulation.class, CLUSTER_SEEDS_MAX);
  }

  private void check(Mutation mutation, Class<?> simulation, int seedsMax) throws Exception {
    try (Mutation.Runs runs = mutation.compile(folder, simulation)) {
      String broken = null;
      int seeds = 0;
      while (broken == null && seeds < seedsMax) {
        broken = runs.broken(++seeds);
      }
      assertThat(broken).as("what %d seeds find of: %s", seedsMax, mutation.name()).isNotNull();
      String[] lines = broken.split("\n", 2);
      System.out.printf(
          "| %s | %s | %d | %s |%n",
          mutation.name(), lines[0].replace("promise ", ""), seeds, lines[1].strip());
      assertThat(mutation.promises()).as(broken).anyMatch(p -> p.toString().equals(lines[0]));
    }
  }

  @Test
  void theReadmeListsThemAll() throws Exception {
    String readme =
        Files.readString(Path.of("src/test/java/dev/dormouse/server/simulation/README.md"));
    assertThat(Mutations.ALL).allMatch(mutation -> readme.contains("| " + mutation.name() + " |"));
    assertThat(ClusterMutations.ALL)
        .allMatch(mutation -> readme.contains("| " + mutation.name() + " |"));
  }
}
