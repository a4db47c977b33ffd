package dev.dormouse.server.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class HeapCostTest {
  private static final long REGION = 1 << 20;

  @Test
  @DisplayName("A2: an array of half a region or more takes whole regions")
  void anArrayOfHalfARegionOrMoreTakesWholeRegions() {
    assertThat(HeapCost.ofBytes(REGION / 2 - 17, REGION)).isEqualTo(REGION / 2 - 17);
    assertThat(HeapCost.ofBytes(REGION / 2 - 16, REGION)).isEqualTo(REGION);
    assertThat(HeapCost.ofBytes(REGION - 16, REGION)).isEqualTo(REGION);
    assertThat(HeapCost.ofBytes(REGION, REGION)).isEqualTo(2 * REGION);
    assertThat(HeapCost.ofBytes(5 * REGION, REGION)).isEqualTo(6 * REGION);
  }

  @Test
  @DisplayName("A2: without regions an array takes what it has")
  void withoutRegionsAnArrayTakesWhatItHas() {
    assertThat(HeapCost.ofBytes(5 * REGION, 0)).isEqualTo(5 * REGION);
  }
}
