package dev.dormouse.storage;

import dev.dormouse.storage.rows.ClockMark;
import dev.dormouse.storage.rows.CorruptRowException;
import dev.dormouse.storage.rows.RowKeys;
import dev.dormouse.storage.rows.RowSeal;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import org.jspecify.annotations.Nullable;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

/**
 * The facts about a data folder as a whole, which its store reads and writes at each opening.
 *
 * <p>Stored are four numbers, of eight bytes big-endian, under {@code format}, {@code shards},
 * {@code run} and {@code epoch}; a {@link ClockMark} for each group of shards, under {@code clock}
 * and the number of the group (2); and a {@link RunRow} for each of the last {@value #RUNS_KEPT}
 * openings. All are sealed like rows.
 *
 * <p>The folder of a node of a cluster also has, under {@code node}, the number of groups (4), the
 * node's slot (4), the number of slots (4) and the node's name; under {@code cluster} the id of the
 * cluster, once the node knows it; and under {@code applied} and the number of a group (2) the
 * index (8) of the entry that was applied last to the group. A folder keeps the node that it was
 * made for.
 *
 * <p>The format says what the rows look like and which tables the folder must have. A folder of
 * another format is refused.
 *
 * @param shards the number of shards, chosen when the folder was made
 * @param run the number of this opening, greater than those of all earlier openings
 * @param epoch the epoch in which this opening owns all groups of shards, greater than those of all
 *     earlier openings
 * @param surroundings where this opening takes place
 */
record FolderMeta(int shards, long run, long epoch, Surroundings surroundings) {
  /** The format of keys, seals, rows and column families that this version writes. */
  static final long FORMAT = 5;

  /** The oldest format that this version reads. */
  private static final long FORMAT_MIN = 4;

  /** The number of openings whose ends are known. */
  static final int RUNS_KEPT = 1_024;

  /**
   * The least step of the run and of the epoch at the first opening after a restore. The openings
   * after the backup had the next numbers, which the ids of their connections begin with, so those
   * numbers must not be used again. The step is random, because a backup may be restored twice.
   */
  private static final int LEAP_MIN = 2_000;

  private static final int LEAP_MORE = 30_000;

  /** The run from which no step is made: it has 24 bits, some of which must be left. */
  private static final long LEAP_UNTIL = 1L << 23;

  static final byte[] FORMAT_KEY = "format".getBytes(StandardCharsets.UTF_8);
  static final byte[] SHARDS_KEY = "shards".getBytes(StandardCharsets.UTF_8);
  private static final byte[] RUN_KEY = "run".getBytes(StandardCharsets.UTF_8);
  private static final byte[] EPOCH_KEY = "epoch".getBytes(StandardCharsets.UTF_8);
  private static final byte[] NODE_KEY = "node".getBytes(StandardCharsets.UTF_8);
  private static final byte[] CLUSTER_KEY = "cluster".getBytes(StandardCharsets.UTF_8);
  private static final byte[] APPLIED_KEY_PREFIX = "applied".getBytes(StandardCharsets.UTF_8);
  private static final byte[] CLOCK_KEY_PREFIX = "clock".getBytes(StandardCharsets.UTF_8);

