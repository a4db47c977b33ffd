package dev.dormouse.server.cluster.raft;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Tests which groups go to which node. */
class BalanceTest {
  @Test
  void aGroupGoesToTheNodeWithTheFewestThatHasItsEntries() {
    assertThat(Balance.next(List.of(1, 2, 3), Map.of("b", 1, "c", 0), (group, node) -> true))
        .isEqualTo(new Balance.Move(1, "c"));
    assertThat(
            Balance.next(
                List.of(1, 2, 3), Map.of("b", 1, "c", 0), (group, node) -> node.equals("b")))
        .isEqualTo(new Balance.Move(1, "b"));
    assertThat(Balance.next(List.of(1, 2, 3), Map.of("b", 0), (group, node) -> group == 3))
        .isEqualTo(new Balance.Move(3, "b"));
    assertThat(Balance.next(List.of(1, 2), Map.of("b", 0), (group, node) -> false)).isNull();
    assertThat(Balance.next(List.of(1, 2), Map.of("b", 1), (group, node) -> true)).isNull();
    assertThat(Balance.next(List.of(1), Map.of("b", 0), (group, node) -> true)).isNull();
    assertThat(Balance.next(List.of(1), Map.of(), (group, node) -> true)).isNull();
  }

  @Test
  void theSuccessorIsTheNodeWithTheFewestThatHasTheEntries() {
    Map<String, Integer> others = Map.of("b", 3, "c", 1);
    assertThat(Balance.successor(0, others, (group, node) -> true)).isEqualTo("c");
    assertThat(Balance.successor(0, others, (group, node) -> node.equals("b"))).isEqualTo("b");
    assertThat(Balance.successor(0, others, (group, node) -> false)).isNull();
  }

  @Test
  void nodesThatMoveAtTheSameTimeComeToRest() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int round = 0; round < 200; round++) {
      int nodes = 2 + random.nextInt(4);
      int groups = 1 + random.nextInt(24);
      Map<String, List<Integer>> owned = new TreeMap<>();
      for (int i = 0; i < nodes; i++) {
        owned.put("n" + i, new ArrayList<>());
      }
      for (int group = 0; group < groups; group++) {
        owned.get("n" + random.nextInt(nodes)).add(group);
      }
      int steps = 0;
      boolean isMoving = true;
      while (isMoving) {
        assertThat(steps++).as("steps, seed " + seed).isLessThan(100);
        isMoving = false;
        Map<String, List<Integer>> seen = new TreeMap<>();
        owned.forEach((node, own) -> seen.put(node, List.copyOf(own)));
        for (String node : seen.keySet()) {
          if (random.nextInt(3) == 0) {
            isMoving = true; // it looks later
            continue;
          }
          Map<String, Integer> others = new TreeMap<>();
          seen.forEach((other, own) -> others.put(other, own.size()));
          others.remove(node);
          Balance.Move move = Balance.next(seen.get(node), others, (group, to) -> true);
          if (move != null) {
            isMoving = true;
            owned.get(node).remove((Integer) move.group());
            owned.get(move.to()).add(move.group());
          }
        }
      }
      int most = owned.values().stream().mapToInt(List::size).max().orElseThrow();
      int fewest = owned.values().stream().mapToInt(List::size).min().orElseThrow();
      assertThat(most - fewest).as("seed " + seed).isLessThanOrEqualTo(1);
    }
  }
}
