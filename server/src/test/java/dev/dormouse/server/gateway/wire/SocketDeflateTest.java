package dev.dormouse.server.gateway.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.Random;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SocketDeflateTest {
  private static final int MIB = 1 << 20;
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private static byte[] inflated(SocketDeflate deflate, byte[] compressed) {
    ByteBuffer direct = ByteBuffer.allocateDirect(compressed.length).put(compressed).flip();
    return deflate.inflate(direct, 16 * MIB);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  @DisplayName("a message of any size is the same after its compression, which copies it once")
  void aMessageIsTheSameAfterItsCompression(boolean hasContext) {
    DeflateTerms terms = new DeflateTerms(hasContext, hasContext, false);
    SocketDeflate deflate = new SocketDeflate(terms, new LongAdder());
    Random random = new Random(1);
    for (int size : new int[] {64, 255, 256, 257, 65_536, 65_537, 8 * MIB}) {
      byte[] message = new byte[size];
      for (int i = 0; i < size; i++) {
        message[i] = (byte) random.nextInt(2);
      }
      byte[] compressed = deflate.compress(message);
      assertThat(compressed).hasSizeLessThan(size);
      long before = THREADS.getThreadAllocatedBytes(Thread.currentThread().getId());
      byte[] again = inflated(deflate, compressed);
      long taken = THREADS.getThreadAllocatedBytes(Thread.currentThread().getId()) - before;
      assertThat(again).isEqualTo(message);
      assertThat(taken).isLessThan(2L * size + MIB);
    }
    deflate.endInput();
    deflate.endOutput();
  }
}
