package dev.dormouse.storage;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import dev.dormouse.sdk.StoredValueException;
import java.util.EnumSet;

/** Writes a set of constants as the enum's class, their number and their names. */
@SuppressWarnings({"unchecked", "rawtypes"}) // the enum is known at run time only
final class EnumSetSerializer extends Serializer<EnumSet> {

  @Override
  public void write(Kryo kryo, Output out, EnumSet set) {
    // A set does not tell its enum, but of it and its complement one has an element that does.
    EnumSet some = set.isEmpty() ? EnumSet.complementOf(set) : set;
    if (some.isEmpty()) {
      throw new StoredValueException("a set of an enum without constants cannot be stored", null);
    }
    kryo.writeClass(out, ((Enum<?>) some.iterator().next()).getDeclaringClass());
    out.writeVarInt(set.size(), true);
    for (Object constant : set) {
      out.writeString(((Enum<?>) constant).name());
    }
  }

  @Override
  public EnumSet read(Kryo kryo, Input input, Class<? extends EnumSet> type) {
    EnumSerializer constants = EnumSerializer.ofClassIn(kryo, input);
    int count = ((ValueInput) input).readCount();
    EnumSet set = EnumSet.noneOf((Class) constants.type());
    for (int i = 0; i < count; i++) {
      set.add(constants.read(input));
    }
    return set;
  }
}
