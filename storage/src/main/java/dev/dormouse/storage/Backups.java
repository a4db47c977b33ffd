package dev.dormouse.storage;

import dev.dormouse.log.Log;
import java.io.IOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.rocksdb.Checkpoint;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.slf4j.Logger;

/**
 * Takes backups of data folders and restores them.
 *
 * <p>A backup is a folder with the engine's files in {@code rocksdb}, and their list in {@code
 * dormouse.backup}. It is a consistent cut: all commits that were done before it was begun are in
 * it, of those that come meanwhile a first part, and each as a whole.
 *
 * <p>How: the engine makes a checkpoint inside the data folder, which takes hard links to the files
 * that never change again and copies of the few that do, and no longer than writing out what is in
 * memory. It is then moved to its place; if that is on another file system, it is copied, while the
 * store goes on, or is closed. On the same file system the backup shares its unchanging files with
 * the data folder: a second copy of the bytes it becomes when it is copied elsewhere.
 */
public final class Backups {
  private static final Logger log = Log.of(Backups.class);

  /** Where a checkpoint is made, inside the data folder. */
  private static final String CHECKPOINT = "checkpoint.tmp";

  private Backups() {}

  /**
   * Takes a backup of a data folder that no store has open. Of an open one, its store takes it: see
   * {@link ActorStore#backup}.
   *
   * @param to a folder that is missing or empty; its parent is there
   * @param at the time, to be noted in the backup
   * @throws StoreOpenException if the data folder is not there, in use, or damaged
   * @throws BackupException if the backup cannot be written
   */
  public static BackupReport take(Path data, Path to, Instant at) {
    try (DataFolder folder = DataFolder.takeExisting(data)) {
      Path target = checkedTarget(folder.path(), to);
      Path checkpoint;
      StoreOptions options = StoreOptions.in(data);
      try (RocksTables tables =
          RocksTables.open(folder.engine(), options.blockCacheBytes(), options.openFilesMax())) {
        checkpoint = checkpoint(tables.db(), folder);
      }
      return finish(checkpoint, target, at, HandleRoom.of(folder.engine()));
    }
  }

  /**
   * Makes a checkpoint of an open engine, the first part of a backup.
   *
   * @return its folder
   */
  static Path checkpoint(RocksDB db, DataFolder folder) {
    Path checkpoint = folder.path().resolve(CHECKPOINT);
    sweep(folder);
    try (Checkpoint maker = Checkpoint.create(db)) {
      maker.createCheckpoint(checkpoint.toString());
      return checkpoint;
    } catch (RocksDBException e) {
      sweep(folder);
      throw new BackupException(
          "a backup of " + folder + " cannot be taken: " + e.getMessage(),
          e,
          HandleRoom.of(folder.engine()).isWanting(e));
    }
  }

  /** Removes what a backup that was cut short has left in a data folder. */
  static void sweep(DataFolder folder) {
    try {
      FileTree.remove(folder.path().resolve(CHECKPOINT));
      FileTree.remove(
          folder.path().resolve(CHECKPOINT + ".tmp")); // the engine's, before it is done
    } catch (IOException e) {
      log.warn("what is left of a backup in {} cannot be removed: {}", folder, e.toString());
    }
  }

  /**
   * Where a backup is to be, if it can be there.
   *
   * @param data the real path of the data folder
   */
  static Path checkedTarget(Path data, Path to) {
    Path absolute = to.toAbsolutePath().normalize();
    Path parent = absolute.getParent();
    if (parent == null || !Files.isDirectory(parent)) {
      throw new BackupException(
          "the backup " + absolute + " cannot be written: there is no folder " + parent, null);
    }
    Path target;
    try {
      target = parent.toRealPath().resolve(absolute.getFileName());
    } catch (IOException e) {
      throw new BackupException(
          "the backup " + absolute + " cannot be written: " + FileTree.reasonOf(e), e);
    }
    if (target.startsWith(data)) {
      throw new BackupException(
          "the backup " + target + " cannot be inside the data folder " + data, null);
    }
    checkFree(target, "the backup");
    return target;
  }

  private static void checkFree(Path target, String what) {
    try {
      if (!FileTree.isFree(target)) {
        throw new BackupException(
            what + " cannot be written to " + target + ": it is there, and not an empty folder",
            null);
      }
    } catch (IOException e) {
      throw new BackupException(
          what + " cannot be written to " + target + ": " + FileTree.reasonOf(e),
          e,
          new HandleRoom(target.resolveSibling(".")).isWanting(e));
    }
  }

