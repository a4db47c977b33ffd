package dev.dormouse.storage;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.CRC32C;

/**
 * Looks through the engine's files before it opens them, for damage that RocksDB 11.8.1 does not
 * refuse, or does not lay at the right file's door, though a single flipped bit can be the cause:
 *
 * <ul>
 *   <li>{@code CURRENT} names no manifest, or one that is not there.
 *   <li>A log record's type turns into that of a recycled file: the engine reads it again and again
 *       for ever. We do not recycle files, so there is no such record.
 *   <li>A log record's length grows beyond the end of the file: the engine takes it for the last
 *       one, which a crash has cut short, and drops it with all that follow. After one that was cut
 *       short nothing follows; so if there are whole records up to the end, it was not. Nor does
 *       what there is of such a one fit its sum; so if it does, only the length is wrong.
 * </ul>
 *
 * <p>All other damage is left to the engine, which refuses it.
 *
 * <p>A file is a sequence of blocks of 32 KiB, a block one of records: masked CRC32C of the type
 * and what follows (4), length (2), type (1), all little-endian, and so many bytes. Fewer than
 * seven bytes at the end of a block are filling.
 */
final class EngineLogs {
  private static final Pattern CURRENT = Pattern.compile("(?<manifest>MANIFEST-[0-9]{6,20})\n");
  private static final int BLOCK_BYTES = 32 << 10;
  private static final int HEADER_BYTES = 7;
  private static final int MASK_DELTA = 0xa282ead8;

  // In place of where a record begins.
  private static final int NONE = -1;
  private static final int STOP = -2;

  private EngineLogs() {}

  /**
   * Looks through the files of a folder, if there are any.
   *
   * @throws StoreOpenException if one is damaged in a way that the engine would not notice
   */
  static void check(Path folder) {
    if (!Files.isDirectory(folder)) {
      return;
    }
    try (Stream<Path> files = Files.list(folder)) {
      checkCurrent(folder);
      List<Path> logs = files.filter(EngineLogs::isLog).sorted().toList();
      for (Path log : logs) {
        check(folder, log);
      }
    } catch (IOException e) {
      throw new StoreOpenException(
          "the data folder " + folder + " cannot be read: " + e.getMessage(), e);
    }
  }

  private static void checkCurrent(Path folder) throws IOException {
    Path current = folder.resolve("CURRENT");
    if (!Files.exists(current)) {
      return;
    }
    String text = new String(Files.readAllBytes(current), StandardCharsets.ISO_8859_1);
    Matcher named = CURRENT.matcher(text);
    if (!named.matches() || !Files.exists(folder.resolve(named.group("manifest")))) {
      throw new StoreOpenException(
          "the data folder "
              + folder
              + " is damaged: its file CURRENT names "
              + (named.matches()
                  ? named.group("manifest") + ", which is not there"
                  : "no manifest"),
          null);
    }
  }

  private static boolean isLog(Path file) {
    String name = file.getFileName().toString();
    return name.endsWith(".log") || name.startsWith("MANIFEST-");
  }

  private static void check(Path folder, Path log) throws IOException {
    try (InputStream in = new BufferedInputStream(Files.newInputStream(log), BLOCK_BYTES)) {
      long blockAt = 0;
      byte[] block = in.readNBytes(BLOCK_BYTES);
      while (block.length > 0) {
        int bad = firstBad(block);
        if (bad >= 0) {
          throw new StoreOpenException(
              "the data folder "
                  + folder
                  + " is damaged: "
                  + log.getFileName()
                  + " has a bad record at "
                  + (blockAt + bad),
              null);
        }
        if (bad == STOP) {
          return;
        }
        blockAt += block.length;
        block = in.readNBytes(BLOCK_BYTES);
      }
    }
  }

  /** Where the bad record begins; NONE; or STOP if the engine will not read beyond this block. */
  private static int firstBad(byte[] block) {
    int at = 0;
    while (block.length - at >= HEADER_BYTES) {
      if (isOfRecycledFile(block[at + 6])) {
        return at;
      }
      int end = endOf(block, at);
      if (end > block.length && (isFollowed(block, at) || isWhole(block, at, block.length))) {
        return at;
      }
      if (end > block.length || !isWhole(block, at, end)) {
        return STOP;
      }
      at = end;
    }
    return NONE;
  }

  /** Whether whole records lie somewhere behind, and fill the block to its end. */
  private static boolean isFollowed(byte[] block, int at) {
    for (int start = at + 1; block.length - start >= HEADER_BYTES; start++) {
      int next = start;
      while (block.length - next >= HEADER_BYTES && isWhole(block, next, endOf(block, next))) {
        next = endOf(block, next);
      }
      if (next > start && block.length - next < HEADER_BYTES) {
        return true;
      }
    }
    return false;
  }

  private static int endOf(byte[] block, int at) {
    return at + HEADER_BYTES + (block[at + 4] & 0xff) + 256 * (block[at + 5] & 0xff);
  }

  private static boolean isWhole(byte[] block, int at, int end) {
    if (end > block.length || block[at + 6] == 0) {
      return false;
    }
    CRC32C sum = new CRC32C();
    sum.update(block, at + 6, end - at - 6);
    int masked = Integer.rotateRight((int) sum.getValue(), 15) + MASK_DELTA;
    return masked == ByteBuffer.wrap(block).order(ByteOrder.LITTLE_ENDIAN).getInt(at);
  }

  private static boolean isOfRecycledFile(int type) {
    return (type >= 5 && type <= 8) || type == 11 || type == 13;
  }
}
