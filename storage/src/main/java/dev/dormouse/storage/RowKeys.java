package dev.dormouse.storage;

import dev.dormouse.sdk.ActorId;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * The keys under which rows are stored.
 *
 * <pre>
 * table code (1) · shard (2) · length of type (1) · type · length of key (2) · key · row key
 * </pre>
 *
 * <p>Of {@link Table#DUE}, the part of the row key that says when stands behind the shard: its rows
 * lie in the order of time.
 *
 * <p>Numbers are big-endian. The lengths make what comes before the row key prefix-free: no actor's
 * rows can lie among another's, whatever the two are called. The shard comes first so that the rows
 * of a shard lie together and can be handed over with it.
 */
final class RowKeys {
  /** The most shards that two bytes can name. */
  static final int SHARDS_MAX = 1 << 16;

  private final int shards;

  /** Of a folder with so many shards, 1 to {@value #SHARDS_MAX}. */
  RowKeys(int shards) {
    if (shards < 1 || shards > SHARDS_MAX) {
      throw new IllegalArgumentException(shards + " shards are not 1 to " + SHARDS_MAX);
    }
    this.shards = shards;
  }

  /** Which shard an actor belongs to. */
  int shardOf(ActorId actor) {
    return shardOf(nameOf(actor));
  }

  private int shardOf(byte[] name) {
    return (int) Long.remainderUnsigned(StableHash.of(name), shards);
  }

  /** A type is ASCII and has no slash, so no two ids have the same name. */
  private static byte[] nameOf(ActorId actor) {
    return actor.toString().getBytes(StandardCharsets.UTF_8);
  }

  /** The stored key of a row. */
  byte[] encode(ActorId actor, Table table, byte[] rowKey) {
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
   * The stored keys of a span of an actor's rows.
   *
   * @throws IllegalArgumentException if the rows of the table do not lie by actor
   */
  StoredSpan encode(ActorId actor, Table table, KeySpan span) {
    if (table.headBytes() > 0) {
      throw new IllegalArgumentException("the rows of table " + table + " do not lie by actor");
    }
    byte[] from = encode(actor, table, span.from());
    byte[] to = span.to() == null ? endOf(actor, table) : encode(actor, table, span.to());
    return new StoredSpan(from, to, from.length - span.from().length);
  }

  /** The least stored key of an alarm that is due at this time or later. */
  static byte[] due(int shard, DueClock clock, long ms) {
    return ByteBuffer.allocate(1 + 2 + DueAlarm.TIME_BYTES)
        .put(Table.DUE.code())
        .putShort((short) shard)
        .put(clock.code())
        .putLong(ms)
        .array();
  }

  /** The least stored key that is greater than those of all alarms of a shard and clock. */
  static byte[] endOfDue(int shard, DueClock clock) {
    return endOf(Arrays.copyOf(due(shard, clock, 0), 1 + 2 + 1));
  }

  /** The least stored key of a table that is greater than every row of a shard. */
  static byte[] afterShard(Table table, int shard) {
    return endOf(new byte[] {table.code(), (byte) (shard >> 8), (byte) shard});
  }

  /** How many shards there are. */
  int shards() {
    return shards;
  }

  /** The least stored key of a table that is greater than every row of an actor. */
  byte[] endOf(ActorId actor, Table table) {
    return endOf(encode(actor, table, new byte[0]));
  }

  /** The least stored key that is greater than every row of a table. */
  static byte[] endOf(Table table) {
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
   * Whose row a stored key is, and which.
   *
   * @throws CorruptRowException if no row of this table and this number of shards has such a key
   */
  Place decode(Table table, byte[] storedKey) {
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

  /** So many bytes of UTF-8; nothing of that size is made before it is known that there are. */
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

  /** How keys are shown in messages. */
  static String hex(byte[] key) {
    return HexFormat.of().formatHex(key);
  }

  /**
   * Stored keys that lie together.
   *
   * @param from the least
   * @param to the one that ends them, left out
   * @param rowKeyAt how many bytes of each stand before the row key
   */
  @SuppressWarnings("ArrayRecordComponent") // nobody compares them
  record StoredSpan(byte[] from, byte[] to, int rowKeyAt) {
    boolean isEmpty() {
      return Arrays.compareUnsigned(from, to) >= 0;
    }
  }

  /**
   * Whose row it is, and which.
   *
   * @param actor the actor
   * @param rowKey the key within actor and table
   */
  @SuppressWarnings("ArrayRecordComponent") // nobody compares them
  record Place(ActorId actor, byte[] rowKey) {}
}
