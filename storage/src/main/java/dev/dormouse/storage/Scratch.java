package dev.dormouse.storage;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A temporary folder for files that libraries unpack or cache while this process runs. {@link
 * #close} removes it. A process that was killed leaves its folder behind, and the next process that
 * makes one in the same place removes it, so leftovers never pile up.
 *
 * <p>A lock on a file beside the folder tells whether its process lives. The file is there before
 * the folder is made and until the folder is removed. Only folders of the same user are removed.
 *
 * <p>Any thread may call every method.
 */
public final class Scratch implements AutoCloseable {
  private static final String PREFIX = "dormouse-scratch-";
  private static final String LOCK = ".lock";
  private static final int ATTEMPTS_MAX = 100;

  /**
   * The lock files of this process; the set's monitor guards all of this class. A lock file must
   * not be opened a second time, because closing any channel to a file gives up all locks that the
   * process has on it.
   */
  private static final Set<Path> held = new HashSet<>();

  private final Path folder;
  private final Path lockFile;
  private final FileChannel lock;

  private Scratch(Path folder, Path lockFile, FileChannel lock) {
    this.folder = folder;
    this.lockFile = lockFile;
    this.lock = lock;
  }

  /**
   * Makes a temporary folder in the first of some folders in which that is possible.
   *
   * @throws IOException if it is possible in none; the message names each of them with the reason
   */
  public static Scratch in(List<Path> bases) throws IOException {
    List<String> reasons = new ArrayList<>();
    for (Path base : bases) {
      try {
        return in(base);
      } catch (IOException e) {
        reasons.add(base + ": " + FileTree.reasonOf(e));
      }
    }
    throw new IOException(String.join("; ", reasons));
  }

  /** Returns the JVM's temporary folder, {@code java.io.tmpdir}. */
  public static Path temporaryFolder() {
    return Path.of(System.getProperty("java.io.tmpdir", "/tmp")).toAbsolutePath().normalize();
  }

  /** Makes a temporary folder in a folder, and removes those of processes that are gone. */
  static Scratch in(Path base) throws IOException {
    synchronized (held) {
      for (int i = 0; i < ATTEMPTS_MAX; i++) {
        Scratch made = madeIn(base.toRealPath());
        if (made != null) {
          removeLeftovers(base.toRealPath(), Files.getOwner(made.lockFile));
          return made;
        }
      }
      throw new IOException("other processes keep removing the lock files");
    }
  }

  /** Makes a folder; returns null if another process took the new lock file for a leftover. */
  private static @Nullable Scratch madeIn(Path base) throws IOException {
    Path lockFile = Files.createTempFile(base, PREFIX, LOCK); // for this user only
    held.add(lockFile);
    FileChannel channel = null;
    try {
      channel = FileChannel.open(lockFile, StandardOpenOption.WRITE);
      if (channel.tryLock() == null || !Files.exists(lockFile)) {
        giveUp(lockFile, channel);
        return null;
      }
      Path folder = Files.createDirectory(folderOf(lockFile), forThisUser(base));
      return new Scratch(folder, lockFile, channel);
    } catch (IOException e) {
      giveUp(lockFile, channel);
      Files.deleteIfExists(lockFile);
      throw e;
    }
  }

  private static FileAttribute<?>[] forThisUser(Path base) {
    return base.getFileSystem().supportedFileAttributeViews().contains("posix")
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"))
        }
        : new FileAttribute<?>[0];
  }

  private static void giveUp(Path lockFile, @Nullable FileChannel channel) throws IOException {
    held.remove(lockFile);
    if (channel != null) {
      channel.close();
    }
  }

  private static Path folderOf(Path lockFile) {
    String name = lockFile.getFileName().toString();
    return lockFile.resolveSibling(name.substring(0, name.length() - LOCK.length()));
  }

  private static void removeLeftovers(Path base, UserPrincipal user) {
    try (DirectoryStream<Path> lockFiles = Files.newDirectoryStream(base, PREFIX + "*" + LOCK)) {
      for (Path lockFile : lockFiles) {
        if (!held.contains(lockFile)
            && Files.isRegularFile(lockFile, LinkOption.NOFOLLOW_LINKS)
            && Files.getOwner(lockFile, LinkOption.NOFOLLOW_LINKS).equals(user)) {
          removeIfLeft(lockFile);
        }
      }
    } catch (IOException e) {
      // The next process tries again.
    }
  }

  private static void removeIfLeft(Path lockFile) throws IOException {
    try (FileChannel channel = FileChannel.open(lockFile, StandardOpenOption.WRITE);
        FileLock lock = channel.tryLock()) {
      if (lock != null) {
        FileTree.remove(folderOf(lockFile));
        Files.deleteIfExists(lockFile);
      }
    } catch (OverlappingFileLockException e) {
      // Another class loader in this process holds it.
    }
  }

  /** Returns the path of the folder. */
  public Path path() {
    return folder;
  }

  /** Removes the folder with everything in it; a later process removes what cannot be removed. */
  @Override
  public void close() {
    synchronized (held) {
      try {
        FileTree.remove(folder);
        Files.deleteIfExists(lockFile);
      } catch (IOException e) {
        // A later process removes it.
      } finally {
        held.remove(lockFile);
        try {
          lock.close();
        } catch (IOException e) {
          // The end of the process gives the lock up.
        }
      }
    }
  }
}
