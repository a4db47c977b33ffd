package dev.dormouse.storage;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The examination of the engine's logs before the engine opens them. It finds damage, which a
 * single flipped bit can cause, that RocksDB 11.8.1 does not refuse or blames on the wrong file. It
 * also cuts a damaged log when an operator asks for it.
 *
 * <p>A log is a sequence of blocks of 32 KiB, and a block is a sequence of records. A record is the
 * masked CRC32C of the type and the data (4 bytes), the length of the data (2) and the type (1),
 * all little-endian, then the data. Fewer than seven bytes at the end of a block are padding. Data
 * that does not fit into a block is several records: a first one and middle ones, which fill their
 * blocks, and a last one.
 *
 * <p><b>A log that ends in half a record</b> is left by a process that died while it wrote. The
 * engine drops that half, and no client was told that it is kept. <b>A flipped bit in a length</b>
 * can look the same, and then the engine would drop data that was kept. The two are told apart by
 * what the engine itself wrote, never by a search among the bytes of a record, because clients
 * choose those.
 *
 * <ul>
 *   <li>A first or middle record reaches exactly to the end of its block. In a block that is whole,
 *       no record reaches beyond its end.
 *   <li>A record of a log of writes holds a batch, which says how many writes it has and how long
 *       each of them is. If all of them are there, the record is not half.
 *   <li>If the first bytes of a manifest's record fit its checksum, and whole records follow them
 *       up to the end, the record is not half. A manifest's record does not say where it ends. Its
 *       checksum also covers random numbers, so nobody can choose a key that makes it fit.
 * </ul>
 *
 * <p>Two more kinds of damage are found. {@code CURRENT} may name no manifest, or one that does not
 * exist. And a record's type may have become that of a recycled file, which the engine would read
 * again and again for ever; the store recycles no files, so no such record is right. All other
 * damage is left to the engine, which refuses it.
 */
final class EngineLogs {
  private static final Pattern CURRENT = Pattern.compile("(?<manifest>MANIFEST-[0-9]{6,20})\n");
  private static final String LOG = ".log";
  private static final int BLOCK_BYTES = 32 << 10;
  private static final int HEADER_BYTES = 7;
  private static final int MASK_DELTA = 0xa282ead8;

  static final String REMEDY =
      "; restore a backup, or run the command 'salvage', which gives up all that was written from"
          + " there on";

  private static final int FULL = 1;
  private static final int FIRST = 2;
  private static final int MIDDLE = 3;
  private static final int LAST = 4;

  /** The way in which a log ends, as far as it can be followed from record to record. */
  private enum End {
    /** The log ends after a whole record. */
    WHOLE,
    /** The log ends in half a record, as a process leaves it that died. */
    CUT_SHORT,
    /** A record has a wrong checksum, which the engine refuses. */
    SUM_WRONG,
    /** A record is damaged in a way that the engine does not notice. */
    DAMAGED
  }

  /**
   * The result of the examination of a log.
   *
   * @param end the way in which the log ends
   * @param at the position of the record at which it ends
   * @param bytes the length of the file
   * @param lastWrite the number of the last write that is whole, in a log of writes; 0 if none is
   */
  private record Found(End end, long at, long bytes, long lastWrite) {}

  private EngineLogs() {}

  /**
   * Examines the logs of an engine's folder, if there are any.
   *
   * @return a sentence about each log of writes that ends in half a record
   * @throws StoreOpenException if a log is damaged in a way that the engine would not notice
   */
  static List<String> check(Path folder) {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    List<String> cutShort = new ArrayList<>();
    try {
      checkCurrent(folder);
      for (Path log : logsIn(folder)) {
        Found found = lookThrough(log);
        if (found.end() == End.DAMAGED) {
          throw new StoreOpenException(
              "the data folder "
                  + folder
                  + " is damaged: "
                  + nameOf(log)
                  + badAt(found)
                  + (isOfWrites(log) ? REMEDY : ""),
              null);
        }
        if (found.end() == End.CUT_SHORT && isOfWrites(log)) {
          cutShort.add(
              "%s ends in half a record at %s, as after a crash: its %s bytes are dropped"
                  .formatted(nameOf(log), found.at(), found.bytes() - found.at()));
        }
      }
    } catch (IOException e) {
      throw new StoreOpenException(
          "the data folder " + folder + " cannot be read: " + e.getMessage(), e);
    }
    return cutShort;
  }

  /**
   * Names a log of writes that the engine refuses, with the remedy; returns null if there is none.
   */
  static @Nullable String refusedLog(Path folder) {
    try {
      for (Path log : logsIn(folder)) {
        Found found = isOfWrites(log) ? lookThrough(log) : null;
        if (found != null && found.end() == End.SUM_WRONG) {
          return nameOf(log) + badAt(found) + REMEDY;
        }
      }
    } catch (IOException e) {
      // the message has only the engine's own words then
    }
    return null;
  }

