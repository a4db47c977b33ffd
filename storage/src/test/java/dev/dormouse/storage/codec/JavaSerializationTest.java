package dev.dormouse.storage.codec;

import static org.assertj.core.api.Assertions.assertThat;

import com.esotericsoftware.kryo.DefaultSerializer;
import com.esotericsoftware.kryo.serializers.JavaSerializer;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Checks that Java's own serialization, which makes objects of whatever class the bytes name, has
 * no place here.
 */
class JavaSerializationTest {

  /** Asks Kryo for Java's serialization, in vain. */
  @DefaultSerializer(JavaSerializer.class)
  static final class Asking implements Serializable {
    private static final long serialVersionUID = 1L;
    private static int javaCalls;

    int number;

    private void writeObject(ObjectOutputStream out) throws IOException {
      javaCalls++;
      out.defaultWriteObject();
    }

    private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
      javaCalls++;
      in.defaultReadObject();
    }

    private Object readResolve() {
      javaCalls++;
      return this;
    }
  }

  @Test
  void aClassThatAsksForItIsStoredByItsFieldsAllTheSame() {
    ValueCodec codec = Codecs.kryo(List.of(Asking.class));
    Asking asking = new Asking();
    asking.number = 7;

    Asking read = codec.decode(codec.encode(asking, 1_000), Asking.class);

    assertThat(read.number).isEqualTo(7);
    assertThat(Asking.javaCalls).isZero();
  }
}
