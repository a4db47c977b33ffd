package dev.dormouse.storage;

import static dev.dormouse.storage.ActorStoreContract.bytes;
import static dev.dormouse.storage.ActorStoreContract.done;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.AutoReply;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.storage.codec.Codecs;
import dev.dormouse.storage.codec.ValueCodec;
import dev.dormouse.storage.rows.ActorRow;
import dev.dormouse.storage.rows.AlarmRow;
import dev.dormouse.storage.rows.AutoRepliesRow;
import dev.dormouse.storage.rows.ConnectionRow;
import dev.dormouse.storage.rows.DueAlarm;
import dev.dormouse.storage.rows.DueClock;
import dev.dormouse.storage.rows.RequestRow;
import dev.dormouse.storage.rows.RowKeys;
import dev.dormouse.storage.rows.RowSeal;
import dev.dormouse.storage.rows.Table;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.rocksdb.RocksDBException;

@Timeout(60)
class StoredFolderTest {
  private static final ActorId LOBBY = new ActorId("chat", "lobby");
  private static final ActorId OTHER = new ActorId("chat", "other");
  private static final RowKeys KEYS = new RowKeys(4_096);

  record Member(String name, int said) {}

  private static final ValueCodec CODEC = Codecs.kryo(List.of(Member.class));

  private static final AlarmRow ALARM = new AlarmRow(DueClock.WALL, 60_000);

  @TempDir Path folder;

  private static void unnoted(String note) {
    throw new AssertionError(note);
  }

  private interface RawWork {
    void run(RocksTables tables) throws RocksDBException;
  }

  private void raw(RawWork work) throws RocksDBException {
    try (RocksTables tables = RocksTables.open(folder.resolve("rocksdb"), 1 << 20, 32)) {
      work.run(tables);
    }
  }

  /** Writes a row that is whole in the engine's eyes. */
  private void put(ActorId actor, Table table, byte[] rowKey, byte[] stored)
      throws RocksDBException {
    raw(tables -> tables.db().put(tables.of(table), KEYS.encode(actor, table, rowKey), stored));
  }

  private static byte[] connection(long run, long number) {
    return ByteBuffer.allocate(8).putLong(ConnectionId.of(run, number).value()).array();
  }

  @BeforeEach
  void fill() {
    try (NodeStore store = Stores.open(StoreOptions.in(folder).durability(Durability.WAL))) {
      done(
          store.commit(
              new TurnBatch(
                  LOBBY,
                  1,
                  List.of(
                      new TurnBatch.Write(
                          Table.ACTOR, ActorRow.KEY, new ActorRow(1, 7).with(1, 1).encode()),
                      new TurnBatch.Write(
                          Table.ACTOR,
                          AutoRepliesRow.key(),
                          new AutoRepliesRow(List.of(new AutoReply("ping", "pong"))).encode()),
                      new TurnBatch.Write(
                          Table.CONNECTION,
                          connection(1, 5),
                          new ConnectionRow(
                                  0, List.of("member"), CODEC.encode(new Member("Ann", 3), 1_000))
                              .encode()),
                      new TurnBatch.Write(Table.VALUE, bytes("a"), CODEC.encode(1L, 1_000)),
                      new TurnBatch.Write(
                          Table.VALUE, bytes("b"), CODEC.encode(List.of("x"), 1_000)),
                      new TurnBatch.Write(Table.ALARM, bytes("wake"), ALARM.encode()),
                      new TurnBatch.Write(
                          Table.DUE, ALARM.place(LOBBY, "wake").key(), DueAlarm.value()),
                      new TurnBatch.Write(
                          Table.REQUEST,
                          RequestRow.key(7),
                          RequestRow.of(HttpResponse.text(200, "yes")).encode()),
                      new TurnBatch.Write(
                          Table.REQUEST, RequestRow.key(8), new RequestRow(500, null).encode())))));
      done(
          store.commit(
              new TurnBatch(
                  OTHER,
                  1,
                  List.of(
                      new TurnBatch.Write(
                          Table.ACTOR, ActorRow.KEY, new ActorRow(1, 1).encode())))));
    }
  }

  private List<String> faults() {
    List<String> faults = new ArrayList<>();
    try (StoredFolder stored = StoredFolder.open(folder)) {
      FolderReport report =
          stored.verify(
              type -> type.equals("chat") ? CODEC : null, faults::add, StoredFolderTest::unnoted);
      assertThat(report.faults()).isEqualTo(faults.size());
    }
    return faults;
  }

