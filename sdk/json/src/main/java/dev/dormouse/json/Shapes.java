package dev.dormouse.json;

import dev.dormouse.json.Shape.Absence;
import dev.dormouse.json.Shape.Constants;
import dev.dormouse.json.Shape.Declared;
import dev.dormouse.json.Shape.Fields;
import dev.dormouse.json.Shape.Slot;
import dev.dormouse.json.Shape.Union;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.AnnotatedParameterizedType;
import java.lang.reflect.AnnotatedType;
import java.lang.reflect.AnnotatedWildcardType;
import java.lang.reflect.Constructor;
import java.lang.reflect.InaccessibleObjectException;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * Makes the shapes of Java types, and collects the reasons why types cannot be messages. One thread
 * uses it, once for each codec.
 */
final class Shapes {
  /** The fields that belong to questions and answers, and that no record may have. */
  private static final Set<String> ENVELOPE =
      Set.of(JsonCodec.ID, JsonCodec.ANSWERED, JsonCodec.ERROR);

  private static final int NAME_CHARS_MAX = 64;
  private static final int SCALE_MAX = 1_000;
  private static final int UUID_CHARS = 36;

  private static final Shape TEXT = new Shape.Text("a text", text -> text);

  private static final Map<Class<?>, Shape> SCALARS =
      Map.ofEntries(
          Map.entry(String.class, TEXT),
          Map.entry(UUID.class, new Shape.Text("a UUID", Shapes::uuid)),
          Map.entry(
              Instant.class, new Shape.Text("a time such as 2026-01-31T12:00:00Z", Instant::parse)),
          Map.entry(LocalDate.class, new Shape.Text("a date such as 2026-01-31", LocalDate::parse)),
          Map.entry(Duration.class, new Shape.Text("a duration such as PT1.5S", Duration::parse)),
          Map.entry(
              BigInteger.class, new Shape.Text("a text with a whole number", Shapes::bigInteger)),
          Map.entry(BigDecimal.class, new Shape.Text("a text with a number", Shapes::bigDecimal)),
          Map.entry(boolean.class, new Shape.Bool()),
          Map.entry(Boolean.class, new Shape.Bool()),
          Map.entry(byte.class, bytes()),
          Map.entry(Byte.class, bytes()),
          Map.entry(short.class, shorts()),
          Map.entry(Short.class, shorts()),
          Map.entry(int.class, ints()),
          Map.entry(Integer.class, ints()),
          Map.entry(long.class, longs()),
          Map.entry(Long.class, longs()),
          Map.entry(float.class, new Shape.Fraction(true)),
          Map.entry(Float.class, new Shape.Fraction(true)),
          Map.entry(double.class, new Shape.Fraction(false)),
          Map.entry(Double.class, new Shape.Fraction(false)));

  private final boolean refusesUnknownFields;
  private final Set<String> mistakes = new LinkedHashSet<>();
  private final Map<Class<?>, Declared> known = new LinkedHashMap<>();

  /** Creates a maker of shapes that read by these rules. */
  Shapes(boolean refusesUnknownFields) {
    this.refusesUnknownFields = refusesUnknownFields;
  }

  private static Shape bytes() {
    return new Shape.Whole(Byte.MIN_VALUE, Byte.MAX_VALUE, Long::byteValue);
  }

  private static Shape shorts() {
    return new Shape.Whole(Short.MIN_VALUE, Short.MAX_VALUE, Long::shortValue);
  }

  private static Shape ints() {
    return new Shape.Whole(Integer.MIN_VALUE, Integer.MAX_VALUE, Long::intValue);
  }

  private static Shape longs() {
    return new Shape.Whole(-Shape.Whole.SAFE, Shape.Whole.SAFE, number -> number);
  }

  private static UUID uuid(String text) {
    if (text.length() != UUID_CHARS) {
      throw new IllegalArgumentException("not of the usual length");
    }
    return UUID.fromString(text);
  }