  /** Returns the number of the last write in the logs of a folder; 0 if there is none. */
  static long lastWriteIn(Path folder) throws IOException {
    long last = 0;
    for (Path log : logsIn(folder)) {
      last = isOfWrites(log) ? Math.max(last, lookThrough(log).lastWrite()) : last;
    }
    return last;
  }

  private static String badAt(Found found) {
    return " has a bad record at " + found.at();
  }

  /**
   * Cuts the first damaged log of writes at the damage, and removes all later logs, because their
   * writes build on what is lost. The original files are kept in another folder.
   *
   * @param aside the folder for the original files, which is made if a log is damaged
   * @return a sentence about each log that was cut or taken away; empty if none is damaged
   * @throws IOException if a file cannot be read, copied or cut; then nothing is lost
   */
  static List<String> cut(Path folder, Path aside) throws IOException {
    List<String> done = new ArrayList<>();
    for (Path log : logsIn(folder).stream().filter(EngineLogs::isOfWrites).toList()) {
      Found found = lookThrough(log);
      boolean isDamaged = found.end() == End.DAMAGED || found.end() == End.SUM_WRONG;
      if (done.isEmpty() && !isDamaged) {
        continue;
      }
      Files.createDirectories(aside);
      Path kept = aside.resolve(log.getFileName());
      if (done.isEmpty()) {
        FileTree.copy(log, kept);
        try (FileChannel file = FileChannel.open(log, StandardOpenOption.WRITE)) {
          file.truncate(found.at());
          file.force(true);
        }
        done.add(
            "%s%s: its last %s bytes are given up"
                .formatted(nameOf(log), badAt(found), found.bytes() - found.at()));
      } else {
        Files.move(log, kept);
        done.add("%s is later: its %s bytes are given up".formatted(nameOf(log), found.bytes()));
      }
    }
    return done;
  }

