package dev.dormouse.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.storage.rows.ActorRow;
import dev.dormouse.storage.rows.DueAlarmsContract;
import dev.dormouse.storage.rows.KeySpan;
import dev.dormouse.storage.rows.Table;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The promises of every store, as tests. */
public abstract class ActorStoreContract implements DueAlarmsContract {
  public static final ActorId LOBBY = new ActorId("chat", "lobby");
  static final ActorId OTHER = new ActorId("chat", "lobby2");

  NodeStore store;

  /** Opens the store, with the rows that an earlier store of the same test left. */
  protected abstract NodeStore open();

  @BeforeEach
  void openStore() {
    store = open();
  }

  @Override
  public NodeStore store() {
    return store;
  }

  @Override
  public NodeStore reopened() {
    store.close();
    openStore();
    return store;
  }

  @AfterEach
  void closeStore() {
    store.close();
  }

  @Test
  void whatIsCommittedIsRead() {
    put(LOBBY, "a", "1");

    assertThat(get(LOBBY, "a")).isEqualTo("1");
    assertThat(get(LOBBY, "b")).isNull();
    assertThat(get(OTHER, "a")).isNull();
    assertThat(store.get(LOBBY, Table.ACTOR, bytes("a"))).isNull();
  }

  @Test
  void aLaterCommitOverwritesAnEarlierOne() {
    put(LOBBY, "a", "1");
    put(LOBBY, "a", "2");

    assertThat(get(LOBBY, "a")).isEqualTo("2");
    assertThat(keys(KeySpan.all(), 10)).containsExactly("a");
  }

  @Test
  void aRemovedRowIsGone() {
    put(LOBBY, "a", "1");
    put(LOBBY, "b", "2");
    done(write(LOBBY, new TurnBatch.Write(Table.VALUE, bytes("a"), null)));

    assertThat(get(LOBBY, "a")).isNull();
    assertThat(keys(KeySpan.all(), 10)).containsExactly("b");
  }

  @Test
  void removingWhatIsNotThereIsNoError() {
    done(write(LOBBY, new TurnBatch.Write(Table.VALUE, bytes("a"), null)));

    assertThat(get(LOBBY, "a")).isNull();
  }

  @Test
  void theWritesOfABatchGoToTheirTables() {
    done(
        write(
            LOBBY,
            new TurnBatch.Write(Table.VALUE, bytes("k"), bytes("v")),
            new TurnBatch.Write(Table.CONNECTION, bytes("k"), bytes("c")),
            new TurnBatch.Write(Table.ACTOR, bytes("k"), bytes("a"))));

    assertThat(store.get(LOBBY, Table.VALUE, bytes("k"))).isEqualTo(bytes("v"));
    assertThat(store.get(LOBBY, Table.CONNECTION, bytes("k"))).isEqualTo(bytes("c"));
    assertThat(store.get(LOBBY, Table.ACTOR, bytes("k"))).isEqualTo(bytes("a"));
  }

  @Test
  void aBatchWithoutWritesIsDone() {
    done(write(LOBBY));
  }

  @Test
  void anEmptyKeyAndAnEmptyValueAreARowLikeAnyOther() {
    put(LOBBY, "", "");

    assertThat(get(LOBBY, "")).isEmpty();
    assertThat(keys(KeySpan.all(), 10)).containsExactly("");
  }

  @Test
  void readersAndWritersMayChangeTheirArraysAfterwards() {
    byte[] key = bytes("a");
    byte[] value = bytes("1");
    done(write(LOBBY, new TurnBatch.Write(Table.VALUE, key, value)));
    key[0] = 'x';
    value[0] = 'x';
    byte[] read = store.get(LOBBY, Table.VALUE, bytes("a"));
    read[0] = 'x';
    store.scan(LOBBY, Table.VALUE, KeySpan.all(), 1).get(0).value()[0] = 'x';

    assertThat(get(LOBBY, "a")).isEqualTo("1");
  }

