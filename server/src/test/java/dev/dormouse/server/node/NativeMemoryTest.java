package dev.dormouse.server.node;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("F39")
class NativeMemoryTest {
  @ParameterizedTest
  @CsvSource({
    "192, 96, 12, true",
    "256, 96, 20, false",
    "320, 160, 20, false",
    "320, 200, 15, true",
    "64, 96, 4, true",
    "16000, 4000, 64, false",
    "0, 96, 64, false"
  })
  @DisplayName(
      "F39: the store's cache goes by what the container has beside the heap, with a floor")
  void theStoresCacheGoesByWhatTheContainerHasBesideTheHeapWithAFloor(
      long totalMib, long heapMib, long cacheMib, boolean isBelowFloor) {
    NativeMemory memory = new NativeMemory(totalMib << 20, heapMib << 20);
    assertThat(memory.blockCacheBytes()).isEqualTo(cacheMib << 20);
    assertThat(memory.isBelowFloor()).isEqualTo(isBelowFloor);
  }
}
