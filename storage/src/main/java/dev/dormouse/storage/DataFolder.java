package dev.dormouse.storage;

import dev.dormouse.log.Log;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;

/**
 * The folder of a store: {@code dormouse.lock}, held as long as the store is open, and {@code
 * rocksdb}, the engine's files.
 */
final class DataFolder implements AutoCloseable {
  private static final Logger log = Log.of(DataFolder.class);

  /**
   * The folders that this process holds. The file's lock cannot keep this process out: on POSIX
   * systems, closing any channel to a file gives up all locks the process has on it, so the file
   * must not even be opened a second time.
   */
  private static final Set<Path> held = ConcurrentHashMap.newKeySet();

  /** The file that is locked. */
  static final String LOCK = "dormouse.lock";

  /** The byte that is locked lies behind the text, which others may read where locks are strict. */
  private static final long LOCKED_BYTE = Long.MAX_VALUE - 1;

  private static final int TEXT_BYTES_MAX = 256;
  private static final Pattern PID = Pattern.compile("pid ([0-9]{1,19})");

  private final Path path;
  private final FileChannel lockFile;

  private DataFolder(Path path, FileChannel lockFile) {
    this.path = path;
    this.lockFile = lockFile;
  }

  /**
   * Makes the folder if it is missing, and takes it.
   *
   * @throws StoreOpenException if it cannot be made or written, or another store has it
   */
  static DataFolder take(Path folder) {
    Path path = made(folder.toAbsolutePath().normalize());
    if (!held.add(path)) {
      throw StoreOpenException.inUse(
          "the data folder " + path + " is already open in this process");
    }
    try {
      return new DataFolder(path, locked(path));
    } catch (RuntimeException e) {
      held.remove(path);
      throw e;
    }
  }

  /**
   * Takes a folder that is there and has an engine's files.
   *
   * @throws StoreOpenException if it is not there or cannot be written, or another store has it
   */
  static DataFolder takeExisting(Path folder) {
    if (!Files.isDirectory(folder.resolve("rocksdb"))) {
      throw new StoreOpenException(
          "there is no data folder " + folder.toAbsolutePath().normalize(), null);
    }
    DataFolder taken = take(folder);
    try {
      taken.checkInService();
      return taken;
    } catch (RuntimeException e) {
      taken.close();
      throw e;
    }
  }

  /**
   * Checks that it is one to work with: no backup, which would not be one afterwards, and none that
   * is half restored.
   *
   * @throws StoreOpenException if it is
   */
  void checkInService() {
    if (BackupList.isIn(path)) {
      throw new StoreOpenException(
          "the folder " + path + " is a backup; restore it to another folder first", null);
    }
    if (Files.exists(path.resolve(Backups.RESTORING))) {
      throw new StoreOpenException(
          "a backup was being restored to the folder "
              + path
              + " and was not finished; remove the folder and restore again",
          null);
    }
  }

  /** Where it is. */
  Path path() {
    return path;
  }

  /** The engine's folder; the engine makes it. */
  Path engine() {
    return path.resolve("rocksdb");
  }

  /** As it is named in messages. */
  @Override
  public String toString() {
    return path.toString();
  }

  /** Gives the folder up. */
  @Override
  public void close() {
    try {
      lockFile.close();
    } catch (IOException e) {
      log.warn("the lock of the data folder {} was not given up cleanly", path, e);
    } finally {
      held.remove(path);
    }
  }

  private static Path made(Path folder) {
    Path parent = folder.getParent();
    if (parent != null && !Files.isDirectory(parent)) {
      throw new StoreOpenException(
          "the data folder "
              + folder
              + " cannot be made: "
              + parent
              + (Files.exists(parent) ? " is not a folder" : " does not exist"),
          null);
    }
    if (Files.exists(folder) && !Files.isDirectory(folder)) {
      throw new StoreOpenException("the data folder " + folder + " is a file, not a folder", null);
    }
    try {
      if (!Files.isDirectory(folder)) {
        Files.createDirectory(folder);
        if (parent != null) {
          force(parent);
        }
      }
      return folder.toRealPath();
    } catch (IOException e) {
      throw new StoreOpenException(
          "the data folder " + folder + " cannot be made: " + reasonOf(e), e);
    }
  }

  /** Makes the names in a folder survive a power cut, where folders can be synced at all. */
  private static void force(Path folder) {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    } catch (IOException e) {
      log.debug("{} cannot be synced", folder, e);
    }
  }

  private static FileChannel locked(Path path) {
    FileChannel file;
    try {
      file =
          FileChannel.open(
              path.resolve(LOCK),
              StandardOpenOption.CREATE,
              StandardOpenOption.READ,
              StandardOpenOption.WRITE);
    } catch (IOException e) {
      throw new StoreOpenException(
          "the data folder " + path + " cannot be written: " + reasonOf(e), e);
    }
    try {
      FileLock lock = file.tryLock(LOCKED_BYTE, 1, false);
      if (lock == null) {
        throw StoreOpenException.inUse(
            "the data folder " + path + " is in use by " + holderOf(file));
      }
      ProcessHandle self = ProcessHandle.current();
      String text =
          "pid "
              + self.pid()
              + "\nstarted "
              + self.info().startInstant().map(Instant::toString).orElse("at an unknown time")
              + "\n";
      file.truncate(0);
      file.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)), 0);
      file.force(true);
      force(path);
      return file;
    } catch (IOException e) {
      closeAfter(e, file);
      throw new StoreOpenException(
          "the data folder " + path + " cannot be locked: " + reasonOf(e), e);
    } catch (RuntimeException e) {
      closeAfter(e, file);
      throw e;
    }
  }

  private static String holderOf(FileChannel file) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(TEXT_BYTES_MAX);
    file.read(bytes, 0);
    String text = new String(bytes.array(), 0, bytes.position(), StandardCharsets.UTF_8);
    Matcher pid = PID.matcher(text);
    return pid.find() ? "process " + pid.group(1) : "another process";
  }

  private static void closeAfter(Exception first, FileChannel file) {
    try {
      file.close();
    } catch (IOException e) {
      first.addSuppressed(e);
    }
  }

  /** The message of a file system's exception is often no more than a path. */
  private static String reasonOf(IOException e) {
    return e.getClass().getSimpleName() + ": " + e.getMessage();
  }
}