  @Test
  void rowsAreScannedInTheOrderOfUnsignedBytes() {
    byte[][] keys = {{}, {0}, {0, 0}, {1}, {0x7f}, {(byte) 0x80}, {(byte) 0xff}, {-1, 0}, {-1, -1}};
    for (int i = keys.length - 1; i >= 0; i--) {
      done(write(LOBBY, new TurnBatch.Write(Table.VALUE, keys[i], new byte[] {(byte) i})));
    }

    assertThat(scan(KeySpan.all(), 100)).containsExactly(keys);
    List<byte[]> backwards = scan(KeySpan.all().reversed(), 100);
    for (int i = 0; i < keys.length; i++) {
      assertThat(backwards.get(i)).isEqualTo(keys[keys.length - 1 - i]);
    }
    assertThat(scan(KeySpan.prefix(new byte[] {-1}), 100))
        .containsExactly(keys[6], keys[7], keys[8]);
    assertThat(scan(KeySpan.prefix(new byte[] {-1, -1}), 100)).containsExactly(keys[8]);
    assertThat(scan(KeySpan.prefix(new byte[] {0}), 100)).containsExactly(keys[1], keys[2]);
  }

  @Test
  void aSpanHoldsItsFirstKeyAndNotItsEnd() {
    for (String key : List.of("a", "b", "ba", "c", "d")) {
      put(LOBBY, key, key);
    }
    KeySpan span = new KeySpan(bytes("b"), bytes("d"), false);

    assertThat(keys(span, 10)).containsExactly("b", "ba", "c");
    assertThat(keys(span.reversed(), 10)).containsExactly("c", "ba", "b");
    assertThat(keys(new KeySpan(bytes("bb"), null, false), 10)).containsExactly("c", "d");
  }

  @Test
  void aSpanThatEndsBeforeItBeginsIsEmpty() {
    put(LOBBY, "b", "1");

    assertThat(keys(new KeySpan(bytes("c"), bytes("a"), false), 10)).isEmpty();
    assertThat(keys(new KeySpan(bytes("b"), bytes("b"), true), 10)).isEmpty();
  }

  @Test
  void aLimitCutsTheScanFromTheEndWhereItBegan() {
    for (String key : List.of("a", "b", "c", "d")) {
      put(LOBBY, key, key);
    }

    assertThat(keys(KeySpan.all(), 2)).containsExactly("a", "b");
    assertThat(keys(KeySpan.all().reversed(), 2)).containsExactly("d", "c");
    assertThat(keys(KeySpan.all(), 4)).hasSize(4);
    assertThatIllegalArgumentException().isThrownBy(() -> keys(KeySpan.all(), 0));
  }

  @Test
  void aScanStaysWithTheActorAndTheTable() {
    for (ActorId actor :
        List.of(LOBBY, OTHER, new ActorId("chat", "lobb"), new ActorId("chat", "lobby/"))) {
      put(actor, "k", actor.key());
      done(write(actor, new TurnBatch.Write(Table.CONNECTION, bytes("c"), bytes("c"))));
    }

    assertThat(store.scan(LOBBY, Table.VALUE, KeySpan.all(), 10))
        .singleElement()
        .satisfies(row -> assertThat(row.value()).isEqualTo(bytes("lobby")));
    assertThat(store.scan(LOBBY, Table.VALUE, KeySpan.all().reversed(), 10)).hasSize(1);
  }

  @Test
  void allRowsOfATableAreFoundPageByPage() {
    List<String> expected = new ArrayList<>();
    for (int actor = 0; actor < 7; actor++) {
      ActorId id = new ActorId("chat", "r" + actor);
      for (String key : List.of("", "a", "a\u0000", "b")) {
        put(id, key, "x");
        expected.add(id + ":" + key);
      }
      done(write(id, new TurnBatch.Write(Table.ACTOR, ActorRow.KEY, bytes("not this one"))));
    }
    List<String> whole = placed(store.scanAll(Table.VALUE, null, 1_000));

    assertThat(whole).containsExactlyInAnyOrderElementsOf(expected);
    for (int limit : new int[] {1, 3, 4, 27, 28}) {
      List<String> found = new ArrayList<>();
      List<ActorStore.PlacedRow> page = store.scanAll(Table.VALUE, null, limit);
      while (!page.isEmpty()) {
        assertThat(page).hasSizeLessThanOrEqualTo(limit);
        found.addAll(placed(page));
        page = store.scanAll(Table.VALUE, page.get(page.size() - 1), limit);
      }
      assertThat(found).as("in pages of %d", limit).isEqualTo(whole);
    }
    assertThatIllegalArgumentException().isThrownBy(() -> store.scanAll(Table.VALUE, null, 0));
  }

