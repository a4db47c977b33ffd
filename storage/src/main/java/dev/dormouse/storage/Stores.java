package dev.dormouse.storage;

/** Opens stores. */
public final class Stores {
  private Stores() {}

  /**
   * The store that the options describe.
   *
   * @throws StoreOpenException if the folder cannot be made or read, is in use by another process,
   *     is damaged, or was written by a newer version
   */
  public static ActorStore open(StoreOptions options) {
    return options.durability() == Durability.MEMORY
        ? memory(new MemoryDisk())
        : RocksActorStore.open(options);
  }

  /** A store in memory with what an earlier one left on the disk. */
  public static ActorStore memory(MemoryDisk disk) {
    return new MemoryActorStore(disk);
  }
}