  private List<Map<String, Object>> dump(ActorId actor, ValueCodec codec) {
    List<Map<String, Object>> rows = new ArrayList<>();
    try (StoredFolder stored = StoredFolder.open(folder)) {
      assertThat(stored.dump(actor, codec, rows::add)).isEqualTo(rows.size());
    }
    return rows;
  }

  @Test
  void aWholeFolderIsCounted() {
    try (StoredFolder stored = StoredFolder.open(folder)) {
      FolderReport report =
          stored.verify(
              type -> CODEC,
              fault -> {
                throw new AssertionError(fault);
              },
              StoredFolderTest::unnoted);
      assertThat(report).isEqualTo(new FolderReport(report.files(), report.bytes(), 2, 1, 2, 1, 0));
      assertThat(report.files()).isGreaterThan(3);
      assertThat(stored.isBackup()).isFalse();
    }
    Stores.open(StoreOptions.in(folder)).close(); // the folder was released unharmed
  }

  /** A member as a later version of the application has it. */
  record Person(String nick, int said) {}

  @Test
  @Tag("N5")
  @DisplayName("N5: a stored field that today's class does not have is noted, and is no fault")
  void storedFieldsThatTodaysClassDoesNotHaveAreNoted() {
    Map<String, Class<?>> renamed = Map.of(Member.class.getName(), Person.class);
    ValueCodec today = Codecs.kryo(List.of(), renamed, Map.of());
    ValueCodec migrating =
        Codecs.kryo(List.of(), renamed, Map.of(Person.class, stored -> new Person("", 0)));
    List<String> notes = new ArrayList<>();
    try (StoredFolder stored = StoredFolder.open(folder)) {
      assertThat(stored.verify(type -> today, StoredFolderTest::unnoted, notes::add).faults())
          .isZero();
      assertThat(
              stored
                  .verify(type -> migrating, StoredFolderTest::unnoted, StoredFolderTest::unnoted)
                  .faults())
          .isZero();
    }
    assertThat(notes)
        .containsExactly(
            "actor type chat, record "
                + Person.class.getName()
                + ", component name is stored in 1 value, and the class has it no more, so it is"
                + " passed over; if it was renamed, have ActorOptions.migrates read it by its old"
                + " name");
  }

  @Test
  void damagedRowsAreNamedAllOfThem() throws Exception {
    put(LOBBY, Table.VALUE, bytes("a"), RowSeal.seal(bytes("another key"), bytes("1")));
    put(LOBBY, Table.VALUE, bytes("c"), new byte[] {1});
    byte[] key = KEYS.encode(LOBBY, Table.CONNECTION, connection(1, 5));
    put(LOBBY, Table.CONNECTION, connection(1, 5), RowSeal.seal(key, bytes("short")));
    raw(tables -> tables.db().put(tables.of(Table.VALUE), bytes("Vxx"), bytes("y")));

    assertThat(faults())
        .containsExactlyInAnyOrder(
            "actor chat/lobby, table CONNECTION, key 1.5: a connection's row of 5 bytes cannot"
                + " be read",
            "actor chat/lobby, table VALUE, key a: the stored value fails its checksum",
            "actor chat/lobby, table VALUE, key c: the stored value has 1 bytes of at least 5",
            "table VALUE has a row under a key that no row can have: 567878");
  }

  @Test
  void actorsThatHaveOtherConnectionsThanTheySayAreNamed() throws Exception {
    byte[] key = KEYS.encode(OTHER, Table.ACTOR, ActorRow.KEY);
    put(
        OTHER,
        Table.ACTOR,
        ActorRow.KEY,
        RowSeal.seal(key, new ActorRow(1, 1).with(1, 2).encode()));
    ActorId ghost = new ActorId("chat", "ghost");
    for (ActorId actor : List.of(LOBBY, ghost)) {
      byte[] more = KEYS.encode(actor, Table.CONNECTION, connection(1, 9));
      put(
          actor,
          Table.CONNECTION,
          connection(1, 9),
          RowSeal.seal(more, new ConnectionRow(0, List.of(), null).encode()));
    }

    assertThat(faults())
        .containsExactlyInAnyOrder(
            "actor chat/other counts 2 connections and has none",
            "actor chat/lobby counts 1 connection and has 2",
            "actor chat/ghost has 1 connection and no row of its own");
  }

