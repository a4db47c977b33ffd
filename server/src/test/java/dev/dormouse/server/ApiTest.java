package dev.dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.lang.reflect.AnnotatedArrayType;
import java.lang.reflect.AnnotatedParameterizedType;
import java.lang.reflect.AnnotatedType;
import java.lang.reflect.AnnotatedTypeVariable;
import java.lang.reflect.AnnotatedWildcardType;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.Field;
import java.lang.reflect.Member;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.TypeVariable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Compares the types that applications use with a file of their signatures, so that a review sees
 * each change of the API. The types are those of the published Javadoc: all public types of the
 * SDK, and the types that {@code sourceFileIncludes} lists in the {@code pom.xml} of another
 * module.
 */
// The signatures are the same on each JVM.
@Tag("once")
class ApiTest {
  private static final String RENEW = "dormouse.api.renew";
  private static final Path JAVA = Path.of("src/main/java");
  private static final Pattern INCLUDED = Pattern.compile("<include>(.*)/(\\w+)\\.java</include>");

  /** The types of Dormouse that the signatures have named. */
  private final Set<String> named = new TreeSet<>();

  @ParameterizedTest
  @ValueSource(strings = {"sdk", "storage", "server"})
  void theSignaturesOfAModuleAreThoseOfItsFile(String module) throws Exception {
    Path file = Path.of("..", module, "src/test/resources/api.txt");
    List<String> now = new ArrayList<>();
    for (Class<?> type : published(module)) {
      now.addAll(signatures(type));
      now.add("");
    }
    if (Boolean.getBoolean(RENEW)) {
      Files.createDirectories(file.getParent());
      Files.write(file, now);
    }
    List<String> before = Files.exists(file) ? Files.readAllLines(file) : List.of();
    if (!now.equals(before)) {
      fail(
          """
          the API of %s is not that of its file; if the change is meant, put it into CHANGELOG.md \
          and renew the file:
            mvn test -pl server -am -Dtest=ApiTest -Dsurefire.failIfNoSpecifiedTests=false -D%s=true
          %s
          """,
          module, RENEW, difference(before, now));
    }
  }

  @Test
  void everyTypeThatASignatureNamesIsPublishedToo() throws Exception {
    Set<String> published = new TreeSet<>();
    for (String module : List.of("sdk", "storage", "server")) {
      for (Class<?> type : published(module)) {
        published.add(nameOf(type));
        assertThat(signatures(type)).isNotEmpty();
      }
    }
    named.removeAll(published);
    assertThat(named).isEmpty();
  }

  /**
   * Returns the published types of a module, nested types included, in the order of their names.
   */
  private static Collection<Class<?>> published(String module) throws Exception {
    Path folder = Path.of("..", module);
    List<String> names;
    if (module.equals("sdk")) {
      Path sources = folder.resolve(JAVA);
      try (Stream<Path> files = Files.walk(sources)) {
        names =
            files
                .map(file -> sources.relativize(file).toString())
                .filter(file -> file.endsWith(".java") && !file.endsWith("-info.java"))
                .map(file -> file.replace(".java", "").replace('/', '.'))
                .toList();
      }
    } else {
      names =
          INCLUDED
              .matcher(Files.readString(folder.resolve("pom.xml")))
              .results()
              .map(hit -> hit.group(1).replace('/', '.') + "." + hit.group(2))
              .toList();
    }
    assertThat(names).isNotEmpty();
    Set<Class<?>> types = new TreeSet<>(Comparator.comparing(Class::getName));
    for (String name : names) {
      add(types, Class.forName(name));
    }
    return types;
  }

  private static void add(Set<Class<?>> types, Class<?> type) {
    if (isSeen(type.getModifiers())) {
      types.add(type);
      Arrays.stream(type.getDeclaredClasses()).forEach(nested -> add(types, nested));
    }
  }

  private static boolean isSeen(int modifiers) {
    return Modifier.isPublic(modifiers) || Modifier.isProtected(modifiers);
  }

