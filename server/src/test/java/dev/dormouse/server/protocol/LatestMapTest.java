package dev.dormouse.server.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class LatestMapTest {

  @Test
  void anEntryBeyondTheLimitTakesThePlaceOfTheOneUsedLongestAgo() {
    Map<String, Integer> map = new LatestMap<>(2);
    map.put("one", 1);
    map.put("two", 2);
    assertThat(map.get("one")).isEqualTo(1);
    map.put("three", 3);
    assertThat(map).containsExactly(Map.entry("one", 1), Map.entry("three", 3));
  }
}