  @Test
  void connectionsThatAnActorCountsForAnotherRunAreNamed() throws Exception {
    byte[] key = KEYS.encode(LOBBY, Table.ACTOR, ActorRow.KEY);
    byte[] row = new ActorRow(1, 7).with(3, 1).encode();
    put(LOBBY, Table.ACTOR, ActorRow.KEY, RowSeal.seal(key, row));

    assertThat(faults())
        .containsExactly(
            "actor chat/lobby counts 1 connection of run 3 and has 1 connection of run 1");
  }

  @Test
  void answersThatCannotBeReadOrAreTooLargeAreNamed() throws Exception {
    byte[] seven = KEYS.encode(LOBBY, Table.REQUEST, RequestRow.key(7));
    put(LOBBY, Table.REQUEST, RequestRow.key(7), RowSeal.seal(seven, new byte[] {1, 1}));
    HttpResponse large = HttpResponse.of(200, List.of(), new byte[RequestRow.BODY_BYTES_MAX + 1]);
    byte[] eight = KEYS.encode(LOBBY, Table.REQUEST, RequestRow.key(8));
    put(
        LOBBY,
        Table.REQUEST,
        RequestRow.key(8),
        RowSeal.seal(eight, new RequestRow(200, large).encode()));

    assertThat(faults())
        .containsExactly(
            "actor chat/lobby, table REQUEST, key 7: a request's row of 2 bytes cannot be read",
            "actor chat/lobby, request 8 has an answer that is too large");
  }

  @Test
  void alarmsThatWouldNeverOrWronglyComeDueAreNamed() throws Exception {
    byte[] due = KEYS.encode(LOBBY, Table.DUE, ALARM.place(LOBBY, "wake").key());
    raw(tables -> tables.db().delete(tables.of(Table.DUE), due));
    byte[] ghost = new DueAlarm(OTHER, DueClock.RUNNING, 5, "ghost").key();
    byte[] ghostKey = KEYS.encode(OTHER, Table.DUE, ghost);
    put(OTHER, Table.DUE, ghost, RowSeal.seal(ghostKey, DueAlarm.value()));

    assertThat(faults())
        .containsExactlyInAnyOrder(
            "actor chat/lobby, alarm 'wake' would never come due",
            "actor chat/other, alarm 'ghost' would come due, and is not stored");
  }

  @Test
  void whatTheApplicationsClassesCannotReadIsNamed() {
    List<String> faults = new ArrayList<>();
    try (StoredFolder stored = StoredFolder.open(folder)) {
      stored.verify(type -> Codecs.kryo(List.of()), faults::add, StoredFolderTest::unnoted);
    }
    assertThat(faults)
        .singleElement()
        .asString()
        .startsWith("actor chat/lobby, table CONNECTION, key 1.5: ")
        .contains("with the fields name, said, is stored");
  }

  @Test
  void anActorIsDumpedRowByRow() {
    List<Map<String, Object>> rows = dump(LOBBY, CODEC);

    assertThat(rows)
        .containsExactly(
            Map.of(
                "row",
                "actor",
                "type",
                "chat",
                "key",
                "lobby",
                "epoch",
                1L,
                "wakes",
                7L,
                "connections",
                1,
                "connectionsByRun",
                Map.of("1", 1)),
            Map.of(
                "row",
                "autoReplies",
                "replies",
                List.of(Map.of("request", "ping", "reply", "pong"))),
            Map.of(
                "row",
                "connection",
                "id",
                "1.5",
                "acceptedAt",
                "1970-01-01T00:00:00Z",
                "tags",
                List.of("member"),
                "attachment",
                Map.of("@class", Member.class.getName(), "name", "Ann", "said", 3)),
            Map.of("row", "value", "key", "a", "value", 1L),
            Map.of("row", "value", "key", "b", "value", List.of("x")),
            Map.of("row", "alarm", "key", "wake", "due", "1970-01-01T00:01:00Z", "failures", 0),
            Map.of(
                "row", "request", "key", "7", "status", 200, "isAnswerKept", true, "bodyBytes", 3),
            Map.of("row", "request", "key", "8", "status", 500, "isAnswerKept", false));
    assertThat(dump(OTHER, CODEC)).hasSize(1);
    assertThat(dump(new ActorId("chat", "nobody"), CODEC)).isEmpty();
  }

  @Test
  void rowsThatCannotBeReadAreDumpedInHex() throws Exception {
    put(LOBBY, Table.VALUE, bytes("a"), new byte[] {1, 2, 3});

    assertThat(dump(LOBBY, CODEC))
        .contains(
            Map.of(
                "row",
                "value",
                "key",
                "a",
                "@unreadable",
                "the stored value has 3 bytes of at least 5",
                "@hex",
                "010203"));
  }
}
