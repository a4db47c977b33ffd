package dev.dormouse.server.node;

import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * Notices that a jar was overwritten in place while the process runs from it: no class can be read
 * from it any more, so whatever runs for the first time fails. A jar that another one was moved
 * over does not matter: the JVM has the old one open.
 *
 * <p>To be used by one thread at a time.
 */
final class ClassPathWatch {
  /** At its end a jar has the list of its files with their sums, and where that begins. */
  private static final int TAIL_BYTES = 8 << 10;

  private final List<Jar> jars = new ArrayList<>();

  /**
   * Reads the end of each jar.
   *
   * @param classPath as {@code java.class.path} has it
   */
  ClassPathWatch(String classPath) {
    for (String name : classPath.split(File.pathSeparator, -1)) {
      try {
        Jar jar = name.isEmpty() ? null : Jar.of(Path.of(name));
        if (jar != null) {
          jars.add(jar);
        }
      } catch (IOException | InvalidPathException e) {
        // What cannot be read now holds no class of this process.
      }
    }
  }

  /**
   * A jar that was overwritten, and to which nobody has written since the last call; null if there
   * is none. Who overwrites it may be about to stop the process.
   */
  @Nullable Path overwritten() {
    for (Jar jar : jars) {
      if (jar.look()) {
        return jar.path;
      }
    }
    return null;
  }

  private static final class Jar {
    final Path path;
    private final Object inode;
    private final long size;
    private final long sum;
    private FileTime written;

    /** Whether somebody has written to it since it was known to be the old one. */
    private boolean isTouched;

    /** Whether another file has its name, or nobody can tell. */
    private boolean isGone;

    private Jar(Path path, BasicFileAttributes file, Object inode) throws IOException {
      this.path = path;
      this.inode = inode;
      this.size = file.size();
      this.written = file.lastModifiedTime();
      this.sum = sumOfTail(path);
    }

    /** Null if it is no file, or files have no identity here. */
    static @Nullable Jar of(Path path) throws IOException {
      BasicFileAttributes file = Files.readAttributes(path, BasicFileAttributes.class);
      Object inode = file.fileKey();
      return file.isRegularFile() && inode != null ? new Jar(path, file, inode) : null;
    }

    /** Whether it was overwritten, and not since the last look. */
    boolean look() {
      if (isGone) {
        return false;
      }
      try {
        BasicFileAttributes file = Files.readAttributes(path, BasicFileAttributes.class);
        isGone = !inode.equals(file.fileKey());
        if (!written.equals(file.lastModifiedTime())) {
          written = file.lastModifiedTime();
          isTouched = true;
          return false;
        }
        return !isGone && isTouched && isOther(file);
      } catch (IOException e) {
        return false; // deleted, or about to be replaced
      }
    }

    private boolean isOther(BasicFileAttributes file) throws IOException {
      boolean isOther = file.size() != size || sumOfTail(path) != sum;
      isTouched = isOther;
      return isOther;
    }
  }

  private static long sumOfTail(Path path) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "r")) {
      long length = file.length();
      byte[] tail = new byte[(int) Math.min(length, TAIL_BYTES)];
      file.seek(length - tail.length);
      file.readFully(tail);
      CRC32 sum = new CRC32();
      sum.update(tail);
      return sum.getValue();
    }
  }
}
