package dev.dormouse.storage.rows;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class KeySpanTest {

  @Test
  void aPrefixEndsBeforeTheNextOne() {
    assertThat(KeySpan.prefix(new byte[] {1, 2}).to()).containsExactly(1, 3);
    assertThat(KeySpan.prefix(new byte[] {1, (byte) 0xff}).to()).containsExactly(2);
    assertThat(KeySpan.prefix(new byte[] {0x7f}).to()).containsExactly(0x80);
  }

  @Test
  void aPrefixOfHighestBytesAndTheEmptyOneHaveNoEnd() {
    assertThat(KeySpan.prefix(new byte[] {(byte) 0xff, (byte) 0xff}).to()).isNull();
    assertThat(KeySpan.prefix(new byte[0]).to()).isNull();
  }

  @Test
  void aSpanHoldsItsFirstKeyAndNotItsEnd() {
    KeySpan span = new KeySpan(new byte[] {1}, new byte[] {(byte) 0x90}, false);

    assertThat(span.contains(new byte[] {1})).isTrue();
    assertThat(span.contains(new byte[] {(byte) 0x80, 0})).isTrue();
    assertThat(span.contains(new byte[] {(byte) 0x90})).isFalse();
    assertThat(span.contains(new byte[0])).isFalse();
    assertThat(KeySpan.all().contains(new byte[0])).isTrue();
  }
}
