package dev.dormouse.json;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.dormouse.json.Shape.Union;
import dev.dormouse.sdk.MessageCodec;
import dev.dormouse.sdk.MessageRefusedException;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads and writes messages in JSON. Messages are records of a sealed interface, which may permit
 * further sealed interfaces. Each message is one object of JSON.
 *
 * <pre>{@code
 * JsonCodec<Chat.Out, Chat.In> page = JsonCodec.of(Chat.Out.class, Chat.In.class); // a test takes the page's part
 * socket.send(page.encode(new Chat.Say("hello")));
 * Chat.Out heard = page.decode(socket.hear()).message();
 * }</pre>
 *
 * <table>
 *   <caption>The rules</caption>
 *   <tr><th>Java</th><th>JSON</th></tr>
 *   <tr><td>a record of a sealed interface</td><td>an object; its field {@code type} is the simple
 *       name of the record, or that of {@link JsonName}</td></tr>
 *   <tr><td>another record</td><td>an object with a field for each component</td></tr>
 *   <tr><td>{@code List}, {@code Set}, {@code Collection}</td><td>a list; a repeated element of a
 *       set counts once</td></tr>
 *   <tr><td>{@code Map} with keys that are texts</td><td>an object</td></tr>
 *   <tr><td>an enum</td><td>the name of the constant</td></tr>
 *   <tr><td>{@code String}, {@code UUID}</td><td>a text</td></tr>
 *   <tr><td>{@code Instant}, {@code LocalDate}, {@code Duration}</td><td>a text as ISO 8601 has it,
 *       such as {@code 2026-01-31T12:00:00Z}</td></tr>
 *   <tr><td>{@code byte}, {@code short}, {@code int}, {@code long}</td><td>a number without
 *       fraction and exponent. A {@code long} beyond ±(2^53 − 1), which a page cannot tell from its
 *       neighbours, is an error in both directions</td></tr>
 *   <tr><td>{@code float}, {@code double}</td><td>a number; NaN and infinities are errors</td></tr>
 *   <tr><td>{@code BigInteger}, {@code BigDecimal}</td><td>a text with the number, which is exact;
 *       at most 100 characters, and 1,000 places are read</td></tr>
 *   <tr><td>{@code boolean}</td><td>true or false</td></tr>
 * </table>
 *
 * <p><b>Null.</b> A component, an element or a value is there, unless it is declared {@code
 * Optional} or has an annotation that is named {@code Nullable}, of any library: then it may be
 * null, and a component's field may be missing. Where a component is null or empty, its field is
 * not written. A field that is missing otherwise, a value of another type, and a value that the
 * record's constructor refuses are errors that name the field. The text of an {@link
 * IllegalArgumentException} of the constructor goes to the client.
 *
 * <p><b>Refusals.</b> A text that cannot be read is answered with {@code
 * {"type":"error","code":…,"message":…}}. The code is {@code malformed}, {@code unknown_type},
 * {@code invalid_field} or {@code too_deep}. The message says what is wrong, where, and what would
 * be right, in at most 300 characters, with at most 24 of a value that the client sent.
 *
 * <p><b>Questions.</b> A message may have the field {@code $id}, a number or a text of 1 to 64
 * characters. The answer has the same value as {@code $re}, beside the fields of the answer's
 * message if it has one. The refusal of a question is {@code
 * {"$re":…,"$error":{"code":…,"message":…}}}.
 *
 * <p><b>Limits.</b> A message has at most 100,000 values, names and brackets, and is nested at most
 * 32 deep; {@link JsonRules} changes the depth. Numbers have at most 100 characters, names 256. The
 * length of the text is bounded by {@link dev.dormouse.sdk.ActorOptions#messageBytesMax()}.
 *
 * @param <In> the type of the messages that are read
 * @param <Out> the type of the messages that are written
 */
public final class JsonCodec<In, Out> implements MessageCodec<In, Out> {
  static final String MALFORMED = "malformed";
  static final String UNKNOWN_TYPE = "unknown_type";
  static final String INVALID_FIELD = "invalid_field";
  static final String TOO_DEEP = "too_deep";

  /** The field of a question that has its id. */
  static final String ID = "$id";

  /** The field of an answer that has the id of its question. */
  static final String ANSWERED = "$re";

  /** The field of an answer that refuses its question. */
  static final String ERROR = "$error";

  /** The type of a refusal that answers no question. */
  static final String ERROR_TYPE = "error";

  private static final int ID_CHARS_MAX = 64;
  private static final int MESSAGE_CHARS_MAX = 300;
  private static final int LISTED_CHARS = 160;

  private final Class<In> inType;
  private final Union in;
  private final Union out;
  private final int depthMax;

  private JsonCodec(Class<In> in, Class<Out> out, boolean refusesUnknownFields, int depthMax) {
    Shapes shapes = new Shapes(refusesUnknownFields);
    this.inType = in;
    this.in = shapes.messages(in);
    this.out = shapes.messages(out);
    this.depthMax = depthMax;
    for (Union direction : new Union[] {this.in, this.out}) {
      if (direction.has(ERROR_TYPE)) {
        shapes.mistake(
            "%s has a record of the name 'error', which refusals have; give it another name"
                .formatted(direction.type().getName()));
      }
    }
    if (depthMax < 1 || depthMax > JsonRules.DEPTH_CEILING) {
      shapes.mistake(
          "depthMax %s of @JsonRules is not 1 to %s".formatted(depthMax, JsonRules.DEPTH_CEILING));
    }
    shapes.check();
  }

  /**
   * Returns a codec that passes over unknown fields.
   *
   * @param in the sealed interface of the messages that are read
   * @param out the sealed interface of the messages that are written
   * @throws IllegalArgumentException if a type cannot be a message; the text has a line for each
   *     mistake
   */
  public static <In, Out> JsonCodec<In, Out> of(Class<In> in, Class<Out> out) {
    return new JsonCodec<>(in, out, false, JsonRules.DEPTH_DEFAULT);
  }

  /**
   * Returns the codec of an actor class.
   *
   * @throws IllegalArgumentException if the class has mistakes; the text has a line for each
   */
  static JsonCodec<?, ?> ofActor(Class<?> actor) {
    JsonRules rules = actor.getAnnotation(JsonRules.class);
    return new JsonCodec<>(
        argument(actor, 1),
        argument(actor, 2),
        rules != null && rules.refusesUnknownFields(),
        rules == null ? JsonRules.DEPTH_DEFAULT : rules.depthMax());
  }

  /** Returns the class that an actor class gives for a type parameter of {@link JsonActor}. */
  private static Class<?> argument(Class<?> actor, int place) {
    Map<Type, Type> filledIn = new HashMap<>();
    for (Class<?> c = actor; c != JsonActor.class; c = c.getSuperclass()) {
      if (c.getGenericSuperclass() instanceof ParameterizedType base) {
        TypeVariable<?>[] variables = c.getSuperclass().getTypeParameters();
        for (int i = 0; i < variables.length; i++) {
          Type argument = base.getActualTypeArguments()[i];
          filledIn.put(variables[i], filledIn.getOrDefault(argument, argument));
        }
      }
    }
    TypeVariable<?> parameter = JsonActor.class.getTypeParameters()[place];
    if (filledIn.get(parameter) instanceof Class<?> found) {
      return found;
    }
    throw new IllegalArgumentException(
        "it does not say which class its messages %s are; extend JsonActor<A, In, Out> with the"
                .formatted(parameter.getName())
            + " names of sealed interfaces");
  }

  /** Returns the shapes of the messages that are read and written, for {@link TypeScript}. */
  Union[] messages() {
    return new Union[] {in, out};
  }

  @Override
  public Received<In> decode(String text) {
    Map<String, @Nullable Object> object = JsonTree.parse(text, depthMax);
    String question = question(object);
    try {
      return new Received<>(inType.cast(in.read(object)), question);
    } catch (InvalidValueException e) {
      String sentence = e.sentence();
      throw new MessageRefusedException(
          e.code(),
          sentence.length() <= MESSAGE_CHARS_MAX
              ? sentence
              : sentence.substring(0, MESSAGE_CHARS_MAX - 1) + "…",
          question);
    }
  }

  /** Takes the id of a question out of a message; returns it as JSON, or null if there is none. */
  private static @Nullable String question(Map<String, @Nullable Object> message) {
    Object id = message.remove(ID);
    if (id == null) {
      return null;
    } else if (id instanceof JsonTree.Digits number && number.text().length() <= ID_CHARS_MAX) {
      return number.text();
    } else if (id instanceof String text && !text.isEmpty() && text.length() <= ID_CHARS_MAX) {
      return written(generator -> generator.writeString(text));
    }
    throw new MessageRefusedException(
        MALFORMED,
        "the field '$id' must be a number or a text of 1 to %s characters, but is %s"
            .formatted(ID_CHARS_MAX, Excerpt.of(id)),
        null);
  }

  @Override
  public String encode(Out message) {
    return written(generator -> write(message, generator));
  }

  @Override
  public String answer(String question, @Nullable Out answer) {
    return written(
        generator -> {
          generator.writeStartObject();
          writeQuestion(question, generator);
          if (answer != null) {
            writeFields(answer, generator);
          }
          generator.writeEndObject();
        });
  }

  @Override
  public String refusal(@Nullable String question, String code, String message) {
    return written(
        generator -> {
          generator.writeStartObject();
          if (question == null) {
            generator.writeStringField(Shape.Fields.TYPE, ERROR_TYPE);
          } else {
            writeQuestion(question, generator);
            generator.writeObjectFieldStart(ERROR);
          }
          generator.writeStringField("code", code);
          generator.writeStringField("message", message);
          if (question != null) {
            generator.writeEndObject();
          }
          generator.writeEndObject();
        });
  }

  private static void writeQuestion(String question, JsonGenerator generator) throws IOException {
    generator.writeFieldName(ANSWERED);
    generator.writeRawValue(question);
  }

  private void write(Out message, JsonGenerator generator) throws IOException {
    generator.writeStartObject();
    writeFields(message, generator);
    generator.writeEndObject();
  }

  private void writeFields(Out message, JsonGenerator generator) throws IOException {
    try {
      out.writeFields(message, generator);
    } catch (InvalidValueException e) {
      throw new IllegalArgumentException("a message cannot be written: " + e.sentence());
    }
  }

  /** Writes parts of JSON. */
  private interface Writing {
    void to(JsonGenerator generator) throws IOException;
  }

  private static String written(Writing writing) {
    StringWriter text = new StringWriter();
    try {
      JsonGenerator generator = JsonTree.FACTORY.createGenerator(text);
      writing.to(generator);
      generator.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e); // a StringWriter does not fail
    }
    return text.toString();
  }

  /** Returns names in a row, as many as a refusal has room for. */
  static String listed(Collection<String> names) {
    String all = String.join(", ", names);
    return all.length() <= LISTED_CHARS ? all : all.substring(0, LISTED_CHARS - 1) + "…";
  }
}
