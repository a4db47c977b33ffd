package dev.dormouse.storage.codec;

import com.esotericsoftware.kryo.KryoException;
import com.esotericsoftware.kryo.io.KryoBufferOverflowException;
import dev.dormouse.sdk.LimitExceededException;
import dev.dormouse.sdk.StoredFields;
import dev.dormouse.sdk.StoredValueException;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The codec that is built on Kryo, with the product's own form of the user's classes.
 *
 * <pre>
 * version (1) · {@link ShapeTable} · class of the value · value
 * </pre>
 *
 * <p>A Kryo is expensive to make and serves one thread at a time. So a call borrows one from a
 * small stock: a thread-local Kryo for each of many virtual threads would fill the heap.
 */
final class KryoCodec implements ValueCodec {
  private static final byte VERSION = 1;
  private static final byte[] NONE = {};
  private static final int STOCK_MAX = 32;
  private static final int BUFFER_BYTES_FIRST = 256;
  private static final int BUFFER_BYTES_KEPT_MAX = 64 << 10;

  private final List<StoredType> types;
  private final Map<Class<?>, Migration> migrations = new HashMap<>();
  private final Map<Integer, String> names;
  private final Map<Integer, Shape> shapes = new HashMap<>();
  private final BlockingQueue<Bench> stock = new ArrayBlockingQueue<>(STOCK_MAX);

  /**
   * Creates a codec for the declared classes.
   *
   * @param stableName returns the text that a class's id in stored bytes is made of
   * @throws IllegalArgumentException for the reasons that {@link Codecs#kryo} lists
   */
  KryoCodec(ClassDeclarations declarations, Function<Class<?>, String> stableName) {
    NamedClasses named = NamedClasses.of(declarations, stableName);
    names = named.names();
    declarations.migrations().forEach((to, how) -> migrations.put(to, new Migration(to, how)));
    types = new ArrayList<>(BuiltInTypes.all());
    types.addAll(named.types());
    for (StoredType type : types) {
      if (type.serializer() instanceof ShapeSerializer serializer) {
        shapes.put(type.id(), serializer.shape());
      }
    }
    stock.add(new Bench());
  }

  @Override
  public byte[] encode(Object value, int bytesMax) {
    Bench bench = take();
    try {
      return bench.encode(value, bytesMax);
    } catch (StoredValueException e) {
      throw new StoredValueException(cannotWrite(value) + e.getMessage(), e);
    } catch (KryoBufferOverflowException e) {
      String what = "a value of class " + value.getClass().getName();
      throw new LimitExceededException(
          what,
          bytesMax + 1L,
          bytesMax,
          "bytes",
          what + " is more than " + bytesMax + " bytes, which is the limit");
    } catch (LimitExceededException e) {
      throw e;
    } catch (RuntimeException e) {
      throw new StoredValueException(cannotWrite(value) + e, e, null, value.getClass().getName());
    } finally {
      give(bench);
    }
  }

  @Override
  public Object decode(byte[] bytes, Type type) {
    Bench bench = take();
    try {
      return bench.decode(bytes, type);
    } catch (StoredValueException e) {
      throw e;
    } catch (KryoException e) {
      throw new StoredValueException("the stored bytes cannot be read: " + e.getMessage(), e);
    } catch (RuntimeException | StackOverflowError e) {
      throw new StoredValueException("the stored bytes cannot be read: " + e, e);
    } finally {
      give(bench);
    }
  }

  @Override
  public Object describe(byte[] bytes) {
    return PlainValues.of(bytes, names);
  }

  @Override
  public List<String> passedOver(byte[] bytes) {
    Bench bench = take();
    try {
      return bench.passedOver(bytes);
    } catch (KryoException e) {
      throw new StoredValueException("the stored bytes cannot be read: " + e.getMessage(), e);
    } finally {
      give(bench);
    }
  }

  private Bench take() {
    Bench bench = stock.poll();
    return bench == null ? new Bench() : bench;
  }

  private void give(Bench bench) {
    bench.clear();
    stock.offer(bench); // a full stock drops it
  }

  private static String cannotWrite(Object value) {
    return "a value of class " + value.getClass().getName() + " cannot be stored: ";
  }

  /** A Kryo and its buffers, which one call borrows. */
  private final class Bench {
    private final ValueKryo kryo = new ValueKryo(types);
    private final ValueOutput out = new ValueOutput();
    private final ValueInput in = new ValueInput();
    private byte[] buffer = new byte[BUFFER_BYTES_FIRST];

