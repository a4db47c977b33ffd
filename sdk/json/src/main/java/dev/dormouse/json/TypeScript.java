package dev.dormouse.json;

import dev.dormouse.json.Shape.Declared;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Writes the types of messages as a file of TypeScript, so that the compiler of a page knows them.
 * The file is the same for the same classes, so a build may compare it with one that is checked in.
 *
 * <pre>{@code
 * java -cp app.jar dev.dormouse.json.TypeScript web/src/messages.ts com.example.Chat
 * }</pre>
 *
 * <p>A record is an {@code interface} of the record's simple name, a sealed interface is a union of
 * such interfaces, an enum is a union of texts. A component that may be null or empty is an
 * optional property whose value may be {@code null}; the server leaves it out where it is null. A
 * name that two classes have is preceded by the name of the class around it the second time.
 */
public final class TypeScript {
  private static final Pattern IDENTIFIER = Pattern.compile("[A-Za-z_$][A-Za-z0-9_$]*");

  private static final String HEAD =
      """
      // The messages of %s.
      // dev.dormouse.json.TypeScript writes this file: change the Java classes, not the file.
      // A property with a question mark may be missing or null; the server leaves it out then.

      /** Says why a message was refused. The connection stays open. */
      export interface Refusal {
        type: "error";
        code: string;
        message: string;
      }
      """;

  private final Map<Declared, String> names = new HashMap<>();
  private final Set<String> taken = new HashSet<>(Set.of("Refusal"));
  private final Deque<Declared> toDeclare = new ArrayDeque<>();

  private TypeScript() {}

  /**
   * Returns the declarations of the messages of actor classes, or of sealed interfaces.
   *
   * @throws IllegalArgumentException if a class is neither, or its types cannot be messages; the
   *     text has a line for each mistake
   */
  public static String of(List<Class<?>> classes) {
    return new TypeScript().text(classes);
  }

  /**
   * Writes the file. If that cannot be done, it says why on the standard error stream, and the
   * process ends with 1.
   *
   * @param arguments the file to write, and the names of actor classes or sealed interfaces
   */
  public static void main(String... arguments) {
    try {
      if (arguments.length < 2) {
        throw new IllegalArgumentException(
            "usage: TypeScript FILE CLASS...; a class is an actor or a sealed interface");
      }
      write(Path.of(arguments[0]), Arrays.asList(arguments).subList(1, arguments.length));
    } catch (IllegalArgumentException | IOException e) {
      System.err.println(e.getMessage());
      System.exit(1);
    }
  }

  /**
   * Writes the file, with the folders that it needs.
   *
   * @param classes the binary names of the classes
   */
  static void write(Path file, List<String> classes) throws IOException {
    String text = of(classes.stream().<Class<?>>map(TypeScript::load).toList());
    Path folder = file.toAbsolutePath().getParent();
    if (folder != null) {
      Files.createDirectories(folder);
    }
    Files.writeString(file, text, StandardCharsets.UTF_8);
  }

  private static Class<?> load(String name) {
    try {
      return Class.forName(name, false, TypeScript.class.getClassLoader());
    } catch (ClassNotFoundException e) {
      throw new IllegalArgumentException(
          "there is no class %s on the class path; a nested class is named Chat$In".formatted(name),
          e);
    }
  }

  private String text(List<Class<?>> classes) {
    for (Class<?> type : classes) {
      if (JsonActor.class.isAssignableFrom(type)) {
        for (Shape.Union messages : JsonCodec.ofActor(type).messages()) {
          nameOf(messages);
        }
      } else {
        Shapes shapes = new Shapes(false);
        Shape.Union messages = shapes.messages(type);
        shapes.check();
        nameOf(messages);
      }
    }
    String all = String.join(", ", classes.stream().map(Class::getName).toList());
    StringBuilder text = new StringBuilder(HEAD.formatted(all));
    while (!toDeclare.isEmpty()) {
      Declared next = toDeclare.remove();
      text.append('\n').append(next.declaration(nameOf(next), this::nameOf));
    }
    return text.toString();
  }

  /** Returns the name of a type, which is declared later if it is not yet. */
  private String nameOf(Declared shape) {
    Declared known =
        names.keySet().stream()
            .filter(other -> other.type() == shape.type())
            .findFirst()
            .orElse(shape);
    return names.computeIfAbsent(
        known,
        type -> {
          toDeclare.add(type);
          return free(type.type());
        });
  }

  private String free(Class<?> type) {
    String name = type.getSimpleName();
    Class<?> around = type.getEnclosingClass();
    if (!taken.add(name)) {
      String longer = around == null ? name : around.getSimpleName() + name;
      name = longer;
      for (int i = 2; !taken.add(name); i++) {
        name = longer + i;
      }
    }
    return name;
  }

  /** Returns a text as a literal. */
  static String quoted(String text) {
    StringBuilder literal = new StringBuilder("\"");
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        literal.append('\\').append(c);
      } else if (c < ' ' || c > '~') {
        literal.append("\\u%04x".formatted((int) c));
      } else {
        literal.append(c);
      }
    }
    return literal.append('"').toString();
  }

  /** Returns the name of a property, in quotes if it is no identifier. */
  static String property(String name) {
    return IDENTIFIER.matcher(name).matches() ? name : quoted(name);
  }
}
