package dev.dormouse.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.sun.management.ThreadMXBean;
import dev.dormouse.sdk.StoredValueException;
import java.io.ByteArrayOutputStream;
import java.lang.management.ManagementFactory;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Bytes that nobody should have written. */
class HostileBytesTest {
  private static final int LARGE = 1 << 20;
  private static final ThreadMXBean THREAD = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  enum Mood {
    GOOD,
    BAD
  }

  @SuppressWarnings("ArrayRecordComponent") // that is what is tested
  record Leaf(int number, String text, byte[] bytes) {}

  record Tree(List<Tree> children, Map<String, Leaf> leaves, Mood mood, Object any) {}

  /** On the class path, but not named. */
  static class Trap {
    static int made;

    Trap() {
      made++;
    }
  }

  private final ValueCodec codec =
      Codecs.kryo(List.of(Leaf.class, Tree.class, Mood.class, Leaf[].class));

  private List<byte[]> originals() {
    Leaf leaf = new Leaf(-7, "some text of ä length", new byte[] {1, 2, 3});
    Tree small = new Tree(List.of(), Map.of("a", leaf), Mood.GOOD, null);
    Object[] values = {
      "a string",
      new int[] {1, 2, 3},
      new long[] {1, 2, 3},
      new double[] {1, 2},
      new String[] {"a", "b"},
      new Leaf[] {leaf},
      new ArrayList<>(List.of(1, "x", 2L, leaf)),
      new HashMap<>(Map.of("k", leaf, "l", small)),
      new TreeMap<>(Map.of("k", 1, "l", 2)),
      EnumSet.allOf(Mood.class),
      new EnumMap<>(Map.of(Mood.GOOD, leaf)),
      new Tree(
          List.of(small, small),
          Map.of("k", leaf),
          Mood.BAD,
          List.of(
              Optional.of(new BigDecimal("12345678901234567890.5")),
              UUID.nameUUIDFromBytes(new byte[0]),
              Instant.EPOCH,
              ZonedDateTime.of(2024, 1, 1, 1, 1, 1, 1, ZoneId.of("Europe/Vienna")))),
    };
    return Arrays.stream(values).map(value -> codec.encode(value, LARGE)).toList();
  }

  @Test
  @Timeout(120)
  void changedBytesAreReadAsNamedClassesOrRefused() {
    long seed = new Random().nextLong();
    System.out.println("changed bytes: seed " + seed);
    Random random = new Random(seed);
    List<byte[]> originals = originals();
    int refused = 0;
    int read = 0;
    long cpuNs = THREAD.getCurrentThreadCpuTime();
    for (int i = 0; i < 200_000; i++) {
      byte[] bytes = changed(originals.get(random.nextInt(originals.size())), random);
      try {
        Object value = codec.decode(bytes);
        assertThat(isAllowed(value.getClass())).as("%s, seed %d", value.getClass(), seed).isTrue();
        read++;
      } catch (StoredValueException e) {
        refused++;
      } catch (Throwable e) {
        throw new AssertionError("seed " + seed + ", round " + i, e);
      }
    }
    assertThat(Duration.ofNanos(THREAD.getCurrentThreadCpuTime() - cpuNs))
        .as("seed %d", seed)
        .isLessThan(Duration.ofSeconds(10));
    assertThat(refused).isGreaterThan(20_000);
    assertThat(read).isGreaterThan(1_000);
  }

  private static boolean isAllowed(Class<?> type) {
    return BuiltInTypes.isBuiltIn(type)
        || List.of(Leaf.class, Tree.class, Mood.class, Leaf[].class).contains(type)
        // EnumSet is abstract; a time zone of "Z" is an offset.
        || EnumSet.class.isAssignableFrom(type);
  }

  private static byte[] changed(byte[] original, Random random) {
    byte[] bytes = original.clone();
    int changes = 1 + random.nextInt(3);
    for (int i = 0; i < changes; i++) {
      int at = 1 + random.nextInt(bytes.length - 1); // a wrong version would be refused at once
      switch (random.nextInt(5)) {
        case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> bytes[at] = (byte) random.nextInt(256);
        case 2 -> bytes[at] = (byte) 0xff;
        case 3 -> bytes = Arrays.copyOf(bytes, Math.max(2, at));
        default -> {
          int length = Math.min(bytes.length - at, 1 + random.nextInt(8));
          System.arraycopy(bytes, random.nextInt(bytes.length - length), bytes, at, length);
        }
      }
    }
    return bytes;
  }

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
    out.writeVarInt(1, true); // what Kryo writes before a name
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

  /** A value of a class, up to where the class's own bytes begin. */
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