    /** Forgets the value that was encoded or decoded last. */
    void clear() {
      kryo.clear();
      out.setBuffer(buffer, -1);
      in.setBuffer(NONE);
    }

    byte[] encode(Object value, int bytesMax) {
      boolean fits = buffer.length <= bytesMax;
      out.setBuffer(fits ? buffer : new byte[Math.max(1, bytesMax)], Math.max(1, bytesMax));
      kryo.writeClassAndObject(out, value);
      byte[] body = out.getBuffer();
      int bodyBytes = out.position();
      if (body.length <= BUFFER_BYTES_KEPT_MAX) {
        buffer = body;
      }
      long bytes = 1L + ShapeTable.bytesOf(kryo.shapes()) + bodyBytes;
      if (bytes > bytesMax) {
        throw new LimitExceededException(
            "a value of class " + value.getClass().getName(), bytes, bytesMax, "bytes");
      }
      out.setBuffer(new byte[(int) bytes], (int) bytes);
      out.writeByte(VERSION);
      ShapeTable.write(kryo.shapes(), out);
      out.writeBytes(body, 0, bodyBytes);
      return out.getBuffer();
    }

    List<String> passedOver(byte[] bytes) {
      in.setBuffer(bytes);
      begin(in);
      ShapeTable.read(in, shapes, kryo);
      List<String> gone = new ArrayList<>();
      shapes.forEach(
          (id, shape) -> {
            Shape.Layout stored = kryo.layoutOf(id, in);
            if (stored != null && !migrations.containsKey(shape.type())) {
              stored.names().stream()
                  .filter(name -> shape.indexOf(name) < 0)
                  .forEach(name -> gone.add(shape.nameOf(name)));
            }
          });
      return gone;
    }

    Object decode(byte[] bytes, Type type) {
      in.setBuffer(bytes);
      begin(in);
      ShapeTable.read(in, shapes, kryo);
      Class<?> wanted = TypeFit.boxed(TypeFit.rawOf(type));
      Migration migration = migrations.get(wanted);
      kryo.setLenient(migration != null);
      Object value = end(in, kryo.readClassAndObject(in));
      boolean fits = wanted.isInstance(value) && kryo.standIns() == 0;
      if (!fits && migration != null) {
        value = migration.migrate(fieldsOf(value));
      }
      value = asWholeNumber(value, wanted);
      String className = value.getClass().getName();
      if (!wanted.isInstance(value)) {
        throw new StoredValueException(
            "it is of " + className + ", not of " + wanted.getName(), null, null, className);
      }
      String misfit = TypeFit.misfit(type, value);
      if (misfit != null) {
        throw new StoredValueException(
            "it is no " + type.getTypeName() + ": " + misfit, null, null, className);
      }
      return value;
    }
  }

  /** Converts a whole number to the class that is wanted, if that class can hold the number. */
  private static Object asWholeNumber(Object value, Class<?> type) {
    if (!(value instanceof Long
        || value instanceof Integer
        || value instanceof Short
        || value instanceof Byte)) {
      return value;
    }
    long number = ((Number) value).longValue();
    if (type == Long.class) {
      return number;
    } else if (type == Integer.class && number == (int) number) {
      return (int) number;
    } else if (type == Short.class && number == (short) number) {
      return (short) number;
    }
    return type == Byte.class && number == (byte) number ? (Object) (byte) number : value;
  }

  /** Reads and checks the version, which stands before the table of shapes. */
  static void begin(ValueInput in) {
    byte version = in.readByte();
    if (version != VERSION) {
      throw new StoredValueException(
          "the stored bytes have the unknown version " + (version & 0xff), null);
    }
  }

  /** Checks that the bytes held a value, and hold nothing after it. */
  static Object end(ValueInput in, @Nullable Object value) {
    if (value == null || in.remaining() > 0) {
      throw new StoredValueException(
          "the stored bytes " + (value == null ? "hold nothing" : "go on after the value"), null);
    }
    return value;
  }

  private static StoredFields fieldsOf(Object value) {
    if (value instanceof StoredFields fields) {
      return fields;
    }
    return StoredObject.ofValue(
        value.getClass().getName(), value instanceof StoredConstant c ? c.name() : value);
  }
}
