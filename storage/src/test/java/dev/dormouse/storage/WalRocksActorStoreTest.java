package dev.dormouse.storage;

import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;

@Tag("once") // only what the engine is told differs from the store that syncs
class WalRocksActorStoreTest extends ActorStoreContract {
  @TempDir Path folder;

  @Override
  protected NodeStore open() {
    return Stores.open(StoreOptions.in(folder).durability(Durability.WAL));
  }
}
