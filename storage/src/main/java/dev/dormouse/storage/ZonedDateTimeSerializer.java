package dev.dormouse.storage;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;

/**
 * Writes the instant and the zone. Kryo's own writes the local time, which stands for two instants
 * in the hour when clocks are put back.
 */
final class ZonedDateTimeSerializer extends Serializer<ZonedDateTime> {

  ZonedDateTimeSerializer() {
    super(false, true);
  }

  @Override
  public void write(Kryo kryo, Output out, ZonedDateTime time) {
    out.writeVarLong(time.toEpochSecond(), false);
    out.writeVarInt(time.getNano(), true);
    out.writeString(time.getZone().getId());
  }

  @Override
  public ZonedDateTime read(Kryo kryo, Input in, Class<? extends ZonedDateTime> type) {
    Instant instant = Instant.ofEpochSecond(in.readVarLong(false), in.readVarInt(true));
    return instant.atZone(ZoneId.of(in.readString()));
  }
}