  @Test
  void theRowsOfAnActorLieTogetherInOrder() {
    for (String key : List.of("c", "a", "b")) {
      put(OTHER, key, "x");
      put(LOBBY, key, "x");
    }
    List<String> found = placed(store.scanAll(Table.VALUE, null, 100));

    assertThat(found).containsSequence("chat/lobby:a", "chat/lobby:b", "chat/lobby:c");
    assertThat(found).containsSequence("chat/lobby2:a", "chat/lobby2:b", "chat/lobby2:c");
  }

  @Test
  void anEmptyStoreHasNoRows() {
    assertThat(store.scanAll(Table.VALUE, null, 10)).isEmpty();
    assertThat(keys(KeySpan.all(), 10)).isEmpty();
    assertThat(keys(KeySpan.all().reversed(), 10)).isEmpty();
  }

  @Test
  void aClearedSpanIsGoneWhateverItHeldAndWritesOfTheBatchComeAfterIt() {
    for (String key : List.of("a", "b", "b1", "c", "d")) {
      put(LOBBY, key, "old");
      put(OTHER, key, "old");
    }
    done(write(LOBBY, new TurnBatch.Write(Table.CONNECTION, bytes("b"), bytes("c"))));
    KeySpan span = new KeySpan(bytes("b"), bytes("d"), false);

    done(clear(LOBBY, span, new TurnBatch.Write(Table.VALUE, bytes("b1"), bytes("new"))));

    assertThat(keys(KeySpan.all(), 10)).containsExactly("a", "b1", "d");
    assertThat(get(LOBBY, "b1")).isEqualTo("new");
    assertThat(get(OTHER, "b")).isEqualTo("old");
    assertThat(store.get(LOBBY, Table.CONNECTION, bytes("b"))).isEqualTo(bytes("c"));
    put(LOBBY, "c", "newer");
    assertThat(keys(KeySpan.all().reversed(), 10)).containsExactly("d", "c", "b1", "a");

    done(clear(LOBBY, KeySpan.all().reversed()));
    store.close();
    store = open();
    assertThat(keys(KeySpan.all(), 10)).isEmpty();
    assertThat(placed(store.scanAll(Table.VALUE, null, 10))).hasSize(5).allMatch(this::isOthers);
    done(clear(OTHER, new KeySpan(bytes("d"), bytes("a"), false)));
    assertThat(store.scanAll(Table.VALUE, null, 10)).hasSize(5);
  }

  @Test
  void keysAreReadWithoutWhatTheyHold() {
    byte[] large = new byte[8 << 20];
    for (int i = 0; i < 6; i++) {
      done(write(LOBBY, new TurnBatch.Write(Table.VALUE, number(i), large)));
    }
    assertThat(store.keys(LOBBY, Table.VALUE, KeySpan.all(), 10)).hasSize(6);
    assertThat(store.keys(LOBBY, Table.VALUE, KeySpan.all(), 2))
        .containsExactly(number(0), number(1));
    assertThat(store.keys(LOBBY, Table.VALUE, KeySpan.all().beyond(number(3)).reversed(), 10))
        .containsExactly(number(5), number(4));
    assertThat(store.keys(OTHER, Table.VALUE, KeySpan.all(), 10)).isEmpty();
  }

  private boolean isOthers(String placed) {
    return placed.startsWith(OTHER + ":");
  }

