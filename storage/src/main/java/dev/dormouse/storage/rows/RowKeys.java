package dev.dormouse.storage.rows;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.storage.codec.StableHash;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * The stored keys of rows, for a fixed number of shards.
 *
 * <pre>
 * table code (1) · shard (2) · length of type (1) · type · length of key (2) · key · row key
 * </pre>
 *
 * <p>In {@link Table#DUE} the time, which is the head of the row key, stands right after the shard,
 * so that the rows lie in the order of time.
 *
 * <p>Numbers are big-endian. The lengths make the part before the row key prefix-free, so the rows
 * of one actor never lie among those of another, whatever the names are. The shard comes first, so
 * that the rows of a shard lie together and can be handed over together.
 */
public final class RowKeys {
  /** The most shards that two bytes can name. */
  public static final int SHARDS_MAX = 1 << 16;

  private final int shards;

  /**
   * Creates the keys of a folder.
   *
   * @param shards the folder's number of shards, 1 to {@value #SHARDS_MAX}
   */
  public RowKeys(int shards) {
    if (shards < 1 || shards > SHARDS_MAX) {
      throw new IllegalArgumentException(shards + " shards are not 1 to " + SHARDS_MAX);
    }
    this.shards = shards;
  }

  /** Returns the shard of an actor, from 0. */
  public int shardOf(ActorId actor) {
    return shardOf(nameOf(actor));
  }

  private int shardOf(byte[] name) {
    return (int) Long.remainderUnsigned(StableHash.of(name), shards);
  }

  /** Returns an actor's name. A type is ASCII without a slash, so no two ids have one name. */
  private static byte[] nameOf(ActorId actor) {
    return actor.toString().getBytes(StandardCharsets.UTF_8);
  }

  /** Returns the stored key of a row. */
  public byte[] encode(ActorId actor, Table table, byte[] rowKey) {
    byte[] name = nameOf(actor);
    int typeBytes = actor.type().length();
    int keyBytes = name.length - typeBytes - 1;
    int head = table.headBytes();
    return ByteBuffer.allocate(1 + 2 + 1 + typeBytes + 2 + keyBytes + rowKey.length)
        .put(table.code())
        .putShort((short) shardOf(name))
        .put(rowKey, 0, head)
        .put((byte) typeBytes)
        .put(name, 0, typeBytes)
        .putShort((short) keyBytes)
        .put(name, typeBytes + 1, keyBytes)
        .put(rowKey, head, rowKey.length - head)
        .array();
  }

  /**
   * Returns the stored keys of a span of an actor's rows.
   *
   * @throws IllegalArgumentException if the rows of the table do not lie by actor
   */
  public StoredSpan encode(ActorId actor, Table table, KeySpan span) {
    if (table.headBytes() > 0) {
      throw new IllegalArgumentException("the rows of table " + table + " do not lie by actor");
    }
    byte[] from = encode(actor, table, span.from());
    byte[] to = span.to() == null ? endOf(actor, table) : encode(actor, table, span.to());
    return new StoredSpan(from, to, from.length - span.from().length);
  }

  /** Returns the least stored key of an alarm of a shard that is due at a time or later. */
  static byte[] due(int shard, DueClock clock, long ms) {
    return ByteBuffer.allocate(1 + 2 + DueAlarm.TIME_BYTES)
        .put(Table.DUE.code())
        .putShort((short) shard)
        .put(clock.code())
        .putLong(ms)
        .array();
  }

  /** Returns the least stored key that is greater than those of all alarms of a shard and clock. */
  public static byte[] endOfDue(int shard, DueClock clock) {
    return endOf(Arrays.copyOf(due(shard, clock, 0), 1 + 2 + 1));
  }

  /** Returns the least stored key of a table that is greater than those of a shard. */
  static byte[] afterShard(Table table, int shard) {
    return endOf(beforeShard(table, shard));
  }

  /**
   * Returns the stored keys of all rows that a table has of a range of shards.
   *
   * @param first the first shard
   * @param end the shard after the last one
   */
  public static StoredSpan ofShards(Table table, int first, int end) {
    return new StoredSpan(
        beforeShard(table, first), end == SHARDS_MAX ? endOf(table) : beforeShard(table, end), 0);
  }

  private static byte[] beforeShard(Table table, int shard) {
    return new byte[] {table.code(), (byte) (shard >> 8), (byte) shard};
  }

  /** Returns the number of shards. */
  public int shards() {
    return shards;
  }

  /** Returns the least stored key of a table that is greater than those of an actor. */
  public byte[] endOf(ActorId actor, Table table) {
    return endOf(encode(actor, table, new byte[0]));
  }

  /** Returns the least stored key that is greater than those of a table. */
  public static byte[] endOf(Table table) {
    return endOf(new byte[] {table.code()});
  }

  private static byte[] endOf(byte[] prefix) {
    byte[] end = KeySpan.endOf(prefix);
    if (end == null) {
      throw new AssertionError("a table's code is less than 0xff");
    }
    return end;
  }

  /**
   * Reads the actor and the row key from a stored key.
   *
   * @throws CorruptRowException if no row of the table can have the key; the message shows it in
   *     hex
   */
  public Place decode(Table table, byte[] storedKey) {
    ByteBuffer in = ByteBuffer.wrap(storedKey);
    try {
      byte code = in.get();
      int shard = in.getShort() & 0xffff;
      byte[] head = new byte[table.headBytes()];
      in.get(head);
      ActorId actor = new ActorId(text(in, in.get() & 0xff), text(in, in.getShort() & 0xffff));
      byte[] rowKey = Arrays.copyOf(head, head.length + in.remaining());
      in.get(rowKey, head.length, in.remaining());
      if (code == table.code() && shard == shardOf(actor)) {
        return new Place(actor, rowKey);
      }
    } catch (BufferUnderflowException | IllegalArgumentException e) {
      throw new CorruptRowException(unreadable(table, storedKey), e);
    }
    throw new CorruptRowException(unreadable(table, storedKey), null);
  }

  /**
   * Reads a text of UTF-8. It allocates nothing before it knows that there are enough bytes.
   *
   * @throws BufferUnderflowException if there are fewer bytes
   */
  static String text(ByteBuffer in, int length) {
    if (length > in.remaining()) {
      throw new BufferUnderflowException();
    }
    byte[] bytes = new byte[length];
    in.get(bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private static String unreadable(Table table, byte[] storedKey) {
    return "table " + table + " has a row under a key that no row can have: " + hex(storedKey);
  }

  /** Returns a key in hexadecimal digits, for messages. */
  public static String hex(byte[] key) {
    return HexFormat.of().formatHex(key);
  }

  /**
   * A span of stored keys in one table.
   *
   * @param from the least key, inclusive
   * @param to the end, exclusive
   * @param rowKeyAt how many bytes of each stored key stand before the row key
   */
  @SuppressWarnings("ArrayRecordComponent") // nobody compares them
  public record StoredSpan(byte[] from, byte[] to, int rowKeyAt) {

    /** Returns whether no key can be in this span. */
    public boolean isEmpty() {
      return Arrays.compareUnsigned(from, to) >= 0;
    }
  }

  /**
   * The place of a row: its actor and its key.
   *
   * @param actor the actor
   * @param rowKey the key within actor and table
   */
  @SuppressWarnings("ArrayRecordComponent") // nobody compares them
  public record Place(ActorId actor, byte[] rowKey) {}
}
