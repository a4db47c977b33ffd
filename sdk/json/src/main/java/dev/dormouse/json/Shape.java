package dev.dormouse.json;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * How the values of one Java type are read from JSON, written to JSON, and declared in TypeScript.
 * {@link Shapes} makes the shapes of a sealed interface once; then they do not change, and any
 * thread may use them. No shape reads or writes null: that is decided by the {@link Slot} in which
 * a value stands.
 */
abstract sealed class Shape {

  /** Returns what a value must be, such as {@code a text}, for a sentence to a client. */
  abstract String noun();

  /**
   * Makes a value of what {@link JsonTree} has parsed.
   *
   * @throws InvalidValueException if it is no such value
   */
  abstract Object read(Object json) throws InvalidValueException;

  /**
   * Writes a value.
   *
   * @throws InvalidValueException if JSON or JavaScript cannot express it
   */
  abstract void write(Object value, JsonGenerator out) throws IOException, InvalidValueException;

  /**
   * Returns the type in TypeScript.
   *
   * @param names returns the name of a type that has a declaration of its own
   */
  abstract String typeScript(Function<Declared, String> names);

  final InvalidValueException mismatch(@Nullable Object json) {
    return new InvalidValueException(
        JsonCodec.INVALID_FIELD, "must be %s, but is %s".formatted(noun(), Excerpt.of(json)));
  }

  /** Lists the meanings of a value that is null or missing. */
  enum Absence {
    /** It is an error. */
    REFUSED,
    /** The value is null. */
    NULL,
    /** The value is an empty Optional. */
    EMPTY
  }

  /** A place for a value: a component of a record, an element of a list, a value of a map. */
  record Slot(Shape shape, Absence absence) {

    @Nullable Object read(@Nullable Object json) throws InvalidValueException {
      if (json != null) {
        Object value = shape.read(json);
        return absence == Absence.EMPTY ? Optional.of(value) : value;
      }
      return switch (absence) {
        case NULL -> null;
        case EMPTY -> Optional.empty();
        case REFUSED -> throw shape.mismatch(null);
      };
    }

    /** Returns whether a value stands for nothing. */
    boolean isAbsent(@Nullable Object value) {
      return value == null || (absence == Absence.EMPTY && ((Optional<?>) value).isEmpty());
    }

    void write(@Nullable Object value, JsonGenerator out)
        throws IOException, InvalidValueException {
      if (value == null && absence == Absence.REFUSED) {
        throw new InvalidValueException(
            JsonCodec.INVALID_FIELD, "is null; declare it @Nullable or Optional if it may be");
      } else if (value == null || isAbsent(value)) {
        out.writeNull();
      } else {
        shape.write(absence == Absence.EMPTY ? ((Optional<?>) value).orElseThrow() : value, out);
      }
    }

    String typeScript(Function<Declared, String> names) {
      String type = shape.typeScript(names);
      return absence == Absence.REFUSED ? type : type + " | null";
    }
  }

  /** A shape with a declaration of its own in TypeScript. */
  abstract static sealed class Declared extends Shape {
    private final Class<?> type;

    Declared(Class<?> type) {
      this.type = type;
    }

    final Class<?> type() {
      return type;
    }

    @Override
    final String typeScript(Function<Declared, String> names) {
      return names.apply(this);
    }

    /** Returns the declaration under a name. */
    abstract String declaration(String name, Function<Declared, String> names);
  }

  /** A scalar that is a text in JSON. */
  static final class Text extends Shape {
    private final String noun;
    private final Function<String, Object> parse;

    /**
     * Creates the shape of a type.
     *
     * @param parse makes a value of a text, or throws a RuntimeException
     */
    Text(String noun, Function<String, Object> parse) {
      this.noun = noun;
      this.parse = parse;
    }

    @Override
    String noun() {
      return noun;
    }

    @Override
    Object read(Object json) throws InvalidValueException {
      if (json instanceof String text) {
        try {
          return parse.apply(text);
        } catch (RuntimeException e) {
          throw mismatch(json);
        }
      }
      throw mismatch(json);
    }

    @Override
    void write(Object value, JsonGenerator out) throws IOException {
      out.writeString(value.toString());
    }

    @Override
    String typeScript(Function<Declared, String> names) {
      return "string";
    }
  }

  /** A boolean. */
  static final class Bool extends Shape {
    @Override
    String noun() {
      return "true or false";
    }

    @Override
    Object read(Object json) throws InvalidValueException {
      if (json instanceof Boolean) {
        return json;
      }
      throw mismatch(json);
    }

    @Override
    void write(Object value, JsonGenerator out) throws IOException {
      out.writeBoolean((Boolean) value);
    }

    @Override
    String typeScript(Function<Declared, String> names) {
      return "boolean";
    }
  }

