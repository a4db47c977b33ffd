package dev.dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FileHandlesTest {

  @ParameterizedTest
  @CsvSource({
    "1048576, 943214",
    "65536, 58474",
    "1024, 412",
    "256, 64",
    "-1, 2147483647",
    "9223372036854775807, 2147483647",
  })
  void connectionsAreLeftAReserveOfHandles(long handles, int connections) {
    assertThat(FileHandles.connectionsMax(handles)).isEqualTo(connections);
  }
}
