package dev.dormouse.storage;

import org.rocksdb.RocksDB;

/** RocksDB's native library. */
public final class Native {

  private Native() {}

  /** Loads the library; must come before any other use of RocksDB. */
  public static void load() {
    RocksDB.loadLibrary();
  }
}