  /** Returns the head of a type, and a line for each member that an application can see. */
  private List<String> signatures(Class<?> type) throws IllegalAccessException {
    Map<String, String> constants = new TreeMap<>();
    Map<String, String> members = new TreeMap<>();
    for (Field field : type.getDeclaredFields()) {
      if (isSeen(field)) {
        constants.put(field.getName(), signature(field));
      }
    }
    for (Executable member : executables(type)) {
      if (isSeen(member) && !isOfObject(member)) {
        members.put(member.getName() + parameters(member), signature(member));
      }
    }
    members.keySet().removeAll(implied(type));
    List<String> lines = new ArrayList<>();
    lines.add(head(type));
    constants.values().forEach(constant -> lines.add("  " + constant));
    members.values().forEach(member -> lines.add("  " + member));
    return lines;
  }

  private static boolean isSeen(Member member) {
    return isSeen(member.getModifiers()) && !member.isSynthetic();
  }

  private static List<Executable> executables(Class<?> type) {
    List<Executable> all = new ArrayList<>(List.of(type.getDeclaredConstructors()));
    all.addAll(List.of(type.getDeclaredMethods()));
    return all;
  }

  /** Returns the members that follow from the head of a type. */
  private List<String> implied(Class<?> type) {
    List<String> implied = new ArrayList<>();
    if (type.isEnum()) {
      implied.addAll(List.of("values()", "valueOf(String)"));
    } else if (type.isRecord()) {
      RecordComponent[] components = type.getRecordComponents();
      Stream.of(components).forEach(component -> implied.add(component.getName() + "()"));
      implied.add(
          Stream.of(components)
              .map(component -> text(component.getAnnotatedType()))
              .collect(Collectors.joining(", ", type.getName() + "(", ")")));
    }
    return implied;
  }

  private static boolean isOfObject(Executable method) {
    if (method instanceof Constructor) {
      return false;
    }
    try {
      Object.class.getMethod(method.getName(), method.getParameterTypes());
      return true;
    } catch (NoSuchMethodException e) {
      return false;
    }
  }

  private String head(Class<?> type) {
    StringBuilder head = new StringBuilder();
    int modifiers = type.getModifiers() & (Modifier.PROTECTED | Modifier.STATIC);
    if (!type.isInterface()) {
      modifiers |= type.getModifiers() & Modifier.ABSTRACT;
    }
    if (!type.isEnum() && !type.isRecord()) {
      modifiers |= type.getModifiers() & Modifier.FINAL;
    }
    if (type.isInterface() || type.isEnum() || type.isRecord()) {
      modifiers &= ~Modifier.STATIC;
    }
    head.append(modifiers == 0 ? "" : Modifier.toString(modifiers) + " ");
    head.append(type.isSealed() ? "sealed " : "");
    head.append(
        type.isInterface()
            ? "interface "
            : type.isEnum() ? "enum " : type.isRecord() ? "record " : "class ");
    head.append(nameOf(type)).append(variables(type.getTypeParameters()));
    if (type.isRecord()) {
      head.append(
          Arrays.stream(type.getRecordComponents())
              .map(this::component)
              .collect(Collectors.joining(", ", "(", ")")));
    }
    AnnotatedType base = type.getAnnotatedSuperclass();
    if (base != null && !type.isEnum() && !type.isRecord() && base.getType() != Object.class) {
      head.append(" extends ").append(text(base));
    }
    if (type.getInterfaces().length > 0) {
      head.append(type.isInterface() ? " extends " : " implements ");
      head.append(texts(type.getAnnotatedInterfaces()));
    }
    if (type.isSealed()) {
      head.append(
          Arrays.stream(type.getPermittedSubclasses())
              .filter(permitted -> isSeen(permitted.getModifiers()))
              .map(permitted -> shortened(permitted.getName()))
              .collect(Collectors.joining(", ", " permits ", "")));
    }
    return head.toString();
  }

  private String component(RecordComponent component) {
    return text(component.getAnnotatedType()) + " " + component.getName();
  }

  private String signature(Field field) throws IllegalAccessException {
    if (field.isEnumConstant()) {
      return field.getName();
    }
    String signature =
        modifiers(field.getModifiers(), field.getDeclaringClass())
            + text(field.getAnnotatedType())
            + " "
            + field.getName();
    boolean isConstant =
        Modifier.isStatic(field.getModifiers())
            && Modifier.isFinal(field.getModifiers())
            && (field.getType().isPrimitive() || field.getType() == String.class);
    return isConstant ? signature + " = " + field.get(null) : signature;
  }