  private static BigInteger bigInteger(String text) {
    checkLength(text);
    return new BigInteger(text);
  }

  private static BigDecimal bigDecimal(String text) {
    checkLength(text);
    BigDecimal number = new BigDecimal(text);
    if (Math.abs((long) number.scale()) > SCALE_MAX) {
      throw new IllegalArgumentException("too many places");
    }
    return number;
  }

  private static void checkLength(String number) {
    if (number.length() > JsonTree.NUMBER_CHARS_MAX) {
      throw new IllegalArgumentException("too long");
    }
  }

  /** Adds a mistake that was found elsewhere. */
  void mistake(String mistake) {
    mistakes.add(mistake);
  }

  /**
   * Checks that no mistake was found.
   *
   * @throws IllegalArgumentException if there is one; the message has a line for each
   */
  void check() {
    if (!mistakes.isEmpty()) {
      throw new IllegalArgumentException(String.join("\n", mistakes));
    }
  }

  /** Returns the shape of the messages of one direction. */
  Union messages(Class<?> type) {
    if (!type.isInterface() || !type.isSealed()) {
      mistake(
          ("%s is not a sealed interface; its messages must be the records that a sealed interface"
                  + " permits")
              .formatted(type.getName()));
      return new Union(type);
    }
    return union(type);
  }

  private Union union(Class<?> type) {
    Declared made = known.get(type);
    if (made instanceof Union union) {
      return union;
    }
    Union union = new Union(type);
    known.put(type, union);
    addAll(union, type);
    if (union.isEmpty()) {
      mistake("%s permits no records".formatted(type.getName()));
    }
    return union;
  }

  private void addAll(Union union, Class<?> type) {
    for (Class<?> permitted : type.getPermittedSubclasses()) {
      if (permitted.isInterface() && permitted.isSealed()) {
        addAll(union, permitted);
      } else if (permitted.isRecord()) {
        Fields fields = fields(permitted);
        String name = fields.typeName() == null ? permitted.getSimpleName() : fields.typeName();
        Fields other = union.add(name, fields);
        if (other != null && other != fields) {
          mistake(
              "%s has two records of the name '%s': %s and %s; name one of them with @JsonName"
                  .formatted(
                      union.type().getName(), name, other.type().getName(), permitted.getName()));
        }
      } else {
        mistake(
            "%s permits %s, which is neither a record nor a sealed interface"
                .formatted(type.getName(), permitted.getName()));
      }
    }
  }

  private Fields fields(Class<?> type) {
    Declared made = known.get(type);
    if (made instanceof Fields fields) {
      return fields;
    }
    boolean isMessage = Stream.of(type.getInterfaces()).anyMatch(Class::isSealed);
    Fields fields =
        new Fields(
            type,
            isMessage ? nameOf(type, type.getSimpleName(), type.getName()) : null,
            refusesUnknownFields);
    known.put(type, fields);
    if (type.getTypeParameters().length > 0) {
      mistake("%s is a generic record; use one without type parameters".formatted(type.getName()));
      return fields;
    }
    RecordComponent[] components = type.getRecordComponents();
    try {
      for (RecordComponent component : components) {
        add(fields, component, isMessage);
      }
      Constructor<?> canonical =
          type.getDeclaredConstructor(
              Stream.of(components).map(RecordComponent::getType).toArray(Class<?>[]::new));
      canonical.setAccessible(true);
      fields.makeWith(canonical);
    } catch (InaccessibleObjectException e) {
      mistake(
          "%s cannot be read by reflection; open its package to dev.dormouse.json"
              .formatted(type.getName()));
    } catch (NoSuchMethodException e) {
      throw new AssertionError("a record without its canonical constructor", e);
    }
    return fields;
  }

