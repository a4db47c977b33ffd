package dev.dormouse.elsewhere;

import dev.dormouse.storage.ActorStoreContract;
import dev.dormouse.storage.NodeStore;

/** Shows that a store that keeps its commits later can be written in another package. */
class DelayedStoreTest extends ActorStoreContract {
  private final DelayedStore.Disk disk = new DelayedStore.Disk();

  @Override
  protected NodeStore open() {
    return new DelayedStore(disk);
  }
}
