package dev.dormouse.storage.codec;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.KryoException;
import com.esotericsoftware.kryo.Registration;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import com.esotericsoftware.kryo.util.DefaultClassResolver;
import dev.dormouse.sdk.StoredFields;
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
 * A Kryo that knows only the registered classes, with the shapes of the value at hand. One thread
 * at a time may use it.
 *
 * <p><b>Lenient reading.</b> Where a migration makes the object, an object of an unknown class is
 * read as a stand-in, a {@link StoredObject}; elsewhere it is refused. The readers of a value agree
 * on that through {@link #isLenient} and {@link #standIns}.
 */
final class ValueKryo extends Kryo {
  /** The greatest depth of nested values. A deeper value is taken to contain itself. */
  static final int DEPTH_MAX = 100;

  /** The most parts of a value that may be unreadable; one more, and the value is given up. */
  private static final int FAULTS_MAX = 64;

  /** The shapes in the value being written, in the order of first use. */
  private final Set<Shape> shapes = new LinkedHashSet<>();

  /** The layouts of the classes in the value being read, by the classes' ids. */
  private final Map<Integer, Shape.Layout> layouts = new HashMap<>();

  /** The start and end of the descriptions of unknown classes in the value being read, by id. */
  private final Map<Integer, int[]> unread = new HashMap<>();

  private final List<EnumSerializer> enums = new ArrayList<>();
  private Map<Integer, String> names = Map.of();

  private boolean isLenient;
  private int standIns;
  private int faults;

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

  /** Returns the serializers of the enums that can be stored. */
  List<EnumSerializer> enums() {
    return enums;
  }

  /** Forgets the value that was written or read last. */
  void clear() {
    shapes.clear();
    layouts.clear();
    unread.clear();
    isLenient = false;
    standIns = 0;
    faults = 0;
  }

  /** Returns the shapes in the value that was written, in the order of first use. */
  Set<Shape> shapes() {
    return shapes;
  }

  /** Notes that the value being written has an object of this shape. */
  void use(Shape shape) {
    shapes.add(shape);
  }

  /**
   * Notes the layout of a class in the bytes.
   *
   * @return false if a layout of this class was noted before
   */
  boolean describe(int id, Shape.Layout layout) {
    return layouts.put(id, layout) == null;
  }

  /** Notes the positions between which the bytes describe an unknown class. */
  void describe(int id, int start, int end) {
    unread.putIfAbsent(id, new int[] {start, end});
  }

  /** Returns the layout of a class in the bytes; null if the bytes do not describe the class. */
  Shape.@Nullable Layout layoutOf(int id, ValueInput in) {
    Shape.Layout layout = layouts.get(id);
    int[] place = unread.get(id);
    if (layout == null && place != null) {
      int position = in.position();
      int limit = in.limit();
      in.setLimit(place[1]);
      in.setPosition(place[0]);
      in.readVarInt(true); // the id
      layout = Shape.Layout.ofUnknownClass(ShapeTable.namesIn(in, place[1]));
      layouts.put(id, layout);
      in.setPosition(position);
      in.setLimit(limit);
    }
    return layout;
  }

  /** Returns the name of an unknown class for messages. */
  String nameOf(int id) {
    return names.getOrDefault(id, "#" + Integer.toHexString(id));
  }

  /** Gives unknown classes names for people to read, by the classes' ids. */
  void setNames(Map<Integer, String> names) {
    this.names = names;
  }

  /** Returns whether an object of an unknown class is read as a stand-in. */
  boolean isLenient() {
    return isLenient;
  }

  /**
   * Chooses whether an object of an unknown class is read as a stand-in.
   *
   * @return the choice before
   */
  boolean setLenient(boolean lenient) {
    boolean before = isLenient;
    isLenient = lenient;
    return before;
  }

  /** Returns the number of stand-ins in the value that no migration has replaced. */
  int standIns() {
    return standIns;
  }

  /** Sets the number of stand-ins back after a migration has replaced the latest ones. */
  void setStandIns(int number) {
    standIns = number;
  }

  /** Counts one more stand-in. */
  void standIn() {
    standIns++;
  }

  /**
   * Counts a part that cannot be read.
   *
   * @throws KryoException if there are more than 64: the bytes are not what they seem, and each
   *     attempt costs time
   */
  void fault(RuntimeException cause) {
    if (++faults > FAULTS_MAX) {
      throw new KryoException(FAULTS_MAX + " of its parts cannot be read", cause);
    }
  }

  @Override
  @SuppressWarnings("rawtypes")
  public Registration getRegistration(Class type) {
    try {
      return super.getRegistration(type);
    } catch (IllegalArgumentException advice) {
      // Kryo's message advises to call Kryo's methods, which no user can: it is left out.
      throw new StoredValueException(
          StoredType.messageAboutUnnamed(type), null, null, type.getName());
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

  private Registration unknown(int id, ValueInput in) {
    if (isLenient) {
      return new Registration(StoredFields.class, new StandInSerializer(id), id);
    }
    Shape.Layout layout = layoutOf(id, in);
    throw new KryoException(
        "class "
            + nameOf(id)
            + (layout == null ? "" : ", with the fields " + String.join(", ", layout.names()))
            + ", is stored, and no class that was named has this number");
  }

  /** Finds classes by their ids alone, never by a name in the bytes. */
  private static final class Resolver extends DefaultClassResolver {
    private static final int NULL = 0;
    private static final int BY_NAME = 1;
    private static final int CODES = 2;

    /** Adds a registration; unlike in Kryo, classes may share an id, and a class may have many. */
    void add(Registration registration) {
      if (!classToRegistration.containsKey(registration.getType())) {
        classToRegistration.put(registration.getType(), registration);
      }
      if (!idToRegistration.containsKey(registration.getId())) {
        idToRegistration.put(registration.getId(), registration);
      }
    }

    @Override
    public @Nullable Registration readClass(Input input) {
      int code = input.readVarInt(true);
      if (code == NULL) {
        return null;
      }
      if (code == BY_NAME) {
        // Whoever wrote the bytes must not choose a class to load.
        throw new KryoException("a class is given by name");
      }
      int id = code - CODES;
      Registration known = idToRegistration.get(id);
      return known == null ? ((ValueKryo) kryo).unknown(id, (ValueInput) input) : known;
    }
  }
}