  /**
   * Reads the facts and begins a run and an epoch, which are on the disk when this method returns.
   *
   * @param shardsIfNew the number of shards if the folder is new
   * @param replication the node of a cluster that opens the folder; null for a server that runs
   *     alone
   * @param surroundings where the opening takes place
   * @throws StoreOpenException if the folder has another format, belongs to another node, or cannot
   *     be read
   */
  static FolderMeta begin(
      RocksTables tables,
      DataFolder folder,
      int shardsIfNew,
      @Nullable Replication replication,
      Surroundings surroundings) {
    try (WriteBatch batch = new WriteBatch();
        WriteOptions synced = new WriteOptions().setSync(true)) {
      // A folder is new if nothing was ever written, not even by an opening that was cut short.
      boolean isNew = tables.db().getLatestSequenceNumber() == 0;
      long format = isNew ? 0 : read(tables, folder, FORMAT_KEY);
      if (isNew) {
        put(batch, SHARDS_KEY, shardsIfNew);
      } else {
        checkFormat(format, "the data folder " + folder);
        checkNode(tables, folder, replication);
      }
      if (isNew && replication != null) {
        batch.put(NODE_KEY, RowSeal.seal(NODE_KEY, nodeOf(replication)));
      }
      tables.complete(format, folder);
      if (format < FORMAT) {
        put(batch, FORMAT_KEY, FORMAT);
      }
      long shards = isNew ? shardsIfNew : read(tables, folder, SHARDS_KEY);
      if (shards < 1 || shards > RowKeys.SHARDS_MAX) {
        throw new StoreOpenException(
            "the data folder " + folder + " is damaged: it says it has " + shards + " shards",
            null);
      }
      Path restored = folder.path().resolve(DataFolder.RESTORED);
      long run = isNew ? 1 : read(tables, folder, RUN_KEY) + 1;
      long epoch = isNew ? 1 : read(tables, folder, EPOCH_KEY) + 1;
      if (Files.exists(restored)) {
        int leap = LEAP_MIN + new SecureRandom().nextInt(LEAP_MORE);
        epoch += leap;
        run += run < LEAP_UNTIL ? leap : 0;
      }
      put(batch, RUN_KEY, run);
      put(batch, EPOCH_KEY, epoch);
      put(batch, run, new RunRow(surroundings, false));
      batch.delete(RunRow.key(run - RUNS_KEPT));
      tables.db().write(synced, batch);
      Files.deleteIfExists(restored);
      return new FolderMeta((int) shards, run, epoch, surroundings);
    } catch (RocksDBException | IOException e) {
      throw new StoreOpenException(
          "the data folder " + folder + " cannot be opened: " + e.getMessage(), e);
    }
  }

  /** Takes the number of an opening out of use, and returns it. One caller at a time. */
  static long reserve(RocksTables tables) throws RocksDBException {
    Long last = number(tables.db(), tables.meta(), RUN_KEY);
    if (last == null) {
      throw new CorruptRowException("the number of the last opening is missing or damaged", null);
    }
    long reserved = last + 1;
    try (WriteBatch batch = new WriteBatch();
        WriteOptions synced = new WriteOptions().setSync(true)) {
      put(batch, RUN_KEY, reserved);
      tables.db().write(synced, batch);
    }
    return reserved;
  }

  /** Notes that the store was closed, so that the next opening does not take it for a crash. */
  void end(RocksTables tables) throws RocksDBException {
    try (WriteBatch batch = new WriteBatch();
        WriteOptions synced = new WriteOptions().setSync(true)) {
      put(batch, run, new RunRow(surroundings, true));
      tables.db().write(synced, batch);
    }
  }

  /** Tells how an earlier opening ended. */
  static Ending endingOf(RocksTables tables, long run) throws RocksDBException {
    return RunRow.endingOf(run(tables, run), run(tables, run + 1));
  }

  private static void put(WriteBatch batch, long run, RunRow row) throws RocksDBException {
    byte[] key = RunRow.key(run);
    batch.put(key, RowSeal.seal(key, row.encode()));
  }

  /** Reads the row of an opening; returns null if there is none or it cannot be read. */
  private static @Nullable RunRow run(RocksTables tables, long run) throws RocksDBException {
    byte[] key = RunRow.key(run);
    byte @Nullable [] stored = tables.db().get(tables.meta(), key);
    byte @Nullable [] payload = stored == null ? null : RowSeal.open(key, stored);
    return payload == null ? null : RunRow.decodeOrNull(payload);
  }

  private static byte[] nodeOf(Replication replication) {
    byte[] name = replication.node().getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(3 * Integer.BYTES + name.length)
        .putInt(replication.groups())
        .putInt(replication.slot())
        .putInt(replication.slots())
        .put(name)
        .array();
  }

