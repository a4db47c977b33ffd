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
 * Looks through the engine's logs before it opens them, for damage that RocksDB 11.8.1 does not
 * refuse, or does not lay at the right file's door, though a single flipped bit can be the cause;
 * and cuts a damaged log when an operator asks for it.
 *
 * <p>A file is a sequence of blocks of 32 KiB, a block one of records: masked CRC32C of the type
 * and what follows (4), length (2), type (1), all little-endian, and so many bytes. Fewer than
 * seven bytes at the end of a block are filling. What does not fit into a block is written as
 * several records: a first one and middle ones, which fill their blocks, and a last one.
 *
 * <p><b>A log that ends in half a record</b> is what a process leaves that died while it wrote. The
 * engine drops that half, which nobody was told is kept. <b>A flipped bit in a length</b> can look
 * the same, and then the engine would drop what was kept. The two are told apart by what the engine
 * itself wrote, never by a search among the bytes of a record: those are chosen by clients.
 *
 * <ul>
 *   <li>A first or middle record reaches exactly to the end of its block. In a block that is whole,
 *       no record reaches beyond its end.
 *   <li>A record of a log of writes holds a batch, which says how many writes it has and how long
 *       each is. If all of them are there, the record is not half.
 *   <li>If the first bytes of a manifest's record fit its sum, and whole records follow them up to
 *       the end, the record is not half. (A manifest's record does not say where it ends. Its sum
 *       is over random numbers too, so that nobody can choose a key that makes it fit.)
 * </ul>
 *
 * <p>Two more kinds of damage are found: {@code CURRENT} names no manifest, or one that is not
 * there; and a record's type turns into that of a recycled file, which the engine reads again and
 * again for ever. We do not recycle files, so there is no such record. All other damage is left to
 * the engine, which refuses it.
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

  /** How a log ends, as far as it can be followed from record to record. */
  private enum End {
    /** Behind a record. */
    WHOLE,
    /** In half a record, as a process leaves it that died. */
    CUT_SHORT,
    /** At a record whose sum does not fit: the engine refuses it. */
    SUM_WRONG,
    /** At a record that is damaged in a way that the engine does not notice. */
    DAMAGED
  }

  /**
   * What was found in a log.
   *
   * @param at where the record begins that it ends at
   * @param bytes the length of the file
   * @param lastWrite the number of the last write that is whole, in a log of writes; 0 if none is
   */
  private record Found(End end, long at, long bytes, long lastWrite) {}

  private EngineLogs() {}

  /**
   * Looks through the files of a folder, if there are any.
   *
   * @return a sentence about each log of writes that ends in half a record
   * @throws StoreOpenException if one is damaged in a way that the engine would not notice
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

  /** Which log of writes the engine refuses, and what to do about it; null if there is none. */
  static @Nullable String refusedLog(Path folder) {
    try {
      for (Path log : logsIn(folder)) {
        Found found = isOfWrites(log) ? lookThrough(log) : null;
        if (found != null && found.end() == End.SUM_WRONG) {
          return nameOf(log) + badAt(found) + REMEDY;
        }
      }
    } catch (IOException e) {
      // the engine's own words have to do
    }
    return null;
  }

  /** The number of the last write that a log has; 0 if none has any. */
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
   * Cuts the first log of writes that is damaged at the place of the damage, and takes all later
   * ones away, since what they hold was built on what is lost. All of them are kept in another
   * folder as they were.
   *
   * @param aside the folder to make for them, if there is damage
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
   * Whether a record is whole, or how the log ends with it.
   *
   * @param batch what the records before it have of the same batch; null in a manifest
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

  /** Whether a record is whole with some smaller length, and all behind it is whole too. */
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
   * Follows a batch of writes from one length to the next, without looking at what lies between: a
   * number (8) and how many writes it has (4), and for each a type (1), for some the number of its
   * table, and one or two byte strings, each behind its length. Numbers of tables and lengths have
   * seven bits a byte, the low ones first.
   */
  private static final class BatchShape {
    private static final int HEAD_BYTES = 12;

    private int headLeft = HEAD_BYTES;
    private long firstWrite;
    private long writesLeft;
    private long writes;

    /** Of the write at hand: how many numbers of tables and how many byte strings are to come. */
    private int tablesLeft;

    private int stringsLeft;

    /** Of the byte string at hand. */
    private long bytesLeft;

    private long number;
    private int shift;

    /** Whether a type was met that no batch of ours has: then nothing more is known. */
    private boolean isUnknown;

    /**
     * Takes more of it.
     *
     * @return whether all of its writes are there
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

    /** The number of its last write. */
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