  /** A whole number, of a range that JavaScript's numbers express exactly. */
  static final class Whole extends Shape {
    /** The greatest whole number up to which JavaScript knows all of them: 2^53 - 1. */
    static final long SAFE = (1L << 53) - 1;

    private final long min;
    private final long max;
    private final Function<Long, Object> box;

    Whole(long min, long max, Function<Long, Object> box) {
      this.min = min;
      this.max = max;
      this.box = box;
    }

    @Override
    String noun() {
      return "a whole number from %s to %s".formatted(min, max);
    }

    @Override
    Object read(Object json) throws InvalidValueException {
      if (json instanceof JsonTree.Digits digits) {
        try {
          long number = Long.parseLong(digits.text());
          if (number >= min && number <= max) {
            return box.apply(number);
          }
        } catch (NumberFormatException e) {
          throw mismatch(json);
        }
      }
      throw mismatch(json);
    }

    @Override
    void write(Object value, JsonGenerator out) throws IOException, InvalidValueException {
      long number = ((Number) value).longValue();
      if (number < min || number > max) {
        throw new InvalidValueException(
            JsonCodec.INVALID_FIELD,
            "is %s, which a page cannot read exactly; declare it as a String or BigInteger"
                .formatted(number));
      }
      out.writeNumber(number);
    }

    @Override
    String typeScript(Function<Declared, String> names) {
      return "number";
    }
  }

  /** A number with a fraction. */
  static final class Fraction extends Shape {
    private final boolean isFloat;

    Fraction(boolean isFloat) {
      this.isFloat = isFloat;
    }

    @Override
    String noun() {
      return "a number";
    }

    @Override
    Object read(Object json) throws InvalidValueException {
      if (json instanceof JsonTree.Digits digits) {
        double number = Double.parseDouble(digits.text());
        if (isFloat && Float.isFinite((float) number)) {
          return (float) number;
        } else if (!isFloat && Double.isFinite(number)) {
          return number;
        }
      }
      throw mismatch(json);
    }

    @Override
    void write(Object value, JsonGenerator out) throws IOException, InvalidValueException {
      double number = ((Number) value).doubleValue();
      if (!Double.isFinite(number)) {
        throw new InvalidValueException(
            JsonCodec.INVALID_FIELD, "is " + number + ", which JSON cannot express");
      } else if (isFloat) {
        out.writeNumber((Float) value);
      } else {
        out.writeNumber(number);
      }
    }

    @Override
    String typeScript(Function<Declared, String> names) {
      return "number";
    }
  }

  /** An enum, whose constants are texts. */
  static final class Constants extends Declared {
    private final Map<String, Object> constants = new LinkedHashMap<>();

    Constants(Class<?> type) {
      super(type);
      for (Object constant : type.getEnumConstants()) {
        constants.put(((Enum<?>) constant).name(), constant);
      }
    }

    @Override
    String noun() {
      return "one of " + JsonCodec.listed(constants.keySet());
    }

    @Override
    Object read(Object json) throws InvalidValueException {
      Object constant = json instanceof String ? constants.get(json) : null;
      if (constant == null) {
        throw mismatch(json);
      }
      return constant;
    }

    @Override
    void write(Object value, JsonGenerator out) throws IOException {
      out.writeString(((Enum<?>) value).name());
    }

    @Override
    String declaration(String name, Function<Declared, String> names) {
      return constants.keySet().stream()
          .map(TypeScript::quoted)
          .collect(Collectors.joining(" | ", "export type " + name + " = ", ";\n"));
    }
  }

  /** A list or a set. */
  static final class Elements extends Shape {
    private final Slot element;
    private final boolean isSet;

    Elements(Slot element, boolean isSet) {
      this.element = element;
      this.isSet = isSet;
    }

    @Override
    String noun() {
      return "a list";
    }

    @Override
    Object read(Object json) throws InvalidValueException {
      if (!(json instanceof List<?> list)) {
        throw mismatch(json);
      }
      Collection<@Nullable Object> values =
          isSet ? new LinkedHashSet<>() : new ArrayList<>(list.size());
      int place = 0;
      for (Object each : list) {
        try {
          values.add(element.read(each));
        } catch (InvalidValueException e) {
          throw e.at("[" + place + "]");
        }
        place++;
      }
      return values instanceof LinkedHashSet<@Nullable Object> set
          ? Collections.unmodifiableSet(set)
          : Collections.unmodifiableList((ArrayList<@Nullable Object>) values);
    }

    @Override
    void write(Object value, JsonGenerator out) throws IOException, InvalidValueException {
      out.writeStartArray();
      int place = 0;
      for (Object each : (Collection<?>) value) {
        try {
          element.write(each, out);
        } catch (InvalidValueException e) {
          throw e.at("[" + place + "]");
        }
        place++;
      }
      out.writeEndArray();
    }

