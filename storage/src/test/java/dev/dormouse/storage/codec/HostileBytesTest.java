package dev.dormouse.storage.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.sun.management.ThreadMXBean;
import dev.dormouse.sdk.StoredValueException;
import java.io.ByteArrayOutputStream;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Decodes bytes that nobody should have written; {@link HostileBlobsTest} has a million more. */
class HostileBytesTest {
  private static final ThreadMXBean THREAD = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** A class on the class path that is not named. */
  static class Trap {
    static int made;

    Trap() {
      made++;
    }
  }

  private final ValueCodec codec = Codecs.kryo(List.of());

  @Test
  void lengthsAreNotBelieved() {
    int[] lengths = {1_000, 1 << 20, 1 << 28, Integer.MAX_VALUE, -1, Integer.MIN_VALUE};
    List<StoredType> withLengths =
        BuiltInTypes.all().stream()
            .filter(type -> type.id() < 30 || type.id() == 33 || type.id() >= 70)
            .toList();
    for (StoredType type : withLengths) {
      for (int length : lengths) {
        ValueOutput out = begun(type.id());
        out.writeVarInt(length, true);
        out.writeVarInt(length, true);
        assertRefused(out.toBytes());
      }
    }
    int stringId = 1;
    for (int length : lengths) {
      ValueOutput out = begun(stringId);
      out.writeVarInt(length, true);
      assertRefused(out.toBytes());
    }
  }

  @Test
  @Timeout(value = 5, unit = TimeUnit.SECONDS)
  void claimsThatNestDoNotAddUpToMuchMemory() {
    int listId = 70;
    byte[] rest = new byte[1 << 20];
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ValueOutput out = begun(listId);
    bytes.writeBytes(out.toBytes());
    for (int depth = 0; depth < 99; depth++) {
      ValueOutput nested = empty();
      nested.writeVarInt(rest.length, true);
      nested.writeVarInt(listId + 2, true);
      bytes.writeBytes(nested.toBytes());
    }
    bytes.writeBytes(rest);
    long before = THREAD.getCurrentThreadAllocatedBytes();

    assertRefused(bytes.toByteArray());

    assertThat(THREAD.getCurrentThreadAllocatedBytes() - before).isLessThan(64L << 20);
  }

  @Test
  void nestingWithoutEndIsRefused() {
    ValueOutput out = begun(70);
    for (int depth = 0; depth < 100_000; depth++) {
      out.writeVarInt(1, true);
      out.writeVarInt(72, true);
    }
    assertThatExceptionOfType(StoredValueException.class)
        .isThrownBy(() -> codec.decode(out.toBytes()))
        .withMessageContaining("nests more than 100 deep");
  }

  @Test
  void aClassThatIsGivenByNameIsRefused() {
    ValueOutput out = empty();
    out.writeByte(1);
    out.writeVarInt(0, true);
    out.writeVarInt(1, true); // Kryo writes this before a name
    out.writeVarInt(0, true);
    out.writeString(Trap.class.getName());

    assertThatExceptionOfType(StoredValueException.class)
        .isThrownBy(() -> codec.decode(out.toBytes()))
        .withMessageContaining("by name");
    assertThat(Trap.made).isZero();
  }

  private void assertRefused(byte[] bytes) {
    assertThatExceptionOfType(StoredValueException.class).isThrownBy(() -> codec.decode(bytes));
  }

  /** Begins a value of a class, up to where the class's own bytes begin. */
  private static ValueOutput begun(int classId) {
    ValueOutput out = empty();
    out.writeByte(1);
    out.writeVarInt(0, true);
    out.writeVarInt(classId + 2, true);
    return out;
  }

  private static ValueOutput empty() {
    ValueOutput out = new ValueOutput();
    out.setBuffer(new byte[64], -1);
    return out;
  }
}
