package dev.dormouse.server.host.rows;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.storage.rows.ActorRow;
import dev.dormouse.storage.rows.AutoRepliesRow;
import dev.dormouse.storage.rows.InboxRow;
import dev.dormouse.storage.rows.OutboxRow;
import dev.dormouse.storage.rows.RequestRow;
import dev.dormouse.storage.rows.Table;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The key of a row of one actor; keys are ordered as the store orders rows. */
public record RowKey(Table table, byte[] bytes) implements Comparable<RowKey> {
  /** The key of an actor's own row. */
  public static final RowKey ACTOR = new RowKey(Table.ACTOR, ActorRow.KEY);

  /** The key of the row of an actor's automatic replies. */
  public static final RowKey AUTO_REPLIES = new RowKey(Table.ACTOR, AutoRepliesRow.key());

  /** Returns the key of a connection's row. */
  public static RowKey connection(ConnectionId id) {
    return new RowKey(Table.CONNECTION, ByteBuffer.allocate(8).putLong(id.value()).array());
  }

  /** Returns the key of the row of an answered request. */
  public static RowKey request(long request) {
    return new RowKey(Table.REQUEST, RequestRow.key(request));
  }

  /** Returns the key of the row of a call that the actor has told. */
  public static RowKey outbox(long epoch, long number) {
    return new RowKey(Table.OUTBOX, OutboxRow.key(epoch, number));
  }

  /** Returns the key of the row of the last call of a sender that took effect in the actor. */
  public static RowKey inbox(ActorId sender) {
    return new RowKey(Table.INBOX, InboxRow.key(sender));
  }

  /**
   * Encodes a text in UTF-8.
   *
   * @param what the name of the text in the exception's message
   * @throws IllegalArgumentException if the text has an unpaired surrogate, which UTF-8 cannot
   *     encode: different texts would get the same bytes
   */
  public static byte[] utf8(String what, String text) {
    try {
      ByteBuffer bytes = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
      byte[] encoded = new byte[bytes.remaining()];
      bytes.get(encoded);
      return encoded;
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException(what + " has an unpaired surrogate", e);
    }
  }

  /** Returns the connection of a key of {@link Table#CONNECTION}. */
  public static ConnectionId connection(byte[] key) {
    return new ConnectionId(ByteBuffer.wrap(key).getLong());
  }

  @Override
  public int compareTo(RowKey other) {
    int byTable = table.compareTo(other.table);
    return byTable != 0 ? byTable : Arrays.compareUnsigned(bytes, other.bytes);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof RowKey that && compareTo(that) == 0;
  }

  @Override
  public int hashCode() {
    return 31 * table.hashCode() + Arrays.hashCode(bytes);
  }
}
