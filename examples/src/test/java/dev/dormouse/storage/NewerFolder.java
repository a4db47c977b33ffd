package dev.dormouse.storage;

import dev.dormouse.storage.rows.RowSeal;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.rocksdb.RocksDBException;

/** The data folder of a version to come. */
public final class NewerFolder {
  private static final byte[] FORMAT = "format".getBytes(StandardCharsets.UTF_8);

  private NewerFolder() {}

  /** Makes it. */
  public static void make(Path folder) throws RocksDBException {
    Stores.open(StoreOptions.in(folder)).close();
    byte[] next = ByteBuffer.allocate(Long.BYTES).putLong(FolderMeta.FORMAT + 1).array();
    try (RocksTables tables = RocksTables.open(folder.resolve("rocksdb"), 1 << 20, 32)) {
      tables.db().put(FORMAT, RowSeal.seal(FORMAT, next));
    }
  }
}
