package dev.dormouse.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;

class NativeTest {

  @Test
  void opensADatabase(@TempDir Path directory) throws RocksDBException {
    Native.load();
    try (RocksDB db = RocksDB.open(directory.toString())) {
      assertThat(db.getLatestSequenceNumber()).isZero();
    }
  }
}
