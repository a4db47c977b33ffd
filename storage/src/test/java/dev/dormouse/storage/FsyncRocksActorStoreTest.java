package dev.dormouse.storage;

import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class FsyncRocksActorStoreTest extends ActorStoreContract {
  @TempDir Path folder;

  @Override
  protected NodeStore open() {
    return Stores.open(StoreOptions.in(folder).durability(Durability.FSYNC));
  }
}
