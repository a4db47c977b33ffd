package dev.dormouse.storage;

import dev.dormouse.sdk.ActorId;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A data folder that no store has open, or a backup, to be looked at. Nothing in it is changed; a
 * data folder is locked as long as it is open here. For one thread at a time.
 */
public final class StoredFolder implements AutoCloseable {
  private final Path path;
  private final @Nullable BackupList list;
  private final @Nullable DataFolder lock;

  private StoredFolder(Path path, @Nullable BackupList list, @Nullable DataFolder lock) {
    this.path = path;
    this.list = list;
    this.lock = lock;
  }

  /**
   * Opens it.
   *
   * @throws StoreOpenException if it is no data folder and no backup, or in use
   * @throws BackupException if it is a backup whose list of files is damaged
   */
  public static StoredFolder open(Path folder) {
    Path path = folder.toAbsolutePath().normalize();
    if (!BackupList.isIn(path)) {
      DataFolder lock = DataFolder.takeExisting(path);
      return new StoredFolder(lock.path(), null, lock).withLibrary();
    }
    if (!Files.isDirectory(path.resolve(DataFolder.ENGINE))) {
      throw new StoreOpenException(
          "the backup " + path + " has no folder " + DataFolder.ENGINE, null);
    }
    return new StoredFolder(path, BackupList.readFrom(path), null).withLibrary();
  }

  /** Loads the engine's library, or gives the folder up. */
  private StoredFolder withLibrary() {
    try {
      EngineLibrary.load(scratchBases().toArray(Path[]::new));
      return this;
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /** Where the engine may unpack and log: never in a backup, which stays as it is. */
  private List<Path> scratchBases() {
    Path parent = path.getParent();
    return isBackup()
        ? List.of(Scratch.temporaryFolder(), parent == null ? path : parent)
        : List.of(path, Scratch.temporaryFolder());
  }

  /** Whether it is a backup. */
  public boolean isBackup() {
    return list != null;
  }

  /**
   * Reads all that there is and checks every sum.
   *
   * @param codecs the codec of an actor type, to find out what the application's classes cannot
   *     read; null for a type that it does not have
   * @param faults is told each fault, in a sentence
   * @param notes is told, at the end, what is no fault and may be a mistake: stored fields that the
   *     application's classes do not have
   */
  public FolderReport verify(
      Function<String, @Nullable ValueCodec> codecs,
      Consumer<String> faults,
      Consumer<String> notes) {
    return new FolderCheck(path, scratchBases(), list, codecs, faults, notes).run();
  }

  /**
   * Shows what is stored of an actor, a row at a time: maps of texts to what {@link
   * ValueCodec#describe} gives, of which {@code row} tells what it is. Of a row that cannot be
   * read, {@code @unreadable} and {@code @hex} tell why not, and its bytes.
   *
   * @param codec that of its type, which knows the names of classes
   * @param rows is given each
   * @return how many rows there are
   * @throws StoreOpenException if the folder is so damaged that the engine cannot open it
   * @throws CorruptRowException if the engine cannot go on from row to row
   */
  public long dump(ActorId actor, ValueCodec codec, Consumer<Map<String, Object>> rows) {
    try (ReadTables tables = ReadTables.open(path.resolve(DataFolder.ENGINE), scratchBases())) {
      return new ActorDump(tables, tables.keys(), codec).dump(actor, rows);
    }
  }

  @Override
  public void close() {
    if (lock != null) {
      lock.close();
    }
  }
}
