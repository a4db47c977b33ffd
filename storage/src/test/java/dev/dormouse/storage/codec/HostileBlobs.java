package dev.dormouse.storage.codec;

import com.esotericsoftware.kryo.io.Output;
import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.AutoReply;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.sdk.StoredFields;
import dev.dormouse.sdk.StoredValueException;
import dev.dormouse.storage.rows.ActorRow;
import dev.dormouse.storage.rows.AutoRepliesRow;
import dev.dormouse.storage.rows.ConnectionRow;
import dev.dormouse.storage.rows.CorruptRowException;
import dev.dormouse.storage.rows.RequestRow;
import dev.dormouse.storage.rows.RowKeys;
import dev.dormouse.storage.rows.Table;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;

/** Changes blobs and decodes them; ends with the first forbidden result. */
final class HostileBlobs {
  private static final int LARGE = 1 << 20;

  /** A class on the class path that is never named. */
  static final class Decoy {
    static int made;

    Decoy() {
      made++;
    }
  }

  /** The classes that no blob may bring into the JVM. */
  static final List<String> FOREIGN =
      List.of(
          "dev.dormouse.storage.codec.HostileBlobs$Decoy", // its own class constant would load it
          "org.assertj.core.api.Assertions",
          "com.esotericsoftware.kryo.serializers.JavaSerializer",
          "java.io.ObjectInputStream",
          "javax.management.BadAttributeValueExpException",
          "javax.swing.JEditorPane",
          "java.rmi.server.UnicastRemoteObject",
          "com.sun.rowset.JdbcRowSetImpl");

  /** A class that is loaded when all is ready. */
  static final class Begin {}

  enum Mood {
    GOOD,
    BAD
  }

  @SuppressWarnings("ArrayRecordComponent") // this is the purpose of the test
  record Leaf(int number, String text, byte[] bytes) {}

  record Tree(List<Tree> children, Map<String, Leaf> leaves, Mood mood, Object any) {}

  /** The later form of a tree, in the codec that migrates. */
  record Shrub(List<Object> parts, String mood) {}

  private static final ValueCodec plain =
      Codecs.kryo(List.of(Leaf.class, Tree.class, Mood.class, Leaf[].class));
  private static final ValueCodec migrating =
      Codecs.kryo(
          List.of(Leaf.class),
          Map.of(Tree.class.getName(), Shrub.class),
          Map.of(Shrub.class, HostileBlobs::shrub));
  private static final RowKeys keys = new RowKeys(16);

  private final Random random;
  private int read;
  private int refused;

  private HostileBlobs(Random random) {
    this.random = random;
  }

  private static Shrub shrub(StoredFields old) {
    List<Object> parts = new ArrayList<>();
    old.get("children", List.class).ifPresent(parts::add);
    old.get("any", Object.class).ifPresent(parts::add);
    return new Shrub(parts, old.get("mood", String.class).orElse(""));
  }

  /** Decodes a number of blobs that are changed from the given seed. */
  public static void main(String[] args) {
    long seed = Long.parseLong(args[1]);
    HostileBlobs blobs = new HostileBlobs(new Random(seed));
    List<byte[]> values = values();
    List<byte[]> rows = rows();
    Object begin = new Begin();
    int count = Integer.parseInt(args[0]);
    for (int i = 0; i < count; i++) {
      try {
        if (i % 16 == 15) {
          blobs.decodeRow(blobs.changed(blobs.anyOf(rows), 0), i / 16 % 5);
        } else {
          blobs.decode(blobs.changed(blobs.anyOf(values), 1), i % 4);
        }
      } catch (Throwable e) {
        System.out.println("round " + i + ": " + e + " " + Arrays.toString(e.getStackTrace()));
        return;
      }
    }
    System.out.println(
        "read " + blobs.read + ", refused " + blobs.refused + ", " + begin.getClass().getName());
  }

  private byte[] anyOf(List<byte[]> blobs) {
    return blobs.get(random.nextInt(blobs.size()));
  }

