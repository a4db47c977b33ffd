package dev.dormouse.server.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PayloadTest {

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  @DisplayName(
      "S26 of a buffer what is between position and limit is copied, and it stays as it was")
  void ofABufferWhatIsBetweenPositionAndLimitIsCopiedAndItStaysAsItWas(boolean isDirect) {
    ByteBuffer whole = isDirect ? ByteBuffer.allocateDirect(8) : ByteBuffer.allocate(8);
    whole.put(new byte[] {0, 1, 2, 3, 4, 5, 6, 7}).position(1).limit(7);
    ByteBuffer slice = whole.slice().asReadOnlyBuffer();
    slice.position(1).limit(4);
    Payload payload = Payload.binary(slice);
    assertThat(payload.bytes()).containsExactly(2, 3, 4);
    assertThat(slice.position()).isEqualTo(1);
    whole.put(2, (byte) 9);
    assertThat(payload.bytes()).containsExactly(2, 3, 4);
  }
}
