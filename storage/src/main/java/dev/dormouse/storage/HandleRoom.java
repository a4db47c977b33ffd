package dev.dormouse.storage;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.rocksdb.RocksDBException;

/**
 * The file handles that the process and the system have for the engine. A want of handles shows as
 * a file that cannot be opened. Nothing was written to such a file, so nothing is uncertain, and
 * the want passes when other files are closed.
 *
 * @param file a file that exists and can be read, for trials; it must not be locked, because
 *     closing it would give up the lock
 */
record HandleRoom(Path file) {
  /** The number of handles that an engine without tables opens, and some more. */
  private static final int WANTED = 32;

  /** The system's message for {@code EMFILE}, and the beginning of that for {@code ENFILE}. */
  private static final String TOO_MANY = "Too many open files";

  /** The engine's words before the system's reason, which may be in another language. */
  private static final String OPENING = "While open";

  /** Returns the file handles for the engine in a folder. */
  static HandleRoom of(Path engine) {
    return new HandleRoom(engine.resolve("CURRENT"));
  }

  /** Returns whether the engine can open as many files as it needs, by opening that many. */
  boolean isThere() {
    return !isShortOf(WANTED);
  }

  /** Returns whether the engine, or a copy of files, failed only for a want of file handles. */
  boolean isWanting(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      String message = String.valueOf(cause.getMessage());
      boolean isOpening = cause instanceof FileSystemException || message.contains(OPENING);
      if ((cause instanceof RocksDBException || cause instanceof IOException)
          && (message.contains(TOO_MANY) || (isOpening && isShortOf(1)))) {
        return true;
      }
    }
    return false;
  }

  /**
   * Returns whether the process cannot have so many handles more. A trial that fails because the
   * file is missing or may not be read says nothing about handles.
   */
  private boolean isShortOf(int number) {
    List<FileChannel> opened = new ArrayList<>();
    try {
      for (int i = 0; i < number; i++) {
        opened.add(FileChannel.open(file, StandardOpenOption.READ));
      }
      return false;
    } catch (NoSuchFileException | AccessDeniedException e) {
      return false;
    } catch (IOException e) {
      return true;
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
