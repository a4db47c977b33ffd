package dev.dormouse.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

/**
 * What is kept of a folder as a whole: three numbers, of eight bytes big-endian, sealed like rows,
 * under {@code format}, {@code shards} and {@code incarnation}; under {@code clock}, a {@link
 * ClockMark}; and of each of the last {@value #RUNS_KEPT} openings a {@link RunRow}, sealed too.
 *
 * <p>The format says which tables there must be. A folder of an older one gets the tables that came
 * later when it is opened, and then the newer format; an opening that is cut short between the two
 * is taken up by the next.
 *
 * @param shards the number of shards, chosen when the folder was made
 * @param incarnation the number of this opening, greater than all before
 * @param surroundings where it takes place
 */
record FolderMeta(int shards, long incarnation, Surroundings surroundings) {
  /** Of the keys, the seal and the column families: 2 has the tables of alarms. */
  static final long FORMAT = 2;

  /** Of how many openings it is known how they ended. */
  static final int RUNS_KEPT = 1_024;

  /**
   * By how much the number of the first opening after a restore is greater than that in the backup:
   * openings since the backup was taken had the next ones, and ids of connections begin with them.
   * It is random, since a backup may be restored twice.
   */
  private static final int LEAP_MIN = 2_000;

  private static final int LEAP_MORE = 30_000;

  /** There are 24 bits for the number of an opening, some of which must be left. */
  private static final long LEAP_UNTIL = 1L << 23;

  private static final byte[] FORMAT_KEY = "format".getBytes(StandardCharsets.UTF_8);
  private static final byte[] SHARDS_KEY = "shards".getBytes(StandardCharsets.UTF_8);
  private static final byte[] INCARNATION_KEY = "incarnation".getBytes(StandardCharsets.UTF_8);
  private static final byte[] CLOCK_KEY = "clock".getBytes(StandardCharsets.UTF_8);

  /**
   * Reads it and begins an incarnation, which is on the disk when this returns.
   *
   * @param shardsIfNew the number of shards of a folder that was just made
   * @param surroundings where the opening takes place
   * @throws StoreOpenException if the folder was written by a newer version or cannot be read
   */
  static FolderMeta begin(
      RocksTables tables, DataFolder folder, int shardsIfNew, Surroundings surroundings) {
    try (WriteBatch batch = new WriteBatch();
        WriteOptions synced = new WriteOptions().setSync(true)) {
      // Nothing was ever written to it, not even by an opening that was cut short.
      boolean isNew = tables.db().getLatestSequenceNumber() == 0;
      long format = isNew ? 0 : read(tables, folder, FORMAT_KEY);
      if (isNew) {
        put(batch, SHARDS_KEY, shardsIfNew);
      } else {
        checkFormat(format, folder);
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
      Path restored = folder.path().resolve(Backups.RESTORED);
      long incarnation = isNew ? 1 : read(tables, folder, INCARNATION_KEY) + 1;
      if (Files.exists(restored) && incarnation < LEAP_UNTIL) {
        incarnation += LEAP_MIN + new SecureRandom().nextInt(LEAP_MORE);
      }
      put(batch, INCARNATION_KEY, incarnation);
      put(batch, incarnation, new RunRow(surroundings, false));
      batch.delete(RunRow.key(incarnation - RUNS_KEPT));
      tables.db().write(synced, batch);
      Files.deleteIfExists(restored);
      return new FolderMeta((int) shards, incarnation, surroundings);
    } catch (RocksDBException | IOException e) {
      throw new StoreOpenException(
          "the data folder " + folder + " cannot be opened: " + e.getMessage(), e);
    }
  }

  /** Ends the incarnation in good order. */
  void end(RocksTables tables) throws RocksDBException {
    try (WriteBatch batch = new WriteBatch();
        WriteOptions synced = new WriteOptions().setSync(true)) {
      put(batch, incarnation, new RunRow(surroundings, true));
      tables.db().write(synced, batch);
    }
  }

  /** How an earlier incarnation ended. */
  static Ending endingOf(RocksTables tables, long incarnation) throws RocksDBException {
    return RunRow.endingOf(run(tables, incarnation), run(tables, incarnation + 1));
  }

  private static void put(WriteBatch batch, long incarnation, RunRow run) throws RocksDBException {
    byte[] key = RunRow.key(incarnation);
    batch.put(key, RowSeal.seal(key, run.encode()));
  }

  /** Null if it is not there, or cannot be read: then nothing is known of it. */
  private static @Nullable RunRow run(RocksTables tables, long incarnation)
      throws RocksDBException {
    byte[] key = RunRow.key(incarnation);
    byte @Nullable [] stored = tables.db().get(tables.meta(), key);
    byte @Nullable [] payload = stored == null ? null : RowSeal.open(key, stored);
    return payload == null ? null : RunRow.decodeOrNull(payload);
  }

  /** The mark that was kept last; null if none was. */
  static @Nullable ClockMark clockMark(RocksTables tables) throws RocksDBException {
    byte @Nullable [] stored = tables.db().get(tables.meta(), CLOCK_KEY);
    if (stored == null) {
      return null;
    }
    byte @Nullable [] payload = RowSeal.open(CLOCK_KEY, stored);
    if (payload == null) {
      throw new CorruptRowException(
          "the mark of the running clock " + RowSeal.faultOf(stored), null);
    }
    return ClockMark.decode(payload);
  }

  /** Keeps a mark; it is not worth an fsync. */
  static void keep(RocksTables tables, ClockMark mark) throws RocksDBException {
    try (WriteOptions options = new WriteOptions()) {
      tables.db().put(tables.meta(), options, CLOCK_KEY, RowSeal.seal(CLOCK_KEY, mark.encode()));
    }
  }

  private static void checkFormat(long format, DataFolder folder) {
    if (format > FORMAT) {
      throw new StoreOpenException(
          "the data folder "
              + folder
              + " was written by a newer version: it has format "
              + format
              + ", and this version reads up to "
              + FORMAT,
          null);
    }
    if (format < 1) {
      throw new StoreOpenException(
          "the data folder " + folder + " is damaged: it says it has format " + format, null);
    }
  }

  private static void put(WriteBatch batch, byte[] key, long number) throws RocksDBException {
    byte[] payload = ByteBuffer.allocate(Long.BYTES).putLong(number).array();
    batch.put(key, RowSeal.seal(key, payload));
  }

  private static long read(RocksTables tables, DataFolder folder, byte[] key)
      throws RocksDBException {
    byte @Nullable [] stored = tables.db().get(tables.meta(), key);
    byte @Nullable [] payload = stored == null ? null : RowSeal.open(key, stored);
    if (payload == null || payload.length != Long.BYTES) {
      String name = new String(key, StandardCharsets.UTF_8);
      throw new StoreOpenException(
          "the data folder "
              + folder
              + " is damaged: its "
              + name
              + (stored == null ? " is missing" : " cannot be read"),
          null);
    }
    return ByteBuffer.wrap(payload).getLong();
  }
}
