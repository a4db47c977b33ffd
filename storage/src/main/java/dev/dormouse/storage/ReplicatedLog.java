package dev.dormouse.storage;

import dev.dormouse.storage.rows.ClockMark;
import dev.dormouse.storage.rows.Table;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * A log of writes for each group of shards, which a majority of the cluster's nodes keeps. The
 * owner of a group appends to its log, and every node applies the same entries in the same order to
 * its own {@link Machine}.
 *
 * <p>Any thread may call every method. No method blocks but {@link #close}.
 */
public interface ReplicatedLog extends AutoCloseable {

  /** The most bytes of an entry. */
  int ENTRY_BYTES_MAX = 32 << 20;

  /** Begins to apply entries to the machine, and to stand for the ownership of groups. */
  void start();

  /**
   * Appends an entry. The entries of one ownership take effect in the order of the calls. The stage
   * never completes exceptionally, but
   *
   * <ul>
   *   <li>in {@link CommitResult.Done} if a majority has the entry and this node has applied it,
   *   <li>in {@link CommitResult.Fenced} if this node does not own the group by that ownership, so
   *       that the entry was not appended, or if it was appended and no node applies it,
   *   <li>in {@link CommitResult.Refused} if the entry was certainly not appended,
   *   <li>in {@link CommitResult.Unknown} if none of these is known.
   * </ul>
   *
   * <p>After the first that is {@code Unknown} so are all that wait. The ownership has ended, and
   * {@link Machine#onLost} has been told before, so that nobody answers in its name.
   */
  CompletionStage<CommitResult> submit(Ownership ownership, Entry entry);

  /**
   * Confirms that this node owns the group by that ownership, and owned it when this method was
   * called. Ends like {@link #submit}.
   */
  CompletionStage<CommitResult> confirm(Ownership ownership);

  /** Returns the name of the node that owns a group, as far as this node knows; null if none. */
  @Nullable Owner owner(int group);

  /** Stops; what waits ends in {@link CommitResult.Unknown}. Idempotent. */
  @Override
  void close();

  /**
   * The owner of a group.
   *
   * @param node the name of the node
   * @param epoch the epoch of its ownership
   */
  record Owner(String node, long epoch) {}

  /**
   * An ownership of a group by this node.
   *
   * @param group the group
   * @param epoch the epoch, in which no other node owns the group
   * @param number tells two ownerships of one epoch apart
   */
  record Ownership(int group, long epoch, long number) {}

  /**
   * An entry of the log: bytes that are written, and no events that are run.
   *
   * <p>Bytes: format (1), epoch (8), 1 and the mark (24) or 0, the cluster's id, number of writes
   * (4), and for each write the table's code (1), key, value and end. The id and each of these is a
   * length (4) and bytes; the length of what is missing is -1.
   *
   * @param epoch the epoch of the ownership that appends the entry
   * @param writes the writes in the order in which they take effect
   * @param mark a mark of the group's running clock to keep; null if there is none
   * @param cluster an id for the cluster, which every node keeps if it knows none; null if there is
   *     none
   */
  record Entry(
      long epoch, List<StoredWrite> writes, @Nullable ClockMark mark, @Nullable String cluster) {
    /** The format that this version writes, and the only one that it reads. */
    public static final int FORMAT = 1;

    private static final int HEAD_BYTES = 1 + Long.BYTES + 1 + 2 * Integer.BYTES;
    private static final int MARK_BYTES = 24;
    private static final int WRITE_BYTES = 1 + 3 * Integer.BYTES;

    /** Creates an entry that has no id for the cluster. */
    public Entry(long epoch, List<StoredWrite> writes, @Nullable ClockMark mark) {
      this(epoch, writes, mark, null);
    }

    /** Returns the number of bytes that {@link #encode} returns. */
    public long bytes() {
      long bytes = (long) HEAD_BYTES + (mark == null ? 0 : MARK_BYTES) + length(clusterBytes());
      for (StoredWrite write : writes) {
        bytes += (long) WRITE_BYTES + write.key().length;
        bytes += (long) length(write.value()) + length(write.end());
      }
      return bytes;
    }

    private byte @Nullable [] clusterBytes() {
      return cluster == null ? null : cluster.getBytes(StandardCharsets.UTF_8);
    }

    private static int length(byte @Nullable [] bytes) {
      return bytes == null ? 0 : bytes.length;
    }

    /**
     * Returns the bytes of the entry.
     *
     * @throws ArithmeticException if there are more than an array may have
     */
    public byte[] encode() {
      ByteBuffer out = ByteBuffer.allocate(Math.toIntExact(bytes()));
      out.put((byte) FORMAT).putLong(epoch).put((byte) (mark == null ? 0 : 1));
      if (mark != null) {
        out.put(mark.encode());
      }
      put(out, clusterBytes());
      out.putInt(writes.size());
      for (StoredWrite write : writes) {
        out.put(write.table().code());
        put(out, write.key());
        put(out, write.value());
        put(out, write.end());
      }
      return out.array();
    }

    private static void put(ByteBuffer out, byte @Nullable [] bytes) {
      out.putInt(bytes == null ? -1 : bytes.length);
      if (bytes != null) {
        out.put(bytes);
      }
    }

    /**
     * Reads the bytes that {@link #encode} wrote.
     *
     * @throws IllegalArgumentException if the bytes are no entry, or one of another format
     */
    public static Entry decode(ByteBuffer in) {
      try {
        int format = in.get();
        if (format != FORMAT) {
          throw new IllegalArgumentException(
              "an entry has format "
                  + format
                  + ", and this version reads format "
                  + FORMAT
                  + "; start this node with the version of the other nodes");
        }
        long epoch = in.getLong();
        ClockMark mark = null;
        if (in.get() != 0) {
          byte[] bytes = new byte[MARK_BYTES];
          in.get(bytes);
          mark = ClockMark.decode(bytes);
        }
        byte[] id = bytes(in);
        String cluster = id == null ? null : new String(id, StandardCharsets.UTF_8);
        int count = in.getInt();
        if (count < 0 || count > in.remaining() / WRITE_BYTES) {
          throw new IllegalArgumentException("an entry says it has " + count + " writes");
        }
        List<StoredWrite> writes = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
          Table table = tableOf(in.get());
          byte[] key = bytes(in);
          if (key == null) {
            throw new IllegalArgumentException("a write of an entry has no key");
          }
          writes.add(new StoredWrite(table, key, bytes(in), bytes(in)));
        }
        if (in.hasRemaining()) {
          throw new IllegalArgumentException("an entry has bytes behind its end");
        }
        return new Entry(epoch, writes, mark, cluster);
      } catch (BufferUnderflowException e) {
        throw new IllegalArgumentException("an entry is cut short", e);
      }
    }

    private static byte @Nullable [] bytes(ByteBuffer in) {
      int length = in.getInt();
      if (length == -1) {
        return null;
      }
      if (length < 0 || length > in.remaining()) {
        throw new BufferUnderflowException();
      }
      byte[] bytes = new byte[length];
      in.get(bytes);
      return bytes;
    }

    private static Table tableOf(byte code) {
      for (Table table : Table.values()) {
        if (table.code() == code) {
          return table;
        }
      }
      throw new IllegalArgumentException("an entry writes to a table with the code " + code);
    }
  }

  /**
   * An entry that a majority has.
   *
   * @param index its place in the log of the group
   * @param epoch the epoch in which it was appended, as the log knows it
   * @param entry the entry
   */
  record Committed(long index, long epoch, Entry entry) {}

  /**
   * What the entries are applied to. The log calls {@link #applied}, {@link #apply}, {@link #save}
   * and {@link #load} for one group by one thread at a time, and {@link #onOwned} and {@link
   * #onLost} for all groups by one thread, in the order in which they happened.
   */
  interface Machine {
    /** Returns the id of the cluster; null while this node does not know it. Any thread. */
    @Nullable String cluster();

    /** Returns the index of the entry of a group that was applied last; 0 if there is none. */
    long applied(int group);

    /**
     * Applies entries, all or none, together with the index of the last one. An entry whose own
     * epoch is not the log's changes nothing and is fenced.
     *
     * @return a result for each entry
     * @throws RuntimeException if the entries cannot be applied; the process must end then
     */
    List<CommitResult> apply(int group, List<Committed> entries);

    /** Hears that this node owns a group, and has applied all that earlier owners committed. */
    void onOwned(Ownership ownership);

    /**
     * Ends in good order what is done under an ownership that is about to be handed to another
     * node. Any thread may call this method.
     *
     * @return completes when nothing is under way, or cannot be waited for any longer
     */
    default CompletionStage<Void> leave(Ownership ownership) {
      return CompletableFuture.completedStage(null);
    }

    /** Hears that an ownership has ended, of which {@link #onOwned} was told. */
    void onLost(Ownership ownership, String why);

    /** Holds on to the state of a group as it is now, until what is returned is closed. */
    Saving save(int group);

    /**
     * Checks files that {@link Saving#write} wrote, perhaps on another node. Any thread.
     *
     * @throws RuntimeException if the files are damaged or cannot be read
     */
    void check(int group, Path folder);

    /**
     * Takes the state of a group from files that {@link Saving#write} wrote, perhaps on another
     * node, in place of its own, unless its own is as late.
     *
     * @param index the index of the last entry that is in the files
     * @throws RuntimeException if the files are damaged or cannot be taken
     */
    void load(int group, Path folder, long index);
  }

  /** A state of a group that is held while entries go on to be applied. One thread at a time. */
  interface Saving extends AutoCloseable {
    /**
     * Writes the state into files of a folder that is there and empty. What was applied until then
     * is on the disk when this method returns, since the log is cut after it.
     *
     * @throws RuntimeException if the files cannot be written, or the store is being closed
     */
    void write(Path folder);

    /** Lets the state go. */
    @Override
    void close();
  }
}
