package dev.dormouse.testkit;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.storage.ActorStore.Row;
import dev.dormouse.storage.codec.ValueCodec;
import dev.dormouse.storage.rows.ConnectionRow;
import dev.dormouse.storage.rows.KeySpan;
import dev.dormouse.storage.rows.Table;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Describes what an actor has stored, in text. */
final class StoredPicture {
  private static final int ROWS_MAX = 10_000;

  private StoredPicture() {}

  static String of(MemoryNode node, ActorId actor, ValueCodec codec) {
    StringBuilder picture = new StringBuilder();
    for (Row row : node.store.scan(actor, Table.VALUE, KeySpan.all(), ROWS_MAX)) {
      String key = new String(row.key(), StandardCharsets.UTF_8);
      picture.append("  value ").append(key).append(" = ");
      picture.append(described(codec, row.value())).append('\n');
    }
    node.host
        .alarms(actor)
        .forEach(
            alarm ->
                picture
                    .append("  alarm ")
                    .append(alarm.name())
                    .append(" at ")
                    .append(alarm.due())
                    .append('\n'));
    for (Row row : node.store.scan(actor, Table.CONNECTION, KeySpan.all(), ROWS_MAX)) {
      byte[] value = row.value();
      if (value != null) {
        ConnectionRow connection = ConnectionRow.decode(value);
        picture
            .append("  connection ")
            .append(new ConnectionId(ByteBuffer.wrap(row.key()).getLong()))
            .append(" tagged ")
            .append(connection.tags())
            .append(" with ")
            .append(described(codec, connection.attachment()))
            .append('\n');
      }
    }
    return picture.toString();
  }

  private static String described(ValueCodec codec, byte @Nullable [] bytes) {
    return bytes == null ? "nothing" : String.valueOf(codec.describe(bytes));
  }
}
