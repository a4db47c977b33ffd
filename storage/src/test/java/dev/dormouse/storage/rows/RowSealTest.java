package dev.dormouse.storage.rows;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class RowSealTest {
  private static final byte[] KEY = "key".getBytes(StandardCharsets.UTF_8);
  private static final byte[] PAYLOAD = "payload".getBytes(StandardCharsets.UTF_8);

  @Test
  @DisplayName("The bytes of stored values never change")
  void theBytesOfStoredValuesNeverChange() {
    assertThat(HexFormat.of().formatHex(RowSeal.seal(KEY, PAYLOAD)))
        .isEqualTo("01" + "18115997" + "7061796c6f6164");
    assertThat(HexFormat.of().formatHex(RowSeal.seal(new byte[0], new byte[0])))
        .isEqualTo("0100000000");
  }

  @Test
  void whatWasSealedIsOpened() {
    assertThat(RowSeal.open(KEY, RowSeal.seal(KEY, PAYLOAD))).isEqualTo(PAYLOAD);
    assertThat(RowSeal.open(KEY, RowSeal.seal(KEY, new byte[0]))).isEmpty();
  }

  @Test
  void everyFlippedBitAndEveryMissingByteIsNoticed() {
    byte[] value = RowSeal.seal(KEY, PAYLOAD);
    for (int bit = 0; bit < value.length * 8; bit++) {
      byte[] flipped = value.clone();
      flipped[bit / 8] ^= (byte) (1 << bit % 8);
      assertThat(RowSeal.open(KEY, flipped)).as("bit %d flipped", bit).isNull();
    }
    for (int length = 0; length < value.length; length++) {
      assertThat(RowSeal.open(KEY, Arrays.copyOf(value, length))).as("cut to %d", length).isNull();
    }
  }

  @Test
  void aValueUnderAnotherKeyIsNoticed() {
    assertThat(RowSeal.open(PAYLOAD, RowSeal.seal(KEY, PAYLOAD))).isNull();
  }

  @Test
  void theFaultIsNamed() {
    assertThat(RowSeal.faultOf(new byte[3])).isEqualTo("has 3 bytes of at least 5");
    assertThat(RowSeal.faultOf(new byte[] {9, 0, 0, 0, 0})).isEqualTo("has the unknown version 9");
    assertThat(RowSeal.faultOf(new byte[] {1, 0, 0, 0, 1})).isEqualTo("fails its checksum");
  }
}
