package dev.dormouse.storage;

import dev.dormouse.storage.rows.ClockMark;
import dev.dormouse.storage.rows.RowKeys;
import dev.dormouse.storage.rows.ShardGroups;
import dev.dormouse.storage.rows.Table;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.function.BooleanSupplier;
import java.util.zip.CRC32C;
import java.util.zip.CheckedInputStream;
import java.util.zip.CheckedOutputStream;
import org.jspecify.annotations.Nullable;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.Slice;
import org.rocksdb.Snapshot;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

/**
 * The rows of one group of shards in a file, from which another node takes them.
 *
 * <p>Bytes: magic (4), format (1), shards (4), length (1) and UTF-8 of the cluster's id, 1 and the
 * mark of the running clock (24) or 0; then for each row the table's code (1), length of the key
 * (4), key, length of the value (4), value; then 0 (1) and the CRC-32C of everything before (8).
 */
final class GroupFile {
  static final String NAME = "rows";

  private static final int MAGIC = 0x44726d47; // "DrmG"
  private static final int FORMAT = 1;
  private static final int MARK_BYTES = 24;
  private static final int BATCH_BYTES = 1 << 20;
  private static final int BUFFER_BYTES = 64 << 10;

  private GroupFile() {}

  /**
   * Writes the rows of a group, and syncs them.
   *
   * @param snapshot the moment whose rows are written
   * @param isGivenUp returns whether the file is not needed any more
   * @throws UncheckedIOException if the file cannot be written or was given up
   */
  static void save(
      RocksTables tables,
      Snapshot snapshot,
      ShardGroups groups,
      int group,
      Path folder,
      BooleanSupplier isGivenUp)
      throws RocksDBException {
    try (ReadOptions then = new ReadOptions().setSnapshot(snapshot);
        FileChannel file =
            FileChannel.open(
                folder.resolve(NAME), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      CRC32C crc = new CRC32C();
      DataOutputStream out =
          new DataOutputStream(
              new CheckedOutputStream(
                  new BufferedOutputStream(Channels.newOutputStream(file), BUFFER_BYTES), crc));
      out.writeInt(MAGIC);
      out.writeByte(FORMAT);
      out.writeInt(groups.shards());
      String cluster = FolderMeta.cluster(tables, then);
      byte[] id = cluster == null ? new byte[0] : cluster.getBytes(StandardCharsets.UTF_8);
      out.writeByte(id.length);
      out.write(id);
      ClockMark mark = FolderMeta.clockMark(tables, then, group);
      out.writeByte(mark == null ? 0 : 1);
      if (mark != null) {
        out.write(mark.encode());
      }
      for (Table table : Table.values()) {
        RowKeys.StoredSpan span = RowKeys.ofShards(table, groups.first(group), groups.end(group));
        try (Slice lower = new Slice(span.from());
            Slice upper = new Slice(span.to());
            ReadOptions options =
                new ReadOptions()
                    .setSnapshot(snapshot)
                    .setTotalOrderSeek(true)
                    .setFillCache(false)
                    .setIterateLowerBound(lower)
                    .setIterateUpperBound(upper);
            RocksIterator rows = tables.db().newIterator(tables.of(table), options)) {
          for (rows.seekToFirst(); rows.isValid(); rows.next()) {
            if (isGivenUp.getAsBoolean()) {
              throw new IOException("it is not needed any more");
            }
            out.writeByte(table.code());
            byte[] key = rows.key();
            out.writeInt(key.length);
            out.write(key);
            byte[] value = rows.value();
            out.writeInt(value.length);
            out.write(value);
          }
          rows.status();
        }
      }
      out.writeByte(0);
      out.writeLong(crc.getValue());
      out.flush();
      file.force(true);
    } catch (IOException e) {
      throw new UncheckedIOException(
          "the rows of group " + group + " cannot be written: " + e.getMessage(), e);
    }
  }

  /**
   * Checks that a file is whole and can be read.
   *
   * @return the id of the cluster that is in the file; null if there is none
   * @throws UncheckedIOException if the file is damaged or cannot be read
   */
  static @Nullable String check(ShardGroups groups, Path folder) {
    try {
      return read(folder.resolve(NAME), groups, (table, key, value) -> {}, mark -> {});
    } catch (RocksDBException e) {
      throw new AssertionError("the engine was not used", e);
    }
  }

  /**
   * Replaces the rows of a group by those of a file. The file is read to its end before anything is
   * changed. If the process ends between, the group counts as one to which nothing was applied, and
   * the file is loaded again.
   *
   * @param known the id of the cluster that this node belongs to; null if it knows none
   * @return the id of the cluster that is in the file; null if there is none
   * @throws UncheckedIOException if the file is damaged, cannot be read or is of another cluster
   */
  static @Nullable String load(
      RocksTables tables,
      ShardGroups groups,
      int group,
      Path folder,
      long index,
      @Nullable String known)
      throws RocksDBException {
    Path file = folder.resolve(NAME);
    String cluster = check(groups, folder);
    if (known != null && cluster != null && !known.equals(cluster)) {
      throw new UncheckedIOException(
          "the file " + file + " cannot be taken",
          new IOException(
              "it is of the cluster " + cluster + ", and this node belongs to " + known));
    }
    try (WriteOptions unsynced = new WriteOptions();
        WriteBatch batch = new WriteBatch()) {
      FolderMeta.applied(batch, tables, group, 0);
      for (Table table : Table.values()) {
        RowKeys.StoredSpan span = RowKeys.ofShards(table, groups.first(group), groups.end(group));
        batch.deleteRange(tables.of(table), span.from(), span.to());
      }
      tables.db().write(unsynced, batch);
      batch.clear();
      String same =
          read(
              file,
              groups,
              (table, key, value) -> {
                batch.put(tables.of(table), key, value);
                if (batch.getDataSize() > BATCH_BYTES) {
                  tables.db().write(unsynced, batch);
                  batch.clear();
                }
              },
              mark -> FolderMeta.keep(batch, tables, group, mark));
      if (known == null && same != null) {
        FolderMeta.cluster(batch, tables, same);
      }
      FolderMeta.applied(batch, tables, group, index);
      tables.db().write(unsynced, batch);
    }
    return cluster;
  }

  private interface RowTaker {
    void take(Table table, byte[] key, byte[] value) throws RocksDBException;
  }

  private interface MarkTaker {
    void take(ClockMark mark) throws RocksDBException;
  }

  private static @Nullable String read(
      Path file, ShardGroups groups, RowTaker taker, MarkTaker marks) throws RocksDBException {
    CRC32C crc = new CRC32C();
    try (DataInputStream in =
        new DataInputStream(
            new CheckedInputStream(
                new BufferedInputStream(Files.newInputStream(file), BUFFER_BYTES), crc))) {
      if (in.readInt() != MAGIC || in.readByte() != FORMAT) {
        throw new IOException("it is no file of a group's rows that this version reads");
      }
      int shards = in.readInt();
      if (shards != groups.shards()) {
        throw new IOException("it has " + shards + " shards, and this node " + groups.shards());
      }
      byte[] id = bytes(in, in.readUnsignedByte());
      if (in.readByte() != 0) {
        marks.take(ClockMark.decode(bytes(in, MARK_BYTES)));
      }
      for (byte code = in.readByte(); code != 0; code = in.readByte()) {
        taker.take(tableOf(code), bytes(in, in.readInt()), bytes(in, in.readInt()));
      }
      long sum = crc.getValue();
      if (in.readLong() != sum) {
        throw new IOException("its checksum is wrong");
      }
      return id.length == 0 ? null : new String(id, StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("the file " + file + " cannot be read: " + e.getMessage(), e);
    }
  }

  private static byte[] bytes(DataInputStream in, int length) throws IOException {
    if (length < 0) {
      throw new IOException("it has a length of " + length);
    }
    byte[] bytes = in.readNBytes(length);
    if (bytes.length < length) {
      throw new EOFException("it is cut short");
    }
    return bytes;
  }

  private static Table tableOf(byte code) throws IOException {
    for (Table table : Table.values()) {
      if (table.code() == code) {
        return table;
      }
    }
    throw new IOException("it has a table with the code " + code);
  }
}
