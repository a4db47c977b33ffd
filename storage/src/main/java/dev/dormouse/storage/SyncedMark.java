package dev.dormouse.storage;

import dev.dormouse.log.Counted;
import dev.dormouse.log.Log;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;
import org.slf4j.Logger;

/**
 * The file {@code dormouse.synced} in a data folder, which holds the number of the last write that
 * was synced to the disk. A log that ends before that number has lost commits that clients were
 * told are kept, whereas the tail of a log that was never synced may be missing after a power cut.
 * Nothing in a log alone tells the two apart.
 *
 * <p>The mark is written after each sync and is not synced itself, so that it costs one system call
 * a round and never a second fsync. After the death of a process it is exact. After a power cut it
 * may be some seconds old; the number is then a smaller one, and still true. A mark that cannot be
 * read claims nothing.
 *
 * <p>Bytes: the number (8, big-endian) and the CRC32C of those bytes (8). One thread at a time may
 * use a mark.
 */
final class SyncedMark implements AutoCloseable {
  private static final Logger log = Log.of(SyncedMark.class);

  static final String NAME = "dormouse.synced";
  private static final int BYTES = 2 * Long.BYTES;

  private final RandomAccessFile file;

  /** True if the last attempt to write the mark failed, which is logged once. */
  private boolean isFailing;

  private SyncedMark(RandomAccessFile file) {
    this.file = file;
  }

  /**
   * Opens the mark of a data folder for writing.
   *
   * @throws StoreOpenException if the file cannot be opened
   */
  static SyncedMark openIn(Path data) {
    try {
      return new SyncedMark(new RandomAccessFile(data.resolve(NAME).toFile(), "rw"));
    } catch (IOException e) {
      throw new StoreOpenException(
          "the data folder " + data + " cannot be written: " + FileTree.reasonOf(e), e);
    }
  }

  /** Notes that all writes up to a number are synced. A failure is logged once. */
  void note(long write) {
    try {
      file.seek(0);
      file.write(bytesOf(write));
      isFailing = false;
    } catch (IOException e) {
      if (!isFailing) { // the commits are kept all the same
        log.warn(
            "the file {} cannot be written; commits are kept, but a start after a crash cannot tell"
                + " a lost log from one that was never synced: {}",
            NAME,
            FileTree.reasonOf(e));
      }
      isFailing = true;
    }
  }

  private static byte[] bytesOf(long write) {
    ByteBuffer bytes = ByteBuffer.allocate(BYTES).putLong(write);
    CRC32C sum = new CRC32C();
    sum.update(bytes.array(), 0, Long.BYTES);
    return bytes.putLong(sum.getValue()).array();
  }

  /** Reads the number of the last synced write of a data folder; returns 0 if it is unknown. */
  static long readIn(Path data) throws IOException {
    byte[] bytes;
    try {
      bytes = Files.readAllBytes(data.resolve(NAME));
    } catch (NoSuchFileException e) {
      return 0;
    }
    if (bytes.length != BYTES) {
      return 0;
    }
    long write = ByteBuffer.wrap(bytes).getLong();
    return Arrays.equals(bytes, bytesOf(write)) ? write : 0;
  }

  /** Makes the exception about an engine whose writes end before the mark of its data folder. */
  static StoreOpenException lost(Path data, long last, long synced) {
    return new StoreOpenException(
        ("the data folder %s is damaged: its logs end with write %s, and %s writes were synced to"
                + " the disk%s")
            .formatted(data, last, synced, EngineLogs.REMEDY),
        null);
  }

  /**
   * Takes the mark out of a data folder if writes before the mark are missing.
   *
   * @param aside the folder to which the mark is moved; made if it is missing
   * @param isCut whether a log was just cut, so that the missing writes were reported already
   * @return a sentence about the missing writes; empty if none are missing or a log was just cut
   * @throws StoreOpenException if the engine cannot be opened
   */
  static List<String> giveUp(DataFolder folder, Path aside, boolean isCut) throws IOException {
    Path data = folder.path();
    long synced = readIn(data);
    long last = EngineLogs.lastWriteIn(folder.engine());
    if (last >= synced) {
      return List.of();
    }
    if (!isCut) {
      EngineLibrary.load(data);
      try (ReadTables tables =
          ReadTables.openAsItIs(folder.engine(), List.of(data, Scratch.temporaryFolder()))) {
        last = tables.lastWrite();
      }
      if (last >= synced) {
        return List.of();
      }
    }
    Files.createDirectories(aside);
    Files.move(data.resolve(NAME), aside.resolve(NAME));
    return isCut
        ? List.of()
        : List.of(
            "the logs end with write %s: %s that were synced are given up"
                .formatted(last, Counted.of(synced - last, "write")));
  }

  @Override
  public void close() {
    try {
      file.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