    @Override
    String typeScript(Function<Declared, String> names) {
      String type = element.typeScript(names);
      return (type.contains(" ") ? "(" + type + ")" : type) + "[]";
    }
  }

  /** A map, whose keys are names of fields. */
  static final class Entries extends Shape {
    private final Shape key;
    private final Slot value;

    /**
     * Creates the shape of a map.
     *
     * @param key a shape that reads texts
     */
    Entries(Shape key, Slot value) {
      this.key = key;
      this.value = value;
    }

    @Override
    String noun() {
      return "an object";
    }

    @Override
    Object read(Object json) throws InvalidValueException {
      if (!(json instanceof Map<?, ?> object)) {
        throw mismatch(json);
      }
      Map<Object, @Nullable Object> map = new LinkedHashMap<>();
      for (Map.Entry<?, ?> entry : object.entrySet()) {
        try {
          map.put(key.read(entry.getKey()), value.read(entry.getValue()));
        } catch (InvalidValueException e) {
          throw e.at("[" + Excerpt.quoted((String) entry.getKey()) + "]");
        }
      }
      return Collections.unmodifiableMap(map);
    }

    @Override
    void write(Object map, JsonGenerator out) throws IOException, InvalidValueException {
      out.writeStartObject();
      for (Map.Entry<?, ?> entry : ((Map<?, ?>) map).entrySet()) {
        String name = nameOf(entry.getKey());
        try {
          out.writeFieldName(name);
          value.write(entry.getValue(), out);
        } catch (InvalidValueException e) {
          throw e.at("[" + Excerpt.quoted(name) + "]");
        }
      }
      out.writeEndObject();
    }

    private static String nameOf(@Nullable Object key) throws InvalidValueException {
      if (key == null) {
        throw new InvalidValueException(JsonCodec.INVALID_FIELD, "has null as a key");
      }
      return key instanceof Enum<?> constant ? constant.name() : key.toString();
    }

    @Override
    String typeScript(Function<Declared, String> names) {
      String keys = key.typeScript(names);
      String type = "Record<" + keys + ", " + value.typeScript(names) + ">";
      return key instanceof Constants ? "Partial<" + type + ">" : type;
    }
  }

  /** A record: an object with a field for each component, and its type if it is a message. */
  static final class Fields extends Declared {
    /** The field that says of which record an object is. */
    static final String TYPE = "type";

    private final @Nullable String typeName;
    private final boolean refusesUnknown;
    private final Map<String, Field> fields = new LinkedHashMap<>();
    private @Nullable Constructor<?> constructor;

    private record Field(String component, Method accessor, Slot slot) {}

    /**
     * Creates the shape of a record, without its fields yet, because a record may contain itself.
     *
     * @param typeName the value of the field {@code type}; null if the record has no such field,
     *     since it is of no sealed interface
     */
    Fields(Class<?> type, @Nullable String typeName, boolean refusesUnknown) {
      super(type);
      this.typeName = typeName;
      this.refusesUnknown = refusesUnknown;
    }

    /** Adds a field for the next component; returns false if there is one of this name. */
    boolean add(String name, String component, Method accessor, Slot slot) {
      return fields.putIfAbsent(name, new Field(component, accessor, slot)) == null;
    }

    void makeWith(Constructor<?> canonical) {
      constructor = canonical;
    }

    @Nullable String typeName() {
      return typeName;
    }

    private String label() {
      return typeName == null ? type().getSimpleName() : typeName;
    }

    @Override
    String noun() {
      return "an object";
    }

    @Override
    Object read(Object json) throws InvalidValueException {
      if (!(json instanceof Map<?, ?> object)) {
        throw mismatch(json);
      }
      @Nullable Object[] values = new Object[fields.size()];
      int known = typeName != null && object.containsKey(TYPE) ? 1 : 0;
      int place = 0;
      for (Map.Entry<String, Field> entry : fields.entrySet()) {
        String name = entry.getKey();
        Slot slot = entry.getValue().slot();
        Object value = object.get(name);
        boolean isThere = value != null || object.containsKey(name);
        if (!isThere && slot.absence() == Absence.REFUSED) {
          throw new InvalidValueException(
                  JsonCodec.INVALID_FIELD, "is missing; send " + slot.shape().noun())
              .at("." + name)
              .in(label());
        }
        known += isThere ? 1 : 0;
        try {
          values[place++] = slot.read(value);
        } catch (InvalidValueException e) {
          throw e.at("." + name).in(label());
        }
      }
      if (refusesUnknown && known < object.size()) {
        throw unknownField(object);
      }
      return make(values);
    }