  private static List<Path> logsIn(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> isOfWrites(file) || isManifest(file)).sorted().toList();
    }
  }

  private static String nameOf(Path file) {
    return String.valueOf(file.getFileName());
  }

  private static boolean isOfWrites(Path file) {
    return nameOf(file).endsWith(LOG);
  }

  private static boolean isManifest(Path file) {
    return nameOf(file).startsWith("MANIFEST-");
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

  private static Found lookThrough(Path log) throws IOException {
    boolean isOfWrites = isOfWrites(log);
    try (InputStream in = new BufferedInputStream(Files.newInputStream(log), BLOCK_BYTES)) {
      long bytes = Files.size(log);
      long blockAt = 0;
      long lastWrite = 0;
      BatchShape batch = new BatchShape();
      for (byte[] block = in.readNBytes(BLOCK_BYTES);
          block.length > 0;
          block = in.readNBytes(BLOCK_BYTES)) {
        int at = 0;
        while (block.length - at >= HEADER_BYTES) {
          int type = block[at + 6];
          if (type == FULL || type == FIRST) {
            batch = new BatchShape();
          }
          End end = endAt(block, at, isOfWrites ? batch : null);
          if (end != End.WHOLE) {
            return new Found(end, blockAt + at, bytes, lastWrite);
          }
          int next = endOf(block, at);
          if (batch.take(block, at + HEADER_BYTES, next)) {
            lastWrite = batch.lastWrite();
          }
          at = next;
        }
        if (block.length < BLOCK_BYTES && at < block.length) {
          return new Found(
              End.CUT_SHORT, blockAt + at, bytes, lastWrite); // in the head of a record
        }
        blockAt += block.length;
      }
      return new Found(End.WHOLE, bytes, bytes, lastWrite);
    }
  }

  /**
   * Tells whether a record is whole, or how the log ends at the record.
   *
   * @param batch the part of the batch in the records before; null in a manifest
   */
  private static End endAt(byte[] block, int at, @Nullable BatchShape batch) {
    int type = block[at + 6];
    int end = endOf(block, at);
    if (isOfRecycledFile(type)) {
      return End.DAMAGED;
    }
    if (end <= block.length) {
      return isWhole(block, at, end) ? End.WHOLE : End.SUM_WRONG;
    }
    if (end > BLOCK_BYTES) {
      return End.DAMAGED;
    }
    if (type == FIRST || type == MIDDLE) {
      return end == BLOCK_BYTES ? End.CUT_SHORT : End.DAMAGED;
    }
    if (type != FULL && type != LAST) {
      return End.CUT_SHORT;
    }
    boolean isAllThere =
        batch == null
            ? hasSumOfItsBeginning(block, at)
            : batch.take(block, at + HEADER_BYTES, block.length);
    return isAllThere ? End.DAMAGED : End.CUT_SHORT;
  }

  /** Returns whether a record is whole with a smaller length, and all records after it are too. */
  private static boolean hasSumOfItsBeginning(byte[] block, int at) {
    int sum = sumOf(block, at);
    CRC32C running = new CRC32C();
    running.update(block, at + 6, 1);
    for (int end = at + HEADER_BYTES; ; end++) {
      if (masked(running) == sum && isFilledFrom(block, end)) {
        return true;
      }
      if (end == block.length) {
        return false;
      }
      running.update(block, end, 1);
    }
  }

  private static boolean isFilledFrom(byte[] block, int from) {
    int at = from;
    while (block.length - at >= HEADER_BYTES && isWhole(block, at, endOf(block, at))) {
      at = endOf(block, at);
    }
    return block.length - at < HEADER_BYTES;
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
    return masked(sum) == sumOf(block, at);
  }

  private static int sumOf(byte[] block, int at) {
    return ByteBuffer.wrap(block).order(ByteOrder.LITTLE_ENDIAN).getInt(at);
  }

  private static int masked(CRC32C sum) {
    return Integer.rotateRight((int) sum.getValue(), 15) + MASK_DELTA;
  }

  private static boolean isOfRecycledFile(int type) {
    return (type >= 5 && type <= 8) || type == 11 || type == 13;
  }

  /**
   * A walk over a batch of writes from one length to the next, which ignores the bytes between.
   *
   * <p>A batch is a number (8 bytes) and the count of its writes (4). A write is a type (1), for
   * some types the number of a table, and one or two byte strings, each after its length. Numbers
   * of tables and lengths have seven bits in each byte, the low bits first.
   */
  private static final class BatchShape {
    private static final int HEAD_BYTES = 12;

    private int headLeft = HEAD_BYTES;
    private long firstWrite;
    private long writesLeft;
    private long writes;

    /** The count of table numbers that the current write still has. */
    private int tablesLeft;

    /** The count of byte strings that the current write still has. */
    private int stringsLeft;

    /** The count of bytes that the current byte string still has. */
    private long bytesLeft;

    private long number;
    private int shift;

    /** True after a write of a type that the store never writes: nothing more is known then. */
    private boolean isUnknown;

    /**
     * Walks over more bytes of the batch.
     *
     * @return whether all writes of the batch are there
     */
    boolean take(byte[] bytes, int from, int to) {
      int at = from;
      while (at < to && !isUnknown && !isAllThere()) {
        if (bytesLeft > 0) {
          int skipped = (int) Math.min(bytesLeft, to - at);
          bytesLeft -= skipped;
          at += skipped;
        } else {
          take(bytes[at++]);
        }
      }
      return !isUnknown && isAllThere();
    }

    /** Returns the number of the last write of the batch. */
    long lastWrite() {
      return firstWrite + writes - 1;
    }

    private boolean isAllThere() {
      return headLeft == 0
          && writesLeft == 0
          && tablesLeft == 0
          && stringsLeft == 0
          && bytesLeft == 0;
    }

    private void take(byte next) {
      if (headLeft > 0) {
        headLeft--;
        if (headLeft < Integer.BYTES) {
          writesLeft |= (next & 0xffL) << (Byte.SIZE * (Integer.BYTES - 1 - headLeft));
          writes = writesLeft;
        } else {
          firstWrite |= (next & 0xffL) << (Byte.SIZE * (HEAD_BYTES - 1 - headLeft));
        }
      } else if (tablesLeft == 0 && stringsLeft == 0) {
        begin(next);
      } else {
        number |= (next & 0x7fL) << shift;
        shift += 7;
        if (next >= 0) {
          if (tablesLeft > 0) {
            tablesLeft--;
          } else {
            stringsLeft--;
            bytesLeft = number;
          }
          number = 0;
          shift = 0;
        }
      }
    }

    private void begin(byte type) {
      switch (type) {
        case 0x0 -> begin(1, 0, 1); // a deletion
        case 0x1 -> begin(1, 0, 2); // a value
        case 0x3 -> begin(0, 0, 1); // a remark of the engine's
        case 0x4 -> begin(1, 1, 1); // a deletion in a table
        case 0x5 -> begin(1, 1, 2); // a value in a table
        case 0xE -> begin(1, 1, 2); // a range of a table
        case 0xF -> begin(1, 0, 2); // a range
        default -> isUnknown = true;
      }
    }

    private void begin(int writes, int tables, int strings) {
      writesLeft -= writes;
      tablesLeft = tables;
      stringsLeft = strings;
    }
  }
}
