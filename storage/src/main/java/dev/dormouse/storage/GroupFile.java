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
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;
import java.util.zip.CheckedInputStream;
import java.util.zip.CheckedOutputStream;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.Slice;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

/**
 * The rows of one group of shards in a file, from which another node takes them.
 *
 * <p>Bytes: magic (4), format (1), shards (4), 1 and the mark of the running clock (24) or 0; then
 * for each row the table's code (1), length of the key (4), key, length of the value (4), value;
 * then 0 (1) and the CRC-32C of everything before (8).
 */
final class GroupFile {
  static final String NAME = "rows";

  private static final int MAGIC = 0x44726d47; // "DrmG"
  private static final int FORMAT = 1;
  private static final int MARK_BYTES = 24;
  private static final int BATCH_BYTES = 1 << 20;
  private static final int BUFFER_BYTES = 64 << 10;

  private GroupFile() {}

  /** Writes the rows of a group as they are now, and syncs them. */
  static void save(RocksTables tables, ShardGroups groups, int group, Path folder)
      throws RocksDBException {
    try (FileChannel file =
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
      ClockMark mark = FolderMeta.clockMark(tables, group);
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
                    .setTotalOrderSeek(true)
                    .setFillCache(false)
                    .setIterateLowerBound(lower)
                    .setIterateUpperBound(upper);
            RocksIterator rows = tables.db().newIterator(tables.of(table), options)) {
          for (rows.seekToFirst(); rows.isValid(); rows.next()) {
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
      throw new UncheckedIOException("the rows of group " + group + " cannot be written", e);
    }
  }

  /**
   * Replaces the rows of a group by those of a file. The file is read to its end before anything is
   * changed. If the process ends between, the group counts as one to which nothing was applied, and
   * the file is loaded again.
   */
  static void load(RocksTables tables, ShardGroups groups, int group, Path folder, long index)
      throws RocksDBException {
    Path file = folder.resolve(NAME);
    read(file, groups, (table, key, value) -> {}, mark -> {});
    try (WriteOptions unsynced = new WriteOptions();
        WriteBatch batch = new WriteBatch()) {
      FolderMeta.applied(batch, tables, group, 0);
      for (Table table : Table.values()) {
        RowKeys.StoredSpan span = RowKeys.ofShards(table, groups.first(group), groups.end(group));
        batch.deleteRange(tables.of(table), span.from(), span.to());
      }
      tables.db().write(unsynced, batch);
      batch.clear();
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
      FolderMeta.applied(batch, tables, group, index);
      tables.db().write(unsynced, batch);
    }
  }

  private interface RowTaker {
    void take(Table table, byte[] key, byte[] value) throws RocksDBException;
  }

  private interface MarkTaker {
    void take(ClockMark mark) throws RocksDBException;
  }

  private static void read(Path file, ShardGroups groups, RowTaker taker, MarkTaker marks)
      throws RocksDBException {
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