  /** Checks that the folder was made for the node that opens it. */
  private static void checkNode(
      RocksTables tables, DataFolder folder, @Nullable Replication replication)
      throws RocksDBException {
    byte @Nullable [] stored = tables.db().get(tables.meta(), NODE_KEY);
    if (stored == null) {
      if (replication != null) {
        throw new StoreOpenException(
            "the data folder "
                + folder
                + " belongs to a server that runs alone, and cannot become a node's; start the node "
                + replication.node()
                + " with an empty data folder",
            null);
      }
      return;
    }
    byte @Nullable [] payload = RowSeal.open(NODE_KEY, stored);
    if (payload == null || payload.length <= 3 * Integer.BYTES) {
      throw new StoreOpenException(
          "the data folder " + folder + " is damaged: its node cannot be read", null);
    }
    ByteBuffer in = ByteBuffer.wrap(payload);
    int groups = in.getInt();
    int slot = in.getInt();
    int slots = in.getInt();
    String name = StandardCharsets.UTF_8.decode(in).toString();
    String belongs = "the data folder " + folder + " belongs to the node " + name + " of a cluster";
    if (replication == null) {
      throw new StoreOpenException(
          belongs + "; start this server as that node, or with an empty data folder", null);
    }
    if (!name.equals(replication.node())) {
      throw new StoreOpenException(
          belongs
              + ", not to "
              + replication.node()
              + "; start this server as "
              + name
              + ", or with the data folder of "
              + replication.node(),
          null);
    }
    if (groups != replication.groups()) {
      throw new StoreOpenException(
          belongs
              + " that was made with "
              + groups
              + " groups, not "
              + replication.groups()
              + "; start it with "
              + groups
              + " groups",
          null);
    }
    if (slot != replication.slot() || slots != replication.slots()) {
      throw new StoreOpenException(
          belongs
              + " in slot "
              + slot
              + " of "
              + slots
              + ", and is opened for slot "
              + replication.slot()
              + " of "
              + replication.slots()
              + "; name the same nodes as when the cluster was made",
          null);
    }
  }

  /**
   * Reads the id of the cluster that the folder belongs to; returns null if none was kept.
   *
   * @throws CorruptRowException if the stored id is damaged
   */
  static @Nullable String cluster(RocksTables tables) throws RocksDBException {
    try (ReadOptions latest = new ReadOptions()) {
      return cluster(tables, latest);
    }
  }

  /** Reads the id of the cluster as it is at a moment that the options choose. */
  static @Nullable String cluster(RocksTables tables, ReadOptions options) throws RocksDBException {
    byte @Nullable [] stored = tables.db().get(tables.meta(), options, CLUSTER_KEY);
    if (stored == null) {
      return null;
    }
    byte @Nullable [] payload = RowSeal.open(CLUSTER_KEY, stored);
    if (payload == null) {
      throw new CorruptRowException("the id of the cluster " + RowSeal.faultOf(stored), null);
    }
    return new String(payload, StandardCharsets.UTF_8);
  }

  /** Adds to a write the id of the cluster that the folder belongs to. */
  static void cluster(WriteBatch batch, RocksTables tables, String id) throws RocksDBException {
    batch.put(
        tables.meta(), CLUSTER_KEY, RowSeal.seal(CLUSTER_KEY, id.getBytes(StandardCharsets.UTF_8)));
  }

  private static byte[] clockKey(int group) {
    return ByteBuffer.allocate(CLOCK_KEY_PREFIX.length + Short.BYTES)
        .put(CLOCK_KEY_PREFIX)
        .putShort((short) group)
        .array();
  }

  /**
   * Reads the mark of a group's running clock; returns null if none was kept.
   *
   * @throws CorruptRowException if the mark is damaged
   */
  static @Nullable ClockMark clockMark(RocksTables tables, int group) throws RocksDBException {
    try (ReadOptions latest = new ReadOptions()) {
      return clockMark(tables, latest, group);
    }
  }

  /** Reads the mark of a group's running clock as it is at a moment that the options choose. */
  static @Nullable ClockMark clockMark(RocksTables tables, ReadOptions options, int group)
      throws RocksDBException {
    byte[] key = clockKey(group);
    byte @Nullable [] stored = tables.db().get(tables.meta(), options, key);
    if (stored == null) {
      return null;
    }
    byte @Nullable [] payload = RowSeal.open(key, stored);
    if (payload == null) {
      throw new CorruptRowException(
          "the mark of the running clock " + RowSeal.faultOf(stored), null);
    }
    return ClockMark.decode(payload);
  }

