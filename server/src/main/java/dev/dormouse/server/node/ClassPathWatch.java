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
 * Detects that a jar was overwritten in place while the process runs from it. No class can be read
 * from such a jar any more, so code that runs for the first time fails. A jar that was replaced by
 * a moved file does no harm, since the JVM keeps the old file open.
 *
 * <p>One thread at a time may use an object.
 */
final class ClassPathWatch {
  /**
   * The size of a jar's end that is compared. The end has the list of the jar's files with their
   * checksums, and the position of that list.
   */
  private static final int TAIL_BYTES = 8 << 10;

  private final List<Jar> jars = new ArrayList<>();

  /**
   * Reads the end of each jar.
   *
   * @param classPath the class path, in the form of {@code java.class.path}
   */
  ClassPathWatch(String classPath) {
    for (String name : classPath.split(File.pathSeparator, -1)) {
      try {
        Jar jar = name.isEmpty() ? null : Jar.of(Path.of(name));
        if (jar != null) {
          jars.add(jar);
        }
      } catch (IOException | InvalidPathException e) {
        // A path that cannot be read now holds no class of this process.
      }
    }
  }

  /**
   * Returns a jar that was overwritten and has not been written to since the last call; null if
   * there is none. The delay leaves time to a person who overwrites a jar and is about to stop the
   * process.
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

    /** Set if the jar was written to since its content was last known to be the old one. */
    private boolean isTouched;

    /** Set if another file has the jar's name, or the file can no longer be examined. */
    private boolean isGone;

    private Jar(Path path, BasicFileAttributes file, Object inode) throws IOException {
      this.path = path;
      this.inode = inode;
      this.size = file.size();
      this.written = file.lastModifiedTime();
      this.sum = sumOfTail(path);
    }

    /**
     * Returns the jar at a path; null if there is no file, or this file system has no file
     * identities.
     */
    static @Nullable Jar of(Path path) throws IOException {
      BasicFileAttributes file = Files.readAttributes(path, BasicFileAttributes.class);
      Object inode = file.fileKey();
      return file.isRegularFile() && inode != null ? new Jar(path, file, inode) : null;
    }

    /** Returns whether the jar was overwritten, and not written to since the last look. */
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
        return false; // the file was deleted, or is about to be replaced
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