  private String signature(Executable executable) {
    String signature = modifiers(executable.getModifiers(), executable.getDeclaringClass());
    if (executable instanceof Method method) {
      String variables = variables(method.getTypeParameters());
      signature +=
          (method.isDefault() ? "default " : "")
              + (variables.isEmpty() ? "" : variables + " ")
              + text(method.getAnnotatedReturnType())
              + " "
              + method.getName();
    } else {
      signature += "new";
    }
    signature += parameters(executable);
    return executable.getExceptionTypes().length == 0
        ? signature
        : signature + " throws " + texts(executable.getAnnotatedExceptionTypes());
  }

  private String parameters(Executable executable) {
    String parameters = texts(executable.getAnnotatedParameterTypes());
    return "("
        + (executable.isVarArgs() ? parameters.replaceFirst("\\[]$", "...") : parameters)
        + ")";
  }

  /** Returns the modifiers that matter to a user: every member is public unless it says so. */
  private static String modifiers(int modifiers, Class<?> type) {
    int told = modifiers & (Modifier.PROTECTED | Modifier.STATIC | Modifier.FINAL);
    if (!type.isInterface()) {
      told |= modifiers & Modifier.ABSTRACT;
    }
    return told == 0 ? "" : Modifier.toString(told) + " ";
  }

  private String variables(TypeVariable<?>[] variables) {
    return variables.length == 0
        ? ""
        : Arrays.stream(variables).map(this::bounded).collect(Collectors.joining(", ", "<", ">"));
  }

  private String bounded(TypeVariable<?> variable) {
    String bounds =
        Arrays.stream(variable.getAnnotatedBounds())
            .map(this::text)
            .filter(bound -> !bound.equals("Object"))
            .collect(Collectors.joining(" & "));
    return bounds.isEmpty() ? variable.getName() : variable.getName() + " extends " + bounds;
  }

  private String texts(AnnotatedType[] types) {
    return Arrays.stream(types).map(this::text).collect(Collectors.joining(", "));
  }

  private String text(AnnotatedType type) {
    String nullable = type.isAnnotationPresent(Nullable.class) ? "@Nullable " : "";
    if (type instanceof AnnotatedArrayType array) {
      return text(array.getAnnotatedGenericComponentType())
          + (nullable.isEmpty() ? "" : " " + nullable)
          + "[]";
    } else if (type instanceof AnnotatedParameterizedType generic) {
      return nullable
          + shortened(generic.getType().getTypeName().replaceFirst("<.*", ""))
          + "<"
          + texts(generic.getAnnotatedActualTypeArguments())
          + ">";
    } else if (type instanceof AnnotatedWildcardType wildcard) {
      String lower = texts(wildcard.getAnnotatedLowerBounds());
      String upper = texts(wildcard.getAnnotatedUpperBounds());
      return !lower.isEmpty()
          ? "? super " + lower
          : upper.isEmpty() || upper.equals("Object") ? "?" : "? extends " + upper;
    } else if (type instanceof AnnotatedTypeVariable variable) {
      return nullable + variable.getType().getTypeName();
    }
    return nullable + shortened(type.getType().getTypeName());
  }

  /** Returns the name of a type without its package, if it is the JDK's or Dormouse's. */
  private String shortened(String name) {
    if (name.startsWith("dev.dormouse.")) {
      named.add(name.replace('$', '.'));
    }
    return name.replaceFirst("^(java|dev\\.dormouse)\\.[a-z.]+", "").replace('$', '.');
  }

  private static String nameOf(Class<?> type) {
    return type.getName().replace('$', '.');
  }

  private static String difference(List<String> before, List<String> now) {
    List<String> lines = new ArrayList<>();
    before.stream().filter(line -> !now.contains(line)).forEach(line -> lines.add("- " + line));
    now.stream().filter(line -> !before.contains(line)).forEach(line -> lines.add("+ " + line));
    return lines.isEmpty() ? "the order of the lines differs" : String.join("\n", lines);
  }
}