  private void add(Fields fields, RecordComponent component, boolean isMessage) {
    String where = component.getDeclaringRecord().getName() + "." + component.getName();
    String name = nameOf(component, component.getName(), where);
    if (ENVELOPE.contains(name) || (isMessage && name.equals(Fields.TYPE))) {
      mistake(
          "%s has the name '%s', which the envelope of messages needs; rename it, or use @JsonName"
              .formatted(where, name));
    }
    Method accessor = component.getAccessor();
    accessor.setAccessible(true);
    Slot slot = slot(component.getAnnotatedType(), isNullable(component), where);
    if (!fields.add(name, component.getName(), accessor, slot)) {
      mistake("%s has the name '%s', as another component has".formatted(where, name));
    }
  }

  private String nameOf(AnnotatedElement element, String otherwise, String where) {
    JsonName chosen = element.getAnnotation(JsonName.class);
    if (chosen == null) {
      return otherwise;
    }
    if (chosen.value().isEmpty() || chosen.value().length() > NAME_CHARS_MAX) {
      mistake(
          "%s: the name '%s' has not 1 to %s characters"
              .formatted(where, chosen.value(), NAME_CHARS_MAX));
    }
    return chosen.value();
  }

  /** Returns whether an element has an annotation that is named {@code Nullable}. */
  private static boolean isNullable(AnnotatedElement element) {
    return Arrays.stream(element.getAnnotations())
        .anyMatch(a -> a.annotationType().getSimpleName().equals("Nullable"));
  }

  private Slot slot(AnnotatedType type, boolean mayBeNull, String where) {
    if (type instanceof AnnotatedWildcardType wildcard) {
      return slot(wildcard.getAnnotatedUpperBounds()[0], mayBeNull, where);
    } else if (type instanceof AnnotatedParameterizedType generic
        && isOf(generic, Optional.class)) {
      return new Slot(argument(generic, 0, where).shape(), Absence.EMPTY);
    }
    boolean isNullable = mayBeNull || isNullable(type);
    return new Slot(shape(type, where), isNullable ? Absence.NULL : Absence.REFUSED);
  }

  private Slot argument(AnnotatedParameterizedType generic, int place, String where) {
    return slot(generic.getAnnotatedActualTypeArguments()[place], false, where);
  }

  private static boolean isOf(AnnotatedParameterizedType generic, Class<?> raw) {
    return generic.getType() instanceof ParameterizedType type && type.getRawType() == raw;
  }

  private Shape shape(AnnotatedType type, String where) {
    if (type instanceof AnnotatedParameterizedType generic) {
      if (isOf(generic, List.class) || isOf(generic, Collection.class)) {
        return new Shape.Elements(argument(generic, 0, where), false);
      } else if (isOf(generic, Set.class)) {
        return new Shape.Elements(argument(generic, 0, where), true);
      } else if (isOf(generic, Map.class)) {
        return new Shape.Entries(key(generic, where), argument(generic, 1, where));
      }
    } else if (type.getType() instanceof Class<?> plain) {
      Shape scalar = SCALARS.get(plain);
      if (scalar != null) {
        return scalar;
      } else if (plain.isEnum()) {
        return known.computeIfAbsent(plain, Constants::new);
      } else if (plain.isRecord()) {
        return fields(plain);
      } else if (plain.isInterface() && plain.isSealed()) {
        return union(plain);
      }
    }
    mistake(
        ("%s is a %s, which has no form in JSON; use a record, a sealed interface, an enum, a List,"
                + " Set or Map, an Optional, a String, a number, a boolean, an Instant, LocalDate,"
                + " Duration or UUID")
            .formatted(where, type.getType().getTypeName()));
    return TEXT;
  }

  /** Returns the shape of the keys of a map, which must be texts in JSON. */
  private Shape key(AnnotatedParameterizedType map, String where) {
    Shape key = argument(map, 0, where).shape();
    if (key instanceof Shape.Text || key instanceof Constants) {
      return key;
    }
    mistake(
        "%s is a Map whose keys are no texts in JSON; use String, an enum or UUID as its keys"
            .formatted(where));
    return TEXT;
  }
}
