package dev.dormouse.server.node;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ActorOptions;
import dev.dormouse.sdk.HttpRequest;
import dev.dormouse.sdk.WebSocketActor;
import dev.dormouse.server.gateway.http.ActorRoute;
import dev.dormouse.server.host.turn.ActorType;
import dev.dormouse.storage.codec.Codecs;
import dev.dormouse.storage.codec.ValueCodec;
import java.lang.reflect.GenericArrayType;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.lang.reflect.WildcardType;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** Holds an actor type as the application described it; gateway and host each take their part. */
public record ActorDefinition(
    String name,
    String path,
    Supplier<? extends WebSocketActor<?>> factory,
    ActorOptions options,
    ValueCodec codec,
    Class<?> attachment,
    boolean answersHttp) {

  /**
   * Returns the definition of an actor type.
   *
   * @throws IllegalArgumentException if the path, the name or the class cannot be used
   */
  public static ActorDefinition of(
      String path,
      Class<? extends WebSocketActor<?>> type,
      Supplier<? extends WebSocketActor<?>> factory,
      ActorOptions options) {
    if (!Arrays.asList(path.split("/", -1)).contains(":key")) {
      throw new IllegalArgumentException("the path '%s' has no ':key'".formatted(path));
    }
    String name = options.name() == null ? nameOf(path) : options.name();
    ActorId checked = new ActorId(name, "any");
    Set<Class<?>> stored = new LinkedHashSet<>(options.stores());
    Type attached = attachmentOf(type);
    Class<?> attachment = rawOf(attached);
    addClassesOf(attached, stored);
    return new ActorDefinition(
        checked.type(),
        path,
        factory,
        options,
        Codecs.kryo(stored, options.renamed(), options.migrates()),
        attachment,
        overridesOnRequest(type));
  }

  ActorRoute route() {
    return new ActorRoute(name, path, answersHttp, options);
  }

  ActorType type(Function<ActorId, Executor> executor) {
    return new ActorType(
        name,
        factory,
        codec,
        attachment,
        executor,
        options.failurePolicy(),
        options.attachmentBytesMax());
  }

  /**
   * Returns the fixed parts of a path, joined by hyphens: {@code bench-echo} for {@code
   * /bench/echo/:key}.
   */
  private static String nameOf(String path) {
    return Arrays.stream(path.split("/"))
        .filter(part -> !part.isEmpty() && !part.startsWith(":"))
        .collect(Collectors.joining("-"));
  }

  /**
   * Returns the type that a class, or one of its base classes, gives as {@code A} of {@code
   * WebSocketActor<A>}; {@code Object} if none does.
   */
  private static Type attachmentOf(Class<?> type) {
    Map<TypeVariable<?>, Type> filledIn = new HashMap<>();
    Type at = type;
    while (rawOf(at) != WebSocketActor.class) {
      at = rawOf(at).getGenericSuperclass();
      if (at instanceof ParameterizedType filled) {
        TypeVariable<?>[] variables = rawOf(filled).getTypeParameters();
        for (int i = 0; i < variables.length; i++) {
          Type argument = filled.getActualTypeArguments()[i];
          filledIn.put(variables[i], filledIn.getOrDefault(argument, argument));
        }
      }
    }
    return filledIn.getOrDefault(WebSocketActor.class.getTypeParameters()[0], Object.class);
  }

  private static Class<?> rawOf(Type type) {
    if (type instanceof Class<?> raw) {
      return raw == Void.class ? Object.class : raw;
    } else if (type instanceof ParameterizedType filled) {
      return rawOf(filled.getRawType());
    } else if (type instanceof GenericArrayType array) {
      return rawOf(array.getGenericComponentType()).arrayType();
    } else if (type instanceof TypeVariable<?> variable) {
      return rawOf(variable.getBounds()[0]);
    }
    return type instanceof WildcardType wildcard
        ? rawOf(wildcard.getUpperBounds()[0])
        : Object.class;
  }

  /** Adds the classes of a type and of its type arguments to the set. */
  private static void addClassesOf(Type type, Set<Class<?>> stored) {
    stored.add(rawOf(type));
    if (type instanceof ParameterizedType filled) {
      for (Type argument : filled.getActualTypeArguments()) {
        addClassesOf(argument, stored);
      }
    } else if (type instanceof GenericArrayType array) {
      addClassesOf(array.getGenericComponentType(), stored);
    }
  }

  private static boolean overridesOnRequest(Class<?> type) {
    for (Class<?> c = type; c != null && c != WebSocketActor.class; c = c.getSuperclass()) {
      if (Arrays.stream(c.getDeclaredMethods())
          .anyMatch(
              m ->
                  m.getName().equals("onRequest")
                      && Arrays.equals(
                          m.getParameterTypes(), new Class<?>[] {HttpRequest.class}))) {
        return true;
      }
    }
    return false;
  }
}
