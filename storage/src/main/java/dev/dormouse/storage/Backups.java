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
 * The operations that take backups of data folders and restore them.
 *
 * <p>A backup is a folder with the engine's files in {@code rocksdb} and their list in {@code
 * dormouse.backup}. It is a consistent cut: it has every commit that was done before it was begun,
 * the first of the commits that were done meanwhile, and each commit as a whole.
 *
 * <p>To take a backup, the engine makes a checkpoint inside the data folder, of hard links to the
 * files that never change again and copies of the few that do. That takes as long as writing out
 * what is in memory. The checkpoint is then moved to its place, or copied if that is on another
 * file system, while the store goes on or is closed. On the same file system the backup shares
 * unchanging files with the data folder, so it is a second copy of the bytes only when it is copied
 * elsewhere.
 *
 * <p>Any thread may call every method.
 */
public final class Backups {
  private static final Logger log = Log.of(Backups.class);

  /** The name of the folder inside the data folder in which a checkpoint is made. */
  private static final String CHECKPOINT = "checkpoint.tmp";

  private Backups() {}

  /**
   * Takes a backup of a data folder that no store has open. {@link StoreFolder#backup} takes a
   * backup of an open store.
   *
   * @param to the backup's folder, which is missing or empty and whose parent exists
   * @param at the time, which is noted in the backup
   * @throws StoreOpenException if the data folder does not exist, is in use, or is damaged
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
   * Makes a checkpoint of an open engine, which is the first step of a backup.
   *
   * @return the checkpoint's folder
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

  /** Removes from a data folder what a backup that was cut short has left there. */
  static void sweep(DataFolder folder) {
    try {
      FileTree.remove(folder.path().resolve(CHECKPOINT));
      FileTree.remove(
          folder.path().resolve(CHECKPOINT + ".tmp")); // the engine's, before it is done
    } catch (IOException e) {
      log.warn(
          "files left by a backup in {} cannot be removed; the next backup or opening tries again: {}",
          folder,
          e.toString());
    }
  }

  /**
   * Checks that a backup can be written to a folder, and returns the folder's path.
   *
   * @param data the real path of the data folder
   * @throws BackupException if the parent is missing, the folder is not empty, or it lies inside
   *     the data folder
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
   * Moves a checkpoint to its place and makes a backup of it, which is the second step of a backup.
   *
   * @param handles the process's file handles
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
      log.warn(
          "files left by a backup in {} cannot be removed; the next backup or opening tries again: {}",
          folder,
          e.toString());
    }
  }

  /**
   * Restores a backup to a data folder. The next opening of the folder finds what was stored when
   * the backup was taken, and the connections of that time count as those of a process that died.
   * If the process dies meanwhile, it leaves a data folder that stores refuse.
   *
   * @param from the backup, which is not changed
   * @param data the data folder, which is missing or empty and whose parent exists
   * @throws BackupException if {@code from} is no backup or not whole, or the data folder cannot be
   *     written
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
      log.warn(
          "files of a backup that could not be restored to {} cannot be removed; remove the folder: {}",
          target,
          e.toString());
    }
  }
}
