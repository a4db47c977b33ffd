package dev.dormouse.storage;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.storage.rows.KeySpan;
import dev.dormouse.storage.rows.Table;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import net.jqwik.api.Tuple.Tuple2;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** Compares actors and keys of the worst names with a model: a map of sorted maps. */
class ActorIsolationTest {
  private static final HexFormat HEX = HexFormat.of();
  private static Path folder;
  private static NodeStore onDisk;

  @BeforeContainer
  static void open() throws IOException {
    folder = Files.createTempDirectory("dormouse-isolation");
    onDisk = Stores.open(StoreOptions.in(folder).durability(Durability.WAL).shards(2));
  }

  @AfterContainer
  static void close() throws IOException {
    onDisk.close();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  @SuppressWarnings("ArrayRecordComponent") // nobody compares these records
  record Step(ActorId actor, byte[] key, boolean isRemoval) {}

  @Property(tries = 300)
  void noActorSeesAnothersRows(
      @ForAll("steps") List<Step> steps, @ForAll("spans") List<KeySpan> spans) {
    try (NodeStore inMemory = Stores.memory(new MemoryDisk())) {
      Map<ActorId, SortedMap<String, byte[]>> model = new HashMap<>();
      for (int i = 0; i < steps.size(); i++) {
        Step step = steps.get(i);
        byte[] value = step.isRemoval() ? null : new byte[] {(byte) i};
        commit(inMemory, step.actor(), step.key(), value);
        commit(onDisk, step.actor(), step.key(), value);
        SortedMap<String, byte[]> rows =
            model.computeIfAbsent(step.actor(), actor -> new TreeMap<>());
        if (value == null) {
          rows.remove(HEX.formatHex(step.key()));
        } else {
          rows.put(HEX.formatHex(step.key()), value);
        }
      }
      for (NodeStore store : List.of(inMemory, onDisk)) {
        model.forEach((actor, rows) -> checkActor(store, actor, rows, spans));
        checkAll(store, model);
      }
      for (Map.Entry<ActorId, SortedMap<String, byte[]>> actor : model.entrySet()) {
        for (String key : actor.getValue().keySet()) {
          commit(onDisk, actor.getKey(), HEX.parseHex(key), null);
        }
      }
      assertThat(onDisk.scanAll(Table.VALUE, null, 1)).isEmpty();
    }
  }

  private static void checkActor(
      NodeStore store, ActorId actor, SortedMap<String, byte[]> rows, List<KeySpan> spans) {
    for (KeySpan span : spans) {
      List<String> expected =
          new ArrayList<>(
              rows.keySet().stream().filter(key -> span.contains(HEX.parseHex(key))).toList());
      if (span.isReversed()) {
        Collections.reverse(expected);
      }
      List<ActorStore.Row> found = store.scan(actor, Table.VALUE, span, 1_000);
      assertThat(found.stream().map(row -> HEX.formatHex(row.key())).toList()).isEqualTo(expected);
      for (ActorStore.Row row : found) {
        assertThat(row.value()).isEqualTo(rows.get(HEX.formatHex(row.key())));
        assertThat(store.get(actor, Table.VALUE, row.key())).isEqualTo(row.value());
      }
    }
  }

  private static void checkAll(NodeStore store, Map<ActorId, SortedMap<String, byte[]>> model) {
    List<String> expected = new ArrayList<>();
    model.forEach((actor, rows) -> rows.keySet().forEach(key -> expected.add(actor + " " + key)));
    List<String> found = new ArrayList<>();
    List<ActorStore.PlacedRow> page = store.scanAll(Table.VALUE, null, 3);
    while (!page.isEmpty()) {
      page.forEach(row -> found.add(row.actor() + " " + HEX.formatHex(row.key())));
      page = store.scanAll(Table.VALUE, page.get(page.size() - 1), 3);
    }
    assertThat(found).containsExactlyInAnyOrderElementsOf(expected);
  }

  private static void commit(NodeStore store, ActorId actor, byte[] key, byte[] value) {
    TurnBatch batch =
        new TurnBatch(
            actor, store.epochOf(actor), List.of(new TurnBatch.Write(Table.VALUE, key, value)));
    assertThat(store.commit(batch).toCompletableFuture().join()).isEqualTo(CommitResult.DONE);
  }

  @Provide
  Arbitrary<List<Step>> steps() {
    Arbitrary<ActorId> actors =
        Combinators.combine(Arbitraries.of("a", "aa", "a-a", "chat"), actorKeys()).as(ActorId::new);
    return Combinators.combine(actors, rowKeys(), Arbitraries.of(false, false, false, true))
        .as(Step::new)
        .list()
        .ofMaxSize(24);
  }

  @Provide
  Arbitrary<List<KeySpan>> spans() {
    Arbitrary<Tuple2<byte[], byte[]>> ends =
        Combinators.combine(rowKeys(), rowKeys().injectNull(0.3)).as(Tuple::of);
    return Combinators.combine(ends, Arbitraries.of(true, false), Arbitraries.of(true, false))
        .as(
            (between, isReversed, isPrefix) -> {
              KeySpan span =
                  isPrefix
                      ? KeySpan.prefix(between.get1())
                      : new KeySpan(between.get1(), between.get2(), false);
              return isReversed ? span.reversed() : span;
            })
        .list()
        .ofSize(4)
        .map(
            some -> {
              List<KeySpan> all = new ArrayList<>(some);
              all.addAll(Arrays.asList(KeySpan.all(), KeySpan.all().reversed()));
              return all;
            });
  }

  /** Returns keys of few pieces, so that many keys begin alike. */
  private static Arbitrary<String> actorKeys() {
    return Arbitraries.of("a", "/", "\u00ff", "Ä", "日本", "\ud83d\ude00", " ", "\\", "%00")
        .list()
        .ofMinSize(1)
        .ofMaxSize(3)
        .map(pieces -> String.join("", pieces));
  }

  private static Arbitrary<byte[]> rowKeys() {
    return Arbitraries.of((byte) 0, (byte) 0xff, (byte) 'a', (byte) 0x7f, (byte) 0x80)
        .list()
        .ofMaxSize(4)
        .map(
            bytes -> {
              byte[] key = new byte[bytes.size()];
              for (int i = 0; i < key.length; i++) {
                key[i] = bytes.get(i);
              }
              return key;
            });
  }
}