  private CompletionStage<CommitResult> clear(
      ActorId actor, KeySpan span, TurnBatch.Write... writes) {
    return store.commit(
        new TurnBatch(
            actor,
            store.epochOf(actor),
            new CommitChain(),
            List.of(new TurnBatch.Clear(Table.VALUE, span)),
            Arrays.asList(writes)));
  }

  @Test
  void aReadEndsOnceItHasTheBytesThatAreReadAtOnce() {
    byte[] large = new byte[4 << 20];
    int enough = (int) (ActorStore.READ_BYTES_MAX / large.length);
    for (int i = 0; i < enough + 2; i++) {
      done(write(LOBBY, new TurnBatch.Write(Table.VALUE, number(i), large)));
    }
    List<ActorStore.Row> first = store.scan(LOBBY, Table.VALUE, KeySpan.all(), 1_000);

    assertThat(first).hasSize(enough);
    assertThat(ActorStore.isFull(first)).isTrue();
    assertThat(store.scan(LOBBY, Table.VALUE, KeySpan.all().reversed(), 1_000)).hasSize(enough);
    KeySpan rest = KeySpan.all().beyond(first.get(enough - 1).key());
    List<ActorStore.Row> last = store.scan(LOBBY, Table.VALUE, rest, 1_000);
    assertThat(last).hasSize(2);
    assertThat(ActorStore.isFull(last)).isFalse();
    assertThat(store.scanAll(Table.VALUE, null, 1_000)).hasSizeBetween(1, enough);
  }

  @Test
  void openedAgainItHoldsTheSameAndIsTheNextRun() {
    assertThat(store.run()).isEqualTo(1);
    put(LOBBY, "a", "1");
    put(LOBBY, "b", "2");
    done(write(LOBBY, new TurnBatch.Write(Table.VALUE, bytes("b"), null)));
    List<String> before = placed(store.scanAll(Table.VALUE, null, 10));
    store.close();

    store = open();

    assertThat(store.run()).isEqualTo(2);
    assertThat(get(LOBBY, "a")).isEqualTo("1");
    assertThat(placed(store.scanAll(Table.VALUE, null, 10))).isEqualTo(before).hasSize(1);
  }

  @Test
  void anOpeningThatWasClosedIsKnownToHaveBeen() {
    assertThat(store.endingOf(0)).isEqualTo(Ending.PROCESS_DIED);
    store.close();
    store = open();
    store.close();
    store = open();

    assertThat(store.endingOf(1)).isEqualTo(Ending.CLOSED);
    assertThat(store.endingOf(2)).isEqualTo(Ending.CLOSED);
  }

  @Test
  void aCommitOfAnotherEpochIsFencedAndKeepsNothing() {
    long before = store.epochOf(LOBBY);
    store.close();
    store = open();
    long epoch = store.epochOf(LOBBY);
    List<TurnBatch.Write> writes =
        List.of(new TurnBatch.Write(Table.VALUE, bytes("a"), bytes("1")));

    for (long other : new long[] {0, before, epoch + 1}) {
      assertThat(join(store.commit(new TurnBatch(LOBBY, other, writes))))
          .isEqualTo(new CommitResult.Fenced(epoch));
    }
    assertThat(get(LOBBY, "a")).isNull();
    done(store.commit(new TurnBatch(LOBBY, epoch, writes)));
  }

