package dev.dormouse.server.admin;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class WrongTokensTest {
  @Test
  @DisplayName("The addresses that brought a wrong token last are remembered")
  void addressesAreForgotten() {
    WrongTokens wrong = new WrongTokens();
    for (int i = 0; i < 2 * WrongTokens.ADDRESSES_MAX; i++) {
      wrong.add("address " + i, 0);
      wrong.add("busy", 0);
    }

    assertThat(wrong.size()).isEqualTo(WrongTokens.ADDRESSES_MAX);
    assertThat(wrong.isTooMany("busy", 0)).isTrue();
    assertThat(wrong.isTooMany("address 1", 0)).isFalse();
  }
}