    private InvalidValueException unknownField(Map<?, ?> object) {
      String unknown =
          object.keySet().stream()
              .map(String.class::cast)
              .filter(name -> !fields.containsKey(name))
              .filter(name -> typeName == null || !name.equals(TYPE))
              .findFirst()
              .orElseThrow();
      return new InvalidValueException(
              JsonCodec.INVALID_FIELD,
              "has no field %s; its fields are %s"
                  .formatted(Excerpt.quoted(unknown), JsonCodec.listed(fields.keySet())))
          .in(label());
    }

    private Object make(@Nullable Object[] values) throws InvalidValueException {
      Constructor<?> canonical = constructor;
      if (canonical == null) {
        throw new AssertionError("the record has no constructor");
      }
      try {
        return canonical.newInstance(values);
      } catch (InvocationTargetException e) {
        Throwable cause = e.getCause();
        if (cause instanceof Error error) {
          throw error;
        }
        String why = cause instanceof IllegalArgumentException ? cause.getMessage() : null;
        throw new InvalidValueException(
                JsonCodec.INVALID_FIELD,
                why != null ? "is refused: " + why : "is refused; its values do not go together")
            .in(label());
      } catch (ReflectiveOperationException e) {
        throw new LinkageError("a constructor that is accessible cannot be called", e);
      }
    }

    @Override
    void write(Object value, JsonGenerator out) throws IOException, InvalidValueException {
      out.writeStartObject();
      writeFields(value, out);
      out.writeEndObject();
    }

    void writeFields(Object value, JsonGenerator out) throws IOException, InvalidValueException {
      if (typeName != null) {
        out.writeStringField(TYPE, typeName);
      }
      for (Map.Entry<String, Field> entry : fields.entrySet()) {
        Field field = entry.getValue();
        try {
          Object part = field.accessor().invoke(value);
          if (field.slot().absence() != Absence.REFUSED && field.slot().isAbsent(part)) {
            continue;
          }
          out.writeFieldName(entry.getKey());
          field.slot().write(part, out);
        } catch (InvalidValueException e) {
          throw e.at("." + field.component()).in(label());
        } catch (ReflectiveOperationException e) {
          throw new IllegalArgumentException(
              "%s.%s() failed".formatted(type().getName(), field.component()), e);
        }
      }
    }

    @Override
    String declaration(String name, Function<Declared, String> names) {
      StringBuilder text = new StringBuilder("export interface " + name + " {\n");
      if (typeName != null) {
        text.append("  type: ").append(TypeScript.quoted(typeName)).append(";\n");
      }
      fields.forEach(
          (field, part) ->
              text.append("  ")
                  .append(TypeScript.property(field))
                  .append(part.slot().absence() == Absence.REFUSED ? ": " : "?: ")
                  .append(part.slot().typeScript(names))
                  .append(";\n"));
      return text.append("}\n").toString();
    }
  }

  /** A sealed interface of records. */
  static final class Union extends Declared {
    /** The records in the order of their names: that of {@code permits} may be the compiler's. */
    private final Map<String, Fields> byName = new TreeMap<>();

    private final Map<Class<?>, Fields> byClass = new HashMap<>();

    Union(Class<?> type) {
      super(type);
    }

    /** Adds a record; returns the record that has the same name, or null. */
    @Nullable Fields add(String name, Fields fields) {
      byClass.put(fields.type(), fields);
      return byName.putIfAbsent(name, fields);
    }

    boolean isEmpty() {
      return byName.isEmpty();
    }

    boolean has(String name) {
      return byName.containsKey(name);
    }

    @Override
    String noun() {
      return "an object";
    }

    @Override
    Object read(Object json) throws InvalidValueException {
      if (!(json instanceof Map<?, ?> object)) {
        throw mismatch(json);
      }
      Object type = object.get(Fields.TYPE);
      Fields fields = type instanceof String ? byName.get(type) : null;
      if (fields == null) {
        String fault =
            object.containsKey(Fields.TYPE)
                ? "has as its 'type' %s".formatted(Excerpt.of(type))
                : "has no 'type'";
        throw new InvalidValueException(
            JsonCodec.UNKNOWN_TYPE,
            "%s; the types are %s".formatted(fault, JsonCodec.listed(byName.keySet())));
      }
      return fields.read(json);
    }

    @Override
    void write(Object value, JsonGenerator out) throws IOException, InvalidValueException {
      out.writeStartObject();
      writeFields(value, out);
      out.writeEndObject();
    }

    void writeFields(Object value, JsonGenerator out) throws IOException, InvalidValueException {
      Fields fields = byClass.get(value.getClass());
      if (fields == null) {
        throw new AssertionError(value.getClass() + " is not permitted by " + type());
      }
      fields.writeFields(value, out);
    }

    @Override
    String declaration(String name, Function<Declared, String> names) {
      return byName.values().stream()
          .map(names)
          .collect(Collectors.joining(" | ", "export type " + name + " = ", ";\n"));
    }
  }
}
