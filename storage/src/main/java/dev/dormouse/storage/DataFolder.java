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
 * The data folder of a store, locked against every other store. It holds the file {@code
 * dormouse.lock}, which is locked as long as the folder is taken, and the folder {@code rocksdb}
 * with the engine's files. Any thread may call every method.
 */
final class DataFolder implements AutoCloseable {
  private static final Logger log = Log.of(DataFolder.class);

  /**
   * The data folders that this process has taken. The lock on the file cannot keep this process
   * out, and the file must not even be opened a second time: on POSIX systems, closing any channel
   * to a file gives up all locks that the process has on it.
   */
  private static final Set<Path> held = ConcurrentHashMap.newKeySet();

  /** The name of the engine's folder, in data folders and in backups. */
  static final String ENGINE = "rocksdb";

  /** The name of the file that marks a data folder to which a backup is being restored. */
  static final String RESTORING = "dormouse.restoring";

  /** The name of the file that marks a data folder that was restored and not opened since. */
  static final String RESTORED = "dormouse.restored";

  /** The name of the file that is locked. */
  static final String LOCK = "dormouse.lock";

  /**
   * The position of the locked byte, which lies behind the file's text: where locks are mandatory,
   * other processes can still read the text.
   */
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
   * Takes a data folder, which is made if it is missing.
   *
   * @throws StoreOpenException if the folder cannot be made or written, or another store has it
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
   * Takes an existing data folder.
   *
   * @throws StoreOpenException if there is no data folder, it is a backup or half restored, it
   *     cannot be written, or another store has it
   */
  static DataFolder takeExisting(Path folder) {
    if (!Files.isDirectory(folder.resolve(ENGINE))) {
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
   * Checks that this folder is in service: it is no backup, which a store would spoil, and no
   * folder that is half restored.
   *
   * @throws StoreOpenException if it is one of these
   */
  void checkInService() {
    if (BackupList.isIn(path)) {
      throw new StoreOpenException(
          "the folder " + path + " is a backup; restore it to another folder first", null);
    }
    if (Files.exists(path.resolve(RESTORING))) {
      throw new StoreOpenException(
          "a backup was being restored to the folder "
              + path
              + " and was not finished; remove the folder and restore again",
          null);
    }
  }

  /** Returns the real path of this folder. */
  Path path() {
    return path;
  }

  /** Returns the path of the engine's folder, which the engine makes. */
  Path engine() {
    return path.resolve(ENGINE);
  }

  /** Returns the path as text, for messages. */
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
      log.warn(
          "the lock file of the data folder {} could not be closed; it is given up when the process"
              + " ends",
          path,
          e);
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
          "the data folder " + folder + " cannot be made: " + FileTree.reasonOf(e), e);
    }
  }

  /** Syncs the names in a folder, so that they survive a power cut, where the system can do so. */
  private static void force(Path folder) {
    try {
      FileTree.sync(folder);
    } catch (IOException e) {
      log.debug("the names in the folder {} cannot be synced", folder, e);
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
          "the data folder " + path + " cannot be written: " + FileTree.reasonOf(e), e);
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
          "the data folder " + path + " cannot be locked: " + FileTree.reasonOf(e), e);
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
}
