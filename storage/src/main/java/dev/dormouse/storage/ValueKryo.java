package dev.dormouse.storage;

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
 * A Kryo that knows the registered classes and no others, together with the shapes that the value
 * at hand is made of. For one thread at a time.
 *
 * <p><b>Lenient reading.</b> Where a migration is to make the object, what is of a class that is
 * not known is read as {@link StoredObject}, a stand-in; elsewhere it is refused. {@link
 * #isLenient} and {@link #standIns} are how the readers of a value agree on that.
 */
final class ValueKryo extends Kryo {
  /** How deep values may nest. Beyond it they are taken to contain themselves. */
  static final int DEPTH_MAX = 100;

  /** How many parts of a value may be unreadable before the rest is not tried any more. */
  private static final int FAULTS_MAX = 64;

  // Of the value being written: its shapes, in the order of first use.
  private final Set<Shape> shapes = new LinkedHashSet<>();
  // Of the value being read: how the classes lie in the bytes, by their ids.
  private final Map<Integer, StoredSlots> slots = new HashMap<>();
  // Of the same, where the description is of a class that is not known: its place in the bytes.
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

  /** The enums that can be stored. */
  List<EnumSerializer> enums() {
    return enums;
  }

  /** Forgets the shapes of the value before. */
  void clear() {
    shapes.clear();
    slots.clear();
    unread.clear();
    isLenient = false;
    standIns = 0;
    faults = 0;
  }

  /** The shapes of the value that was written. */
  Set<Shape> shapes() {
    return shapes;
  }

  /** Notes that the value being written has an object of this shape. */
  void use(Shape shape) {
    shapes.add(shape);
  }

  /** Notes how a class lies in the bytes; false if that was known already. */
  boolean describe(int id, StoredSlots described) {
    return slots.put(id, described) == null;
  }

  /** Notes between which positions a class that is not known is described. */
  void describe(int id, int start, int end) {
    unread.putIfAbsent(id, new int[] {start, end});
  }

  /** How a class lies in the bytes; null if they do not say. */
  @Nullable StoredSlots slotsOf(int id, ValueInput in) {
    StoredSlots described = slots.get(id);
    int[] place = unread.get(id);
    if (described == null && place != null) {
      int position = in.position();
      int limit = in.limit();
      in.setLimit(place[1]);
      in.setPosition(place[0]);
      in.readVarInt(true); // the id
      described = StoredSlots.unknown(ShapeTable.namesIn(in, place[1]));
      slots.put(id, described);
      in.setPosition(position);
      in.setLimit(limit);
    }
    return described;
  }

  /** How a class that is not known is called. */
  String nameOf(int id) {
    return names.getOrDefault(id, "#" + Integer.toHexString(id));
  }

  /** Gives classes that are not known names nevertheless, for people to read. */
  void setNames(Map<Integer, String> names) {
    this.names = names;
  }

  /** Whether what is of a class that is not known is read as a stand-in. */
  boolean isLenient() {
    return isLenient;
  }

  /**
   * Changes whether it is.
   *
   * @return whether it was
   */
  boolean setLenient(boolean lenient) {
    boolean before = isLenient;
    isLenient = lenient;
    return before;
  }

  /** How many stand-ins were made that nobody has taken on. */
  int standIns() {
    return standIns;
  }

  /** Somebody has taken on those that were made since there were so many. */
  void setStandIns(int number) {
    standIns = number;
  }

  /** Notes a stand-in. */
  void standIn() {
    standIns++;
  }

  /**
   * Notes a part that cannot be read.
   *
   * @throws KryoException if there are too many: the bytes are not what they seem, and each takes
   *     its time
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
      // Kryo's advice is to call its own methods, which nobody can: it is no cause to be told.
      throw new StoredValueException(NamedClasses.unnamed(type), null);
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
    StoredSlots described = slotsOf(id, in);
    throw new KryoException(
        "class "
            + nameOf(id)
            + (described == null ? "" : ", with the fields " + String.join(", ", described.names()))
            + ", is stored, and no class that was named has this number");
  }

  /** Finds classes by their ids alone. */
  private static final class Resolver extends DefaultClassResolver {
    private static final int NULL = 0;
    private static final int BY_NAME = 1;
    private static final int CODES = 2;

    /** Unlike Kryo's own method, lets several classes have one id, and one class several. */
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
        // Loading a class that the bytes name would be doing what a stranger says.
        throw new KryoException("a class is given by name");
      }
      int id = code - CODES;
      Registration known = idToRegistration.get(id);
      return known == null ? ((ValueKryo) kryo).unknown(id, (ValueInput) input) : known;
    }
  }
}
