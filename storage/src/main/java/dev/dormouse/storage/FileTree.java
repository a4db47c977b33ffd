package dev.dormouse.storage;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;
import java.util.zip.CheckedInputStream;
import java.util.zip.CheckedOutputStream;
import org.jspecify.annotations.Nullable;

/** Operations on files and folders. A file that was written is synced when they return. */
final class FileTree {
  private FileTree() {}

  /** Lists the entries of a folder in the order of their names. */
  static List<Path> filesIn(Path folder) throws IOException {
    List<Path> files = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      entries.forEach(files::add);
    }
    files.sort(null);
    return files;
  }

  /** Returns whether a path is free: nothing is there, or an empty folder. */
  static boolean isFree(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return true;
    }
    if (!Files.isDirectory(folder)) {
      return false;
    }
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      return !entries.iterator().hasNext();
    }
  }

  /**
   * Copies a file and syncs the copy.
   *
   * @return the CRC32C of its bytes
   */
  static long copy(Path from, Path to) throws IOException {
    CRC32C sum = new CRC32C();
    try (InputStream in = Files.newInputStream(from);
        OutputStream out =
            new CheckedOutputStream(
                Files.newOutputStream(to, StandardOpenOption.CREATE_NEW), sum)) {
      in.transferTo(out);
    }
    sync(to);
    return sum.getValue();
  }

  /** Returns the CRC32C of a file's bytes. */
  static long sumOf(Path file) throws IOException {
    CRC32C sum = new CRC32C();
    try (InputStream in = new CheckedInputStream(Files.newInputStream(file), sum)) {
      in.transferTo(OutputStream.nullOutputStream());
    }
    return sum.getValue();
  }

  /** Syncs a file, or the names in a folder, so that they survive a power cut. */
  static void sync(Path path) throws IOException {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  /** Removes a folder with everything in it, if it is there. */
  static void remove(Path folder) throws IOException {
    try {
      Files.walkFileTree(
          folder,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                throws IOException {
              Files.delete(file);
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path visited, @Nullable IOException error)
                throws IOException {
              if (error != null) {
                throw error;
              }
              Files.delete(visited);
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (NoSuchFileException e) {
      if (Files.exists(folder)) {
        throw e;
      }
    }
  }

  /**
   * Returns the reason for a failure, for messages. It names the kind of exception, because the
   * message of a file system's exception is often only a path.
   */
  static String reasonOf(IOException e) {
    return e.getClass().getSimpleName() + ": " + e.getMessage();
  }
}
