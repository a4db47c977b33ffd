package dev.dormouse.storage;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.rocksdb.RocksDBException;

/**
 * Whether the process, and the system, have file handles for the engine. A want of them is told by
 * a file that could not be opened: of what was to be written to it nothing was, so that nothing is
 * uncertain, and it passes when others have closed theirs.
 *
 * @param file one that is there, can be read, and nobody has locked: closing it would give up the
 *     lock
 */
record HandleRoom(Path file) {
  /** As many as an engine without tables opens, and some more. */
  private static final int WANTED = 32;

  /** {@code EMFILE}, and the beginning of {@code ENFILE}. */
  private static final String TOO_MANY = "Too many open files";

  /** What the engine says before the system's reason, which may be in another language. */
  private static final String OPENING = "While open";

  /** For the engine in a folder. */
  static HandleRoom of(Path engine) {
    return new HandleRoom(engine.resolve("CURRENT"));
  }

  /** Whether there are as many as the engine needs. Takes that many system calls. */
  boolean isThere() {
    return canOpen(WANTED);
  }

  /** Whether the engine, or a copy of files, failed for want of a file handle alone. */
  boolean isWanting(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      String message = String.valueOf(cause.getMessage());
      boolean isOpening = cause instanceof FileSystemException || message.contains(OPENING);
      if ((cause instanceof RocksDBException || cause instanceof IOException)
          && (message.contains(TOO_MANY) || (isOpening && !canOpen(1)))) {
        return true;
      }
    }
    return false;
  }

  private boolean canOpen(int number) {
    List<FileChannel> opened = new ArrayList<>();
    try {
      for (int i = 0; i < number; i++) {
        opened.add(FileChannel.open(file, StandardOpenOption.READ));
      }
      return true;
    } catch (IOException e) {
      return false;
    } finally {
      opened.forEach(HandleRoom::close);
    }
  }

  private static void close(FileChannel channel) {
    try {
      channel.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