  /**
   * Brings a checkpoint to its place, and makes a backup of it: the second part.
   *
   * @param handles those of the process
   */
  static BackupReport finish(Path checkpoint, Path target, Instant at, HandleRoom handles) {
    boolean isMade = false;
    try {
      isMade = !Files.exists(target);
      if (isMade) {
        Files.createDirectory(target);
      }
      BackupList list = new BackupList(at, bring(checkpoint, target.resolve(DataFolder.ENGINE)));
      FileTree.sync(target.resolve(DataFolder.ENGINE));
      list.writeTo(target);
      FileTree.sync(target.resolveSibling("."));
      long linked =
          list.entries().stream()
              .filter(entry -> entry.sum() == null)
              .mapToLong(BackupList.Entry::bytes)
              .sum();
      return new BackupReport(target, list.entries().size(), list.bytes(), linked);
    } catch (IOException e) {
      clean(target, isMade);
      throw new BackupException(
          "the backup " + target + " cannot be written: " + FileTree.reasonOf(e),
          e,
          handles.isWanting(e));
    } finally {
      clean(checkpoint, true);
    }
  }

  private static List<BackupList.Entry> bring(Path checkpoint, Path engine) throws IOException {
    List<BackupList.Entry> entries = new ArrayList<>();
    try {
      Files.move(checkpoint, engine, StandardCopyOption.ATOMIC_MOVE);
      for (Path file : FileTree.filesIn(engine)) {
        boolean isLinked = file.getFileName().toString().endsWith(".sst");
        entries.add(entryOf(file, isLinked ? null : FileTree.sumOf(file)));
      }
    } catch (AtomicMoveNotSupportedException e) {
      Files.createDirectory(engine);
      for (Path file : FileTree.filesIn(checkpoint)) {
        Path copy = engine.resolve(file.getFileName());
        long sum = FileTree.copy(file, copy);
        entries.add(entryOf(copy, sum));
      }
    }
    return entries;
  }

  private static BackupList.Entry entryOf(Path file, @Nullable Long sum) throws IOException {
    return new BackupList.Entry(file.getFileName().toString(), Files.size(file), sum);
  }

  private static void clean(Path folder, boolean isOurs) {
    try {
      if (isOurs) {
        FileTree.remove(folder);
      } else {
        FileTree.remove(folder.resolve(DataFolder.ENGINE));
        Files.deleteIfExists(folder.resolve(BackupList.NAME));
      }
    } catch (IOException e) {
      log.warn("what is left of a backup in {} cannot be removed: {}", folder, e.toString());
    }
  }

  /**
   * Restores a backup to a data folder, whose next opening finds what was stored when the backup
   * was taken; the connections of that time count as those of a process that died.
   *
   * @param from the backup, which is not changed
   * @param data a folder that is missing or empty; its parent is there
   * @throws BackupException if it is no backup, or not whole, or the data folder cannot be written;
   *     one that was begun is left, and refused by stores, if the process dies meanwhile
   */
  public static BackupReport restore(Path from, Path data) {
    BackupList list = BackupList.readFrom(from);
    Path target = data.toAbsolutePath().normalize();
    checkFree(target, "the data folder");
    boolean isMade = !Files.exists(target);
    try (DataFolder folder = DataFolder.take(target)) {
      Path restoring = Files.createFile(folder.path().resolve(DataFolder.RESTORING));
      FileTree.sync(folder.path());
      Files.createDirectory(folder.engine());
      for (BackupList.Entry entry : list.entries()) {
        Path source = from.resolve(DataFolder.ENGINE).resolve(entry.name());
        check(entry, source, FileTree.copy(source, folder.engine().resolve(entry.name())));
      }
      FileTree.sync(folder.engine());
      Files.createFile(folder.path().resolve(DataFolder.RESTORED));
      Files.delete(restoring);
      FileTree.sync(folder.path());
      return new BackupReport(target, list.entries().size(), list.bytes(), 0);
    } catch (IOException e) {
      cleanRestored(target, isMade);
      throw new BackupException(
          "the backup " + from + " cannot be restored to " + target + ": " + FileTree.reasonOf(e),
          e);
    } catch (RuntimeException e) {
      cleanRestored(target, isMade);
      throw e;
    }
  }

  private static void check(BackupList.Entry entry, Path source, long sum) throws IOException {
    Long wanted = entry.sum();
    if (Files.size(source) != entry.bytes() || (wanted != null && wanted != sum)) {
      throw new BackupException(
          "the backup is damaged: " + source + " is not as it was written", null);
    }
  }

  private static void cleanRestored(Path target, boolean isMade) {
    try {
      if (isMade) {
        FileTree.remove(target);
      } else {
        FileTree.remove(target.resolve(DataFolder.ENGINE));
        Files.deleteIfExists(target.resolve(DataFolder.RESTORING));
        Files.deleteIfExists(target.resolve(DataFolder.RESTORED));
        Files.deleteIfExists(target.resolve(DataFolder.LOCK));
      }
    } catch (IOException e) {
      log.warn("what was restored to {} cannot be removed: {}", target, e.toString());
    }
  }
}
