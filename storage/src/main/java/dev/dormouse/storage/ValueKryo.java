package dev.dormouse.storage;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.KryoException;
import com.esotericsoftware.kryo.Registration;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import com.esotericsoftware.kryo.util.DefaultClassResolver;
import dev.dormouse.sdk.StoredValueException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A Kryo that knows the registered classes and no others, together with the shapes that the value
 * at hand is made of. For one thread at a time.
 */
final class ValueKryo extends Kryo {
  /** How deep values may nest. Beyond it they are taken to contain themselves. */
  static final int DEPTH_MAX = 100;

  // Of the value being written: its shapes, in the order of first use.
  private final Set<Shape> shapes = new LinkedHashSet<>();
  // Of the value being read: where each stored slot goes, by the id of the class.
  private final Map<Integer, int[]> plans = new HashMap<>();

  private final List<EnumSerializer> enums = new ArrayList<>();

  ValueKryo(Collection<StoredType> types) {
    super(new Resolver(), null);
    setRegistrationRequired(true);
    setReferences(false);
    setOptimizedGenerics(false);
    setMaxDepth(2 * DEPTH_MAX); // ours comes first, and says more
    Resolver resolver = (Resolver) getClassResolver();
    for (StoredType type : types) {
      resolver.add(new Registration(type.type(), type.serializer(), type.id()));
      if (type.serializer() instanceof EnumSerializer serializer) {
        enums.add(serializer);
      }
    }
  }

  /** The enums that can be stored. */
  List<EnumSerializer> enums() {
    return enums;
  }

  /** Forgets the shapes of the value before. */
  void clear() {
    shapes.clear();
    plans.clear();
  }

  /** The shapes of the value that was written. */
  Set<Shape> shapes() {
    return shapes;
  }

  /** Notes that the value being written has an object of this shape. */
  void use(Shape shape) {
    shapes.add(shape);
  }

  /** Notes where the stored slots of a class go; false if that was known already. */
  boolean plan(int id, int[] plan) {
    return plans.put(id, plan) == null;
  }

  /** Where the stored slots of a shape go; null if the bytes did not say. */
  int @Nullable [] planOf(Shape shape) {
    return plans.get(shape.id());
  }

  @Override
  @SuppressWarnings("rawtypes")
  public Registration getRegistration(Class type) {
    try {
      return super.getRegistration(type);
    } catch (IllegalArgumentException e) {
      throw new StoredValueException(NamedClasses.unnamed(type), e);
    }
  }

  @Override
  public void writeClassAndObject(Output output, @Nullable Object object) {
    checkDepth();
    super.writeClassAndObject(output, object);
  }

  @Override
  public @Nullable Object readClassAndObject(Input input) {
    checkDepth();
    return super.readClassAndObject(input);
  }

  private void checkDepth() {
    if (getDepth() >= DEPTH_MAX) {
      throw new StoredValueException(
          "it contains itself, or nests more than " + DEPTH_MAX + " deep", null);
    }
  }

  /** Finds classes by their ids alone. */
  private static final class Resolver extends DefaultClassResolver {

    /** Unlike Kryo's own method, lets several classes have the same id; the first is read. */
    void add(Registration registration) {
      classToRegistration.put(registration.getType(), registration);
      if (!idToRegistration.containsKey(registration.getId())) {
        idToRegistration.put(registration.getId(), registration);
      }
    }

    /** Loading a class that the bytes name would be doing what a stranger says. */
    @Override
    protected Registration readName(Input input) {
      throw new KryoException("a class is given by name");
    }
  }
}
