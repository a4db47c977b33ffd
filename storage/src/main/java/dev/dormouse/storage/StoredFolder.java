package dev.dormouse.storage;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.storage.codec.ValueCodec;
import dev.dormouse.storage.rows.CorruptRowException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A view of a data folder that no store has open, or of a backup. Nothing in the folder is changed.
 * A data folder is locked as long as the view is open. One thread at a time may use a view.
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
   * Opens a view of a folder.
   *
   * @throws StoreOpenException if the folder is no data folder and no backup, or is in use
   * @throws BackupException if the folder is a backup whose list of files is damaged
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

  /** Loads the engine's library, and closes this view if that fails. */
  private StoredFolder withLibrary() {
    try {
      EngineLibrary.load(scratchBases().toArray(Path[]::new));
      return this;
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /** Returns the folders in which the engine may unpack and log; a backup is never one of them. */
  private List<Path> scratchBases() {
    Path parent = path.getParent();
    return isBackup()
        ? List.of(Scratch.temporaryFolder(), parent == null ? path : parent)
        : List.of(path, Scratch.temporaryFolder());
  }

  /** Returns whether the folder is a backup. */
  public boolean isBackup() {
    return list != null;
  }

  /**
   * Checks the folder: reads every file and row, and compares every checksum.
   *
   * @param codecs returns the codec of an actor type, by which values that the application's
   *     classes cannot read are found; null for a type that the application does not have
   * @param faults receives each fault, as a sentence
   * @param notes receives at the end, as sentences, what is no fault but may be a mistake: stored
   *     fields that the application's classes do not have
   * @return the numbers of what was checked, and of the faults
   */
  public FolderReport verify(
      Function<String, @Nullable ValueCodec> codecs,
      Consumer<String> faults,
      Consumer<String> notes) {
    return new FolderCheck(path, scratchBases(), list, codecs, faults, notes).run();
  }

  /**
   * Shows the rows of an actor, one at a time. A row is a map from texts to descriptions that are
   * made like those of {@link ValueCodec#describe}; the entry {@code row} tells the kind of row. A
   * row that cannot be read has {@code @unreadable}, the reason, and {@code @hex}, the bytes.
   *
   * @param codec the codec of the actor's type, which knows the names of classes
   * @param rows receives each row
   * @return the number of rows
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
