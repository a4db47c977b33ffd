package dev.dormouse.storage;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

/**
 * What is kept of a folder as a whole: three numbers, of eight bytes big-endian, sealed like rows,
 * under {@code format}, {@code shards} and {@code incarnation}; and of each of the last {@value
 * #RUNS_KEPT} openings a {@link RunRow}, sealed too.
 *
 * @param shards the number of shards, chosen when the folder was made
 * @param incarnation the number of this opening, greater than all before
 * @param surroundings where it takes place
 */
record FolderMeta(int shards, long incarnation, Surroundings surroundings) {
  /** Of the keys, the seal and the column families. */
  static final long FORMAT = 1;

  /** Of how many openings it is known how they ended. */
  static final int RUNS_KEPT = 1_024;

  private static final byte[] FORMAT_KEY = "format".getBytes(StandardCharsets.UTF_8);
  private static final byte[] SHARDS_KEY = "shards".getBytes(StandardCharsets.UTF_8);
  private static final byte[] INCARNATION_KEY = "incarnation".getBytes(StandardCharsets.UTF_8);

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
      if (isNew) {
        put(batch, FORMAT_KEY, FORMAT);
        put(batch, SHARDS_KEY, shardsIfNew);
      } else {
        checkFormat(read(tables, folder, FORMAT_KEY), folder);
      }
      long shards = isNew ? shardsIfNew : read(tables, folder, SHARDS_KEY);
      if (shards < 1 || shards > RowKeys.SHARDS_MAX) {
        throw new StoreOpenException(
            "the data folder " + folder + " is damaged: it says it has " + shards + " shards",
            null);
      }
      long incarnation = isNew ? 1 : read(tables, folder, INCARNATION_KEY) + 1;
      put(batch, INCARNATION_KEY, incarnation);
      put(batch, incarnation, new RunRow(surroundings, false));
      batch.delete(RunRow.key(incarnation - RUNS_KEPT));
      tables.db().write(synced, batch);
      return new FolderMeta((int) shards, incarnation, surroundings);
    } catch (RocksDBException e) {
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
