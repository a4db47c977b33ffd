package dev.dormouse.server.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.KeyRange;
import dev.dormouse.sdk.LimitExceededException;
import dev.dormouse.sdk.Storage;
import dev.dormouse.sdk.StorageKey;
import dev.dormouse.sdk.StoredValueException;
import dev.dormouse.storage.CommitResult;
import dev.dormouse.storage.MemoryDisk;
import dev.dormouse.storage.TurnBatch;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class StorageTest {
  private Consumer<Storage> next = storage -> {};

  private final Script script =
      new Script() {
        @Override
        void onMessage(Actor self, Connection<Object> from, String text) throws IOException {
          next.accept(self.store());
          from.send("done");
          if (text.equals("fail")) {
            throw new IOException("as asked");
          }
        }
      };

  private final MemoryDisk disk = new MemoryDisk();
  private TestHost node = new TestHost(disk, script);
  private ConnectionId ada = node.connect("ada");

  /** Runs an action in a turn of its own; an assertion that does not hold fails the turn. */
  private void turn(Consumer<Storage> work) {
    node.heard();
    next = work;
    node.message(ada, "go");
    assertThat(node.texts()).containsExactly("1:done");
  }

  @Test
  void manyKeysAreGotAtOnceInTheOrderInWhichTheyWereAskedFor() {
    turn(
        storage -> {
          storage.put("a", 1);
          storage.put("b", 2);
        });
    turn(
        storage -> {
          storage.put("c", 3);
          storage.delete("b");
          assertThat(storage.getAll(List.of("c", "b", "nothing", "a", "c"), Integer.class))
              .containsExactly(Map.entry("c", 3), Map.entry("a", 1));
          assertThat(storage.getAll(List.of(), Integer.class)).isEmpty();
          storage.put("d", "text");
          assertThatExceptionOfType(StoredValueException.class)
              .isThrownBy(() -> storage.getAll(List.of("a", "d"), Integer.class))
              .withMessageContaining("key 'd'")
              .satisfies(e -> assertThat(e.key()).contains("d"))
              .satisfies(e -> assertThat(e.className()).contains("java.lang.String"));
          assertThatExceptionOfType(StoredValueException.class)
              .isThrownBy(() -> storage.put("e", List.of(new Thread())))
              .satisfies(e -> assertThat(e.key()).contains("e"))
              .satisfies(e -> assertThat(e.className()).contains("java.lang.Thread"));
          assertThatExceptionOfType(LimitExceededException.class)
              .isThrownBy(() -> storage.getAll(List.of("a", ""), Integer.class));
          assertThatExceptionOfType(LimitExceededException.class)
              .isThrownBy(() -> storage.getAll(Collections.nCopies(10_001, "a"), Integer.class))
              .withMessage("the number of keys to get at once is 10001; the limit is 10000");
        });
  }

  private static final StorageKey<Map<String, List<Script.Note>>> NOTES =
      new StorageKey<>("notes") {};

  @Test
  void aKeyKnowsTheTypeOfItsValueWithTypeArguments() {
    StorageKey<Long> total = StorageKey.of("total", Long.class);
    Map<String, List<Script.Note>> notes = Map.of("a", List.of(new Script.Note("x", 1)));
    turn(
        storage -> {
          assertThat(storage.get(NOTES)).isEmpty();
          assertThat(storage.has(NOTES)).isFalse();
          assertThat(storage.getOrDefault(NOTES, Map.of())).isEmpty();
          storage.put(NOTES, notes);
          assertThat(storage.getOrDefault(NOTES, Map.of())).isEqualTo(notes);
          assertThat(storage.increment(total, 2)).isEqualTo(2);
        });
    node.hibernate();
    turn(
        storage -> {
          assertThat(storage.get(NOTES)).contains(notes);
          assertThat(storage.has(NOTES)).isTrue();
          assertThat(storage.getOrDefault(total, 0L)).isEqualTo(2);
          assertThat(storage.get(StorageKey.of("total", Integer.class))).contains(2);
          storage.put(NOTES.name(), Map.of("a", List.of("no note")));
          assertThatExceptionOfType(StoredValueException.class)
              .isThrownBy(() -> storage.get(NOTES))
              .withMessageStartingWith("the value of key 'notes': it is no java.util.Map<")
              .withMessageEndingWith(
                  "stored java.lang.String, wanted " + Script.Note.class.getName())
              .satisfies(e -> assertThat(e.key()).contains("notes"));
          assertThat(storage.has(NOTES)).isTrue();
          assertThat(storage.delete(NOTES)).isTrue();
          assertThat(storage.delete(NOTES)).isFalse();
          storage.put(NOTES.at("/a"), notes);
          assertThat(storage.has("notes/a")).isTrue();
        });
  }

  @Test
  void manyValuesArePutOrNone() {
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("a", 1);
    values.put("b", "text");
    turn(storage -> storage.putAll(values));
    values.put("a", 2);
    turn(
        storage -> {
          assertThat(storage.get("a", Integer.class)).contains(1);
          assertThat(storage.get("b", String.class)).contains("text");
          values.put("c", new Thread());
          assertThatExceptionOfType(StoredValueException.class)
              .isThrownBy(() -> storage.putAll(values))
              .withMessageContaining("key 'c'");
          values.put("c", null);
          assertThatNullPointerException()
              .isThrownBy(() -> storage.putAll(values))
              .withMessage("the value of key 'c' is null; use delete");
          values.put("c", 3);
          values.put("", 4);
          assertThatExceptionOfType(LimitExceededException.class)
              .isThrownBy(() -> storage.putAll(values));
          assertThat(storage.get("a", Integer.class)).contains(1);
        });
    turn(storage -> assertThat(storage.list("", Object.class)).hasSize(2));
  }

  @Test
  void oneCallReadsSoManyBytesAndNoMore() {
    byte[] large = new byte[1 << 20];
    List<String> keys = IntStream.range(0, 40).mapToObj(i -> "k%02d".formatted(i)).toList();
    for (int half = 0; half < 2; half++) {
      List<String> some = keys.subList(20 * half, 20 * half + 20);
      turn(storage -> some.forEach(key -> storage.put(key, large)));
    }
    turn(
        storage -> {
          assertThatExceptionOfType(LimitExceededException.class)
              .isThrownBy(() -> storage.list("k", byte[].class))
              .withMessageMatching(
                  "a list of the keys with prefix 'k' reads its limit of 33554432 bytes with its"
                      + " first 32 entries; set a smaller limit, .*");
          assertThat(storage.list(KeyRange.prefix("k").reversed().limit(31), byte[].class))
              .hasSize(31);
          assertThatExceptionOfType(LimitExceededException.class)
              .isThrownBy(() -> storage.getAll(keys, byte[].class))
              .withMessageMatching(
                  "what is stored under the keys .* is 33\\d{6} bytes; the limit is 33554432");
          assertThat(storage.getAll(keys.subList(0, 31), byte[].class)).hasSize(31);
        });
  }

  @Test
  void deletingAllRemovesWhatWasPutBeforeAndNotWhatIsPutAfter() {
    turn(storage -> IntStream.range(0, 1_000).forEach(i -> storage.put("k" + i, i)));
    turn(
        storage -> {
          storage.put("before", 1);
          storage.deleteAll();
          assertThat(storage.list("", Integer.class)).isEmpty();
          assertThat(storage.get("k7", Integer.class)).isEmpty();
          assertThat(storage.delete("k7")).isFalse();
          assertThat(storage.increment("k7", 5)).isEqualTo(5);
          storage.put("after", 2);
        });
    turn(
        storage ->
            assertThat(storage.list("", Number.class).stream().map(Storage.Entry::key))
                .containsExactly("after", "k7"));
    node.hibernate();
    turn(storage -> assertThat(storage.get("after", Integer.class)).contains(2));
  }

  @DisplayName("A6: a range of few keys costs its actor a write for each, and others nothing")
  @Test
  void aRangeOfFewKeysIsDeletedKeyByKeyAndOneOfManyAsARange() {
    turn(storage -> IntStream.range(0, 1_000).forEach(i -> storage.put("few" + i, i)));
    turn(storage -> IntStream.range(0, 1_001).forEach(i -> storage.put("many" + i, i)));
    int before = node.store.kept().size();
    turn(storage -> storage.deleteAll(KeyRange.prefix("none")));
    assertThat(node.store.kept()).hasSize(before); // nothing is to be stored
    turn(storage -> storage.deleteAll(KeyRange.prefix("few")));
    assertThat(last(node.store.kept()).cleared()).isEmpty();
    assertThat(last(node.store.kept()).writes()).hasSizeGreaterThanOrEqualTo(1_000);
    turn(storage -> storage.deleteAll(KeyRange.prefix("many")));
    assertThat(last(node.store.kept()).cleared()).hasSize(1);
    turn(storage -> assertThat(storage.list("", Integer.class)).isEmpty());
  }

  private static TurnBatch last(List<TurnBatch> batches) {
    return batches.get(batches.size() - 1);
  }

  @DisplayName("O7, N10: whole numbers that fit, ranges from a key on, and the empty key")
  @Test
  void aWholeNumberIsGotAsAnyClassThatHoldsItAndARangeMayBeginWithAKey() {
    turn(
        storage -> {
          storage.put("n", 1);
          assertThat(storage.get("n", Long.class)).contains(1L);
          assertThat(storage.get("n", Byte.class)).contains((byte) 1);
          storage.put("n", 1L << 40);
          assertThatExceptionOfType(StoredValueException.class)
              .isThrownBy(() -> storage.get("n", Integer.class));
          storage.put("o", 2);
          storage.put("p", 3);
          assertThat(storage.list(KeyRange.all().from("o"), Integer.class))
              .extracting(Storage.Entry::key)
              .containsExactly("o", "p");
          assertThat(storage.list(KeyRange.prefix("o").from("a").before("p"), Integer.class))
              .hasSize(1);
          assertThatExceptionOfType(LimitExceededException.class)
              .isThrownBy(() -> storage.put("", 1))
              .withMessage("a storage key must have at least 1 byte, and this one is empty");
        });
  }

  @Test
  void aFailedTurnHasDeletedNothing() {
    turn(storage -> storage.put("a", 1));
    next = Storage::deleteAll;
    node.message(ada, "fail");
    turn(storage -> assertThat(storage.get("a", Integer.class)).contains(1));
  }

  @Test
  void aRangeIsDeletedByPrefixAndBoundsButNotByNumber() {
    turn(
        storage -> {
          for (String key : List.of("a", "b1", "b2", "b3", "b4", "c")) {
            storage.put(key, key);
          }
        });
    turn(
        storage -> {
          storage.deleteAll(KeyRange.prefix("b").after("b1").before("b4").reversed());
          assertThat(storage.list("", String.class).stream().map(Storage.Entry::key))
              .containsExactly("a", "b1", "b4", "c");
          assertThatIllegalArgumentException()
              .isThrownBy(() -> storage.deleteAll(KeyRange.prefix("b").limit(1)))
              .withMessage("a range that is deleted cannot be limited");
          for (int i = 1; i < Storage.DELETED_RANGES_MAX; i++) {
            storage.deleteAll(KeyRange.prefix("z"));
          }
          assertThatExceptionOfType(LimitExceededException.class)
              .isThrownBy(storage::deleteAll)
              .withMessage("the number of ranges that one turn deletes is 257; the limit is 256");
        });
  }

  @Test
  void aWholeNumberIsAddedToAndAnythingElseIsNot() {
    turn(
        storage -> {
          assertThat(storage.increment("n", 3)).isEqualTo(3);
          assertThat(storage.increment("n", -5)).isEqualTo(-2);
          assertThat(storage.get("n", Long.class)).contains(-2L);
          storage.put("int", 7);
          assertThat(storage.increment("int", 1)).isEqualTo(8);
          assertThat(storage.get("int", Long.class)).contains(8L);
          storage.put("byte", (byte) 1);
          storage.put("short", (short) 2);
          assertThat(storage.increment("byte", 0) + storage.increment("short", 0)).isEqualTo(3);
          storage.put("max", Long.MAX_VALUE);
          assertThatExceptionOfType(ArithmeticException.class)
              .isThrownBy(() -> storage.increment("max", 1));
          assertThat(storage.get("max", Long.class)).contains(Long.MAX_VALUE);
          storage.put("double", 1.0);
          assertThatExceptionOfType(StoredValueException.class)
              .isThrownBy(() -> storage.increment("double", 1))
              .withMessageContaining("key 'double'")
              .withMessageContaining("java.lang.Double");
          storage.put("text", "1");
          assertThatExceptionOfType(StoredValueException.class)
              .isThrownBy(() -> storage.increment("text", 1));
          assertThatExceptionOfType(LimitExceededException.class)
              .isThrownBy(() -> storage.increment("", 1));
        });
  }

  static LongStream seeds() {
    return LongStream.range(1, 61);
  }

  /**
   * Compares storage with a map, while commits wait, turns fail, commits are lost and the actor
   * sleeps.
   */
  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void aTurnSeesItsOwnWritesAndThoseOfAllTurnsBeforeIt(long seed) {
    Random random = new Random(seed);
    TreeMap<String, Long> kept = new TreeMap<>();
    TreeMap<String, Long> committed = new TreeMap<>();
    List<AssertionError> faults = new ArrayList<>();
    for (int i = 0; i < 80; i++) {
      switch (random.nextInt(8)) {
        case 0 -> node.store.hold();
        case 1 -> {
          node.store.letAllThrough();
          node.steps.runAll();
        }
        case 2 -> node.hibernate();
        default -> {}
      }
      if (node.store.waiting() == 0) {
        committed = new TreeMap<>(kept);
      } else if (random.nextInt(6) == 0) {
        node.store.lose(new CommitResult.Unknown(new IOException("as asked")));
        node.store.letAllThrough();
        node.steps.runAll();
        kept = new TreeMap<>(committed);
        ada = node.connect("ada");
      }
      boolean isFailing = random.nextInt(5) == 0;
      TreeMap<String, Long> model = new TreeMap<>(kept);
      next =
          storage -> {
            try {
              for (int n = random.nextInt(8); n >= 0; n--) {
                step(random, storage, model);
              }
            } catch (AssertionError e) {
              faults.add(e);
            }
          };
      node.message(ada, isFailing ? "fail" : "go");
      assertThat(faults).as("seed %d, turn %d", seed, i).isEmpty();
      kept = isFailing ? kept : model;
    }
  }

  private static void step(Random random, Storage storage, Map<String, Long> model) {
    String key = key(random);
    switch (random.nextInt(9)) {
      case 8 -> {
        int crowd = random.nextInt(4) == 0 ? 1_001 : 0; // too many for single deletes
        for (long i = 0; i < crowd; i++) {
          storage.put(key + i, i);
          model.put(key + i, i);
        }
      }
      case 0, 1 -> {
        long value = random.nextLong();
        storage.put(key, value);
        model.put(key, value);
      }
      case 2 -> assertThat(storage.delete(key)).isEqualTo(model.remove(key) != null);
      case 3 -> {
        long sum = model.getOrDefault(key, 0L) / 2;
        assertThat(storage.increment(key, sum - model.getOrDefault(key, 0L))).isEqualTo(sum);
        model.put(key, sum);
      }
      case 4 -> {
        KeyRange range = range(random);
        storage.deleteAll(range);
        model.keySet().removeIf(k -> isIn(range, k));
      }
      case 5 -> {
        List<String> keys = List.of(key, key(random), key(random));
        Map<String, Long> expected = new LinkedHashMap<>();
        keys.stream().filter(model::containsKey).forEach(k -> expected.put(k, model.get(k)));
        assertThat(storage.getAll(keys, Long.class)).isEqualTo(expected);
      }
      default -> {
        KeyRange range = range(random);
        List<Storage.Entry<Long>> expected = new ArrayList<>();
        model.forEach(
            (k, v) -> {
              if (isIn(range, k)) {
                expected.add(new Storage.Entry<>(k, v));
              }
            });
        if (range.isReversed()) {
          Collections.reverse(expected);
        }
        assertThat(storage.list(range, Long.class)).isEqualTo(expected);
        int limit = 1 + random.nextInt(4);
        assertThat(storage.list(range.limit(limit), Long.class))
            .isEqualTo(expected.subList(0, Math.min(limit, expected.size())));
      }
    }
  }

  private static String key(Random random) {
    StringBuilder key = new StringBuilder();
    for (int i = random.nextInt(3); i >= 0; i--) {
      key.append("ab\u00ff".charAt(random.nextInt(3)));
    }
    return key.toString();
  }

  private static KeyRange range(Random random) {
    KeyRange range = KeyRange.prefix(random.nextBoolean() ? "" : key(random).substring(0, 1));
    String one = key(random);
    String other = key(random);
    range = random.nextBoolean() ? range : range.after(one.compareTo(other) < 0 ? one : other);
    range = random.nextBoolean() ? range : range.before(one.compareTo(other) < 0 ? other : one);
    return random.nextBoolean() ? range : range.reversed();
  }

  private static boolean isIn(KeyRange range, String key) {
    return key.startsWith(range.prefix())
        && (range.after() == null || key.compareTo(range.after()) > 0)
        && (range.before() == null || key.compareTo(range.before()) < 0);
  }
}
