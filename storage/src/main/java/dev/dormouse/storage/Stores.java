package dev.dormouse.storage;

import dev.dormouse.storage.rows.ShardGroups;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;

/** The factory of stores. Any thread may call every method. */
public final class Stores {
  private Stores() {}

  /**
   * Opens the store that the options describe.
   *
   * @throws StoreOpenException if the folder cannot be made or read, is in use by another process,
   *     is damaged, or has a format that this version does not read
   */
  public static NodeStore open(StoreOptions options) {
    return options.durability() == Durability.MEMORY
        ? memory(new MemoryDisk())
        : RocksActorStore.open(options);
  }

  /**
   * Opens the store of a node of a cluster, which owns groups when the log says so.
   *
   * @param options the options; a commit that is done survives more than their durability says
   * @throws StoreOpenException for the reasons that {@link #open} lists
   */
  public static NodeStore replicated(StoreOptions options, Replication replication) {
    return ReplicatedActorStore.open(options, replication);
  }

  /**
   * Returns the store of a node that runs no actors.
   *
   * @param groups how the actors of the cluster are divided
   * @param run the run of the node, which another node has {@linkplain StoreFolder#reserveRun
   *     reserved}
   */
  public static NodeStore ownerless(ShardGroups groups, long run) {
    return new OwnerlessStore(groups, run);
  }

  /**
   * Opens a store in memory that finds what earlier stores left on the same disk, and owns all
   * groups in place of them.
   */
  public static NodeStore memory(MemoryDisk disk) {
    MemoryActorStore store = new MemoryActorStore(disk, "", System::nanoTime);
    disk.takeOver(store);
    return store;
  }

  /**
   * Opens a store in memory that owns no group until {@link MemoryDisk#give} gives it one. A later
   * store on the same machine counts as the next opening of the same folder.
   *
   * @param clockNs the machine's clock that never jumps, in nanoseconds
   */
  public static NodeStore memoryOn(MemoryDisk disk, String machine, LongSupplier clockNs) {
    return new MemoryActorStore(disk, machine, clockNs);
  }

  /**
   * Makes a data folder with a damaged log usable again. The log is cut at the first bad record,
   * and everything that was written later is given up, as is what was synced and is missing. The
   * files are kept as they were, in a folder {@code salvaged-…} in the data folder.
   *
   * @param data a data folder that no store has open
   * @param at the time, which is part of that folder's name
   * @return a sentence about each log that was cut or taken away, and one about what is missing;
   *     empty if no log is damaged
   * @throws StoreOpenException if the data folder is not there, in use, or cannot be written
   */
  public static List<String> salvage(Path data, Instant at) {
    try (DataFolder folder = DataFolder.takeExisting(data)) {
      String name =
          DateTimeFormatter.ofPattern("'salvaged-'uuuuMMdd'T'HHmmss'Z'")
              .format(at.atOffset(ZoneOffset.UTC));
      try {
        Path aside = folder.path().resolve(name);
        List<String> done = new ArrayList<>(EngineLogs.cut(folder.engine(), aside));
        done.addAll(SyncedMark.giveUp(folder, aside, !done.isEmpty()));
        return done;
      } catch (IOException e) {
        throw new StoreOpenException(
            "the logs of the data folder " + folder + " cannot be cut: " + FileTree.reasonOf(e), e);
      }
    }
  }
}