  private void decode(byte[] blob, int how) {
    try {
      switch (how) {
        case 0 -> check(migrating.decode(blob, Shrub.class));
        case 1 -> check(migrating.decode(blob));
        case 2 -> plain.describe(blob); // never refuses
        default -> check(plain.decode(blob));
      }
      read++;
    } catch (StoredValueException e) {
      refused++;
    }
  }

  private void decodeRow(byte[] blob, int how) {
    try {
      switch (how) {
        case 0 -> ConnectionRow.decode(blob);
        case 1 -> AutoRepliesRow.decodeOrNone(blob);
        case 2 -> RequestRow.decode(blob);
        case 3 -> keys.decode(Table.VALUE, blob);
        default -> ActorRow.decode(blob);
      }
      read++;
    } catch (CorruptRowException e) {
      refused++;
    }
  }

  /** Checks that a value and everything in it are of permitted classes. */
  private static void check(Object value) {
    check(value, false);
  }

  private static void check(Object value, boolean isMigrated) {
    if (value == null) {
      return;
    }
    if (value instanceof Collection<?> elements) {
      elements.forEach(element -> check(element, isMigrated));
    } else if (value instanceof Map<?, ?> map) {
      check(map.keySet(), isMigrated);
      check(map.values(), isMigrated);
    } else if (value instanceof Object[] elements) {
      check(Arrays.asList(elements), isMigrated);
    } else if (value instanceof Optional<?> optional) {
      check(optional.orElse(null), isMigrated);
    } else if (value instanceof Tree tree) {
      check(tree.children(), isMigrated);
      check(tree.leaves(), isMigrated);
      check(tree.any(), isMigrated);
    } else if (value instanceof Shrub shrub) {
      check(shrub.parts(), true);
    } else if (value instanceof StoredObject object && isMigrated) {
      object.slots().values().forEach(slot -> check(slot.value(), true));
    } else if (!BuiltInTypes.isBuiltIn(value.getClass())
        && !(value instanceof Leaf)
        && !(value instanceof Mood)
        && !(isMigrated && value instanceof StoredConstant)) {
      throw new AssertionError("read as " + value.getClass());
    }
  }

  private byte[] changed(byte[] original, int from) {
    byte[] bytes = original.clone();
    int changes = 1 + random.nextInt(3);
    for (int i = 0; i < changes; i++) {
      int at = from + random.nextInt(bytes.length - from); // a wrong version is refused at once
      switch (random.nextInt(5)) {
        case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> bytes[at] = (byte) random.nextInt(256);
        case 2 -> bytes[at] = (byte) 0xff;
        case 3 -> bytes = Arrays.copyOf(bytes, Math.max(2, at));
        default -> {
          int length = Math.min(bytes.length - at, 1 + random.nextInt(8));
          System.arraycopy(bytes, random.nextInt(bytes.length - length + 1), bytes, at, length);
        }
      }
    }
    return bytes;
  }

  private static List<byte[]> rows() {
    return List.of(
        new ConnectionRow(1, List.of("a", "member"), new byte[] {1, 2, 3}).encode(),
        new AutoRepliesRow(List.of(new AutoReply("ping", "pong"))).encode(),
        RequestRow.of(HttpResponse.text(200, "an answer")).encode(),
        keys.encode(new ActorId("chat", "lobby"), Table.VALUE, new byte[] {1}),
        new ActorRow(1, 2).with(1, 3).encode());
  }

  private static List<byte[]> values() {
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
    List<byte[]> blobs = new ArrayList<>();
    for (Object value : values) {
      blobs.add(plain.encode(value, LARGE));
    }
    FOREIGN.forEach(name -> blobs.add(byName(name)));
    return blobs;
  }

  /** Returns Kryo's bytes for an object without fields whose class is given by name. */
  static byte[] byName(String className) {
    Output out = new Output(64, -1);
    out.writeByte(1); // our version
    out.writeVarInt(0, true); // no shapes
    out.writeVarInt(1, true); // by name
    out.writeVarInt(0, true); // the first name
    out.writeString(className);
    return out.toBytes();
  }
}