  @Test
  void everyGroupIsOwnedInAnEpochThatIsGreaterThanAllBefore() {
    long before = store.epochOf(LOBBY);
    store.close();
    store = open();

    assertThat(before).isPositive();
    for (int group = 0; group < store.groups().groups(); group++) {
      assertThat(store.epoch(group)).isGreaterThan(before);
    }
    assertThat(store.epochOf(LOBBY)).isEqualTo(store.epoch(store.groupOf(LOBBY)));
    assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> store.epoch(-1));
    assertThatExceptionOfType(IndexOutOfBoundsException.class)
        .isThrownBy(() -> store.epoch(store.groups().groups()));
  }

  @Test
  void theListenerHearsOfEveryGroupAndThereIsOnlyOne() {
    Map<Integer, Long> heard = new TreeMap<>();
    OwnershipListener listener =
        new OwnershipListener() {
          @Override
          public void onOwned(int group, long epoch) {
            assertThat(heard.put(group, epoch)).isNull();
          }

          @Override
          public void onLost(int group, String why) {
            throw new AssertionError("group " + group + " was lost: " + why);
          }
        };
    store.listen(listener);

    assertThat(heard).hasSize(store.groups().groups());
    heard.forEach((group, epoch) -> assertThat(epoch).isEqualTo(store.epoch(group)));
    assertThatIllegalStateException()
        .isThrownBy(() -> store.listen(listener))
        .withMessage("the store has a listener already");
  }

  @Test
  void anOwnershipIsConfirmedOnlyInTheEpochThatIsInForce() {
    int last = store.groups().groups() - 1;
    long epoch = store.epoch(last);

    done(store.confirm(last, epoch));
    for (long other : new long[] {0, epoch - 1, epoch + 1}) {
      assertThat(join(store.confirm(last, other))).isEqualTo(new CommitResult.Fenced(epoch));
    }
    assertThatExceptionOfType(IndexOutOfBoundsException.class)
        .isThrownBy(() -> store.confirm(last + 1, epoch));
  }

  @Test
  void theRowsOfAGroupAreFoundPageByPageWithoutThoseOfOthers() {
    Map<Integer, List<String>> expected = new TreeMap<>();
    for (int actor = 0; actor < 40; actor++) {
      ActorId id = new ActorId("chat", "r" + actor);
      for (String key : List.of("a", "b")) {
        put(id, key, "x");
        done(write(id, new TurnBatch.Write(Table.CONNECTION, bytes(key), bytes("x"))));
        expected.computeIfAbsent(store.groupOf(id), g -> new ArrayList<>()).add(id + ":" + key);
      }
    }
    assertThat(expected).hasSizeGreaterThan(1);
    List<String> all = new ArrayList<>();
    for (int group = 0; group < store.groups().groups(); group++) {
      List<String> found = new ArrayList<>();
      List<ActorStore.PlacedRow> page = store.scanAll(Table.VALUE, group, null, 3);
      while (!page.isEmpty()) {
        assertThat(page).hasSizeLessThanOrEqualTo(3);
        found.addAll(placed(page));
        page = store.scanAll(Table.VALUE, group, page.get(page.size() - 1), 3);
      }
      assertThat(found)
          .containsExactlyInAnyOrderElementsOf(expected.getOrDefault(group, List.of()));
      all.addAll(found);
    }
    assertThat(all).isEqualTo(placed(store.scanAll(Table.VALUE, null, 1_000)));
    assertThatExceptionOfType(IndexOutOfBoundsException.class)
        .isThrownBy(() -> store.scanAll(Table.VALUE, -1, null, 1));
  }

  @Test
  void afterCloseNothingIsReadOrCommitted() {
    store.close();
    store.close();

    assertThatIllegalStateException()
        .isThrownBy(() -> get(LOBBY, "a"))
        .withMessage("the store is closed");
    assertThatIllegalStateException().isThrownBy(() -> keys(KeySpan.all(), 1));
    assertThatIllegalStateException().isThrownBy(() -> store.scanAll(Table.VALUE, null, 1));
    assertThatIllegalStateException().isThrownBy(() -> put(LOBBY, "a", "1"));
    assertThatIllegalStateException().isThrownBy(() -> store.confirm(0, 1));
  }

  @Test
  void whatWasHandedInBeforeCloseIsKept() {
    List<CompletionStage<CommitResult>> commits = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      commits.add(write(LOBBY, new TurnBatch.Write(Table.VALUE, number(i), new byte[] {(byte) i})));
    }
    store.close();

    assertThat(commits).allSatisfy(ActorStoreContract::done);
    store = open();
    assertThat(store.scan(LOBBY, Table.VALUE, KeySpan.all(), 1_000)).hasSize(500);
  }

  @Test
  void commitsOfAnActorTakeEffectAndAreReportedInOrder() throws Exception {
    int actors = 4;
    int turns = 300;
    ConcurrentLinkedQueue<String> reported = new ConcurrentLinkedQueue<>();
    CountDownLatch all = new CountDownLatch(actors * turns);
    ExecutorService threads = Executors.newFixedThreadPool(actors);
    try {
      List<Future<?>> running = new ArrayList<>();
      for (int actor = 0; actor < actors; actor++) {
        ActorId id = new ActorId("chat", "r" + actor);
        running.add(
            threads.submit(
                () -> {
                  for (int turn = 0; turn < turns; turn++) {
                    String report = id.key() + " " + turn;
                    write(id, new TurnBatch.Write(Table.VALUE, bytes("turn"), number(turn)))
                        .thenAccept(
                            result -> {
                              reported.add(report);
                              all.countDown();
                            });
                  }
                }));
      }
      for (Future<?> one : running) {
        one.get();
      }
      all.await();
    } finally {
      threads.shutdownNow();
    }

    for (int actor = 0; actor < actors; actor++) {
      String prefix = "r" + actor + " ";
      List<String> ofActor = reported.stream().filter(r -> r.startsWith(prefix)).toList();
      List<String> inOrder = new ArrayList<>();
      for (int turn = 0; turn < turns; turn++) {
        inOrder.add(prefix + turn);
      }
      assertThat(ofActor).isEqualTo(inOrder);
      assertThat(store.get(new ActorId("chat", "r" + actor), Table.VALUE, bytes("turn")))
          .isEqualTo(number(turns - 1));
    }
  }

  @Test
  void aScanSeesAllOfACommitOrNothing() throws Exception {
    int turns = 400;
    ExecutorService writer = Executors.newSingleThreadExecutor();
    try {
      Future<?> writing =
          writer.submit(
              () -> {
                for (int turn = 0; turn < turns; turn++) {
                  done(
                      write(
                          LOBBY,
                          new TurnBatch.Write(Table.VALUE, bytes("a"), number(turn)),
                          new TurnBatch.Write(Table.VALUE, bytes("b"), number(turn))));
                }
              });
      boolean isLast;
      do {
        isLast = writing.isDone();
        List<ActorStore.Row> rows = store.scan(LOBBY, Table.VALUE, KeySpan.all(), 2);
        if (!rows.isEmpty()) {
          assertThat(rows).hasSize(2);
          assertThat(rows.get(0).value()).isEqualTo(rows.get(1).value());
        }
      } while (!isLast);
      writing.get();
      assertThat(store.get(LOBBY, Table.VALUE, bytes("b"))).isEqualTo(number(turns - 1));
    } finally {
      writer.shutdownNow();
    }
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  static byte[] number(int number) {
    return ByteBuffer.allocate(Integer.BYTES).putInt(number).array();
  }

  static CommitResult join(CompletionStage<CommitResult> commit) {
    return commit.toCompletableFuture().join();
  }

  public static void done(CompletionStage<CommitResult> commit) {
    assertThat(join(commit)).isEqualTo(CommitResult.DONE);
  }

  CompletionStage<CommitResult> write(ActorId actor, TurnBatch.Write... writes) {
    return store.commit(new TurnBatch(actor, store.epochOf(actor), Arrays.asList(writes)));
  }

  void put(ActorId actor, String key, String value) {
    done(write(actor, new TurnBatch.Write(Table.VALUE, bytes(key), bytes(value))));
  }

  String get(ActorId actor, String key) {
    byte[] value = store.get(actor, Table.VALUE, bytes(key));
    return value == null ? null : new String(value, StandardCharsets.UTF_8);
  }

  List<byte[]> scan(KeySpan span, int limit) {
    return store.scan(LOBBY, Table.VALUE, span, limit).stream().map(ActorStore.Row::key).toList();
  }

  List<String> keys(KeySpan span, int limit) {
    return scan(span, limit).stream().map(key -> new String(key, StandardCharsets.UTF_8)).toList();
  }

  static List<String> placed(List<ActorStore.PlacedRow> rows) {
    return rows.stream()
        .map(row -> row.actor() + ":" + new String(row.key(), StandardCharsets.UTF_8))
        .toList();
  }
}