  /** Keeps the mark of a group's running clock, without an fsync. */
  static void keep(RocksTables tables, int group, ClockMark mark) throws RocksDBException {
    byte[] key = clockKey(group);
    try (WriteOptions options = new WriteOptions()) {
      tables.db().put(tables.meta(), options, key, RowSeal.seal(key, mark.encode()));
    }
  }

  /** Adds to a write the mark of a group's running clock. */
  static void keep(WriteBatch batch, RocksTables tables, int group, ClockMark mark)
      throws RocksDBException {
    byte[] key = clockKey(group);
    batch.put(tables.meta(), key, RowSeal.seal(key, mark.encode()));
  }

  private static byte[] appliedKey(int group) {
    return ByteBuffer.allocate(APPLIED_KEY_PREFIX.length + Short.BYTES)
        .put(APPLIED_KEY_PREFIX)
        .putShort((short) group)
        .array();
  }

  /** Adds to a write the index of the last entry of the cluster's log that it applies. */
  static void applied(WriteBatch batch, RocksTables tables, int group, long index)
      throws RocksDBException {
    byte[] key = appliedKey(group);
    batch.put(
        tables.meta(),
        key,
        RowSeal.seal(key, ByteBuffer.allocate(Long.BYTES).putLong(index).array()));
  }

  /**
   * Reads the index of the last entry of the cluster's log that was applied to a group; returns 0
   * if none was.
   *
   * @throws CorruptRowException if the stored index is damaged
   */
  static long applied(RocksTables tables, int group) throws RocksDBException {
    byte[] key = appliedKey(group);
    if (tables.db().get(tables.meta(), key) == null) {
      return 0;
    }
    Long index = number(tables.db(), tables.meta(), key);
    if (index == null) {
      throw new CorruptRowException("the applied index of group " + group + " is damaged", null);
    }
    return index;
  }

  /**
   * Checks that this version can read a folder's format.
   *
   * @param folder the folder's name, to begin a sentence
   * @throws StoreOpenException if the format is newer, older, or none that ever was
   */
  static void checkFormat(long format, String folder) {
    if (format > FORMAT) {
      throw new StoreOpenException(
          folder
              + " was written by a newer version: it has format "
              + format
              + ", and this version reads up to "
              + FORMAT,
          null);
    }
    if (format >= 1 && format < FORMAT_MIN) {
      throw new StoreOpenException(
          folder
              + " was written by an earlier build: it has format "
              + format
              + ", this build reads format "
              + FORMAT
              + ", and nothing converts one to the other; use an empty data folder, or the build"
              + " that wrote this one",
          null);
    }
    if (format < 1) {
      throw new StoreOpenException(folder + " is damaged: it says it has format " + format, null);
    }
  }

  private static void put(WriteBatch batch, byte[] key, long number) throws RocksDBException {
    byte[] payload = ByteBuffer.allocate(Long.BYTES).putLong(number).array();
    batch.put(key, RowSeal.seal(key, payload));
  }

  private static long read(RocksTables tables, DataFolder folder, byte[] key)
      throws RocksDBException {
    Long number = number(tables.db(), tables.meta(), key);
    if (number == null) {
      boolean isMissing = tables.db().get(tables.meta(), key) == null;
      throw new StoreOpenException(
          "the data folder "
              + folder
              + " is damaged: its "
              + new String(key, StandardCharsets.UTF_8)
              + (isMissing ? " is missing" : " cannot be read"),
          null);
    }
    return number;
  }

  /** Reads one of the numbers; returns null if it is missing or damaged. */
  static @Nullable Long number(RocksDB db, ColumnFamilyHandle meta, byte[] key)
      throws RocksDBException {
    byte @Nullable [] stored = db.get(meta, key);
    byte @Nullable [] payload = stored == null ? null : RowSeal.open(key, stored);
    return payload == null || payload.length != Long.BYTES
        ? null
        : ByteBuffer.wrap(payload).getLong();
  }
}
