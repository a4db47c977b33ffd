package dev.dormouse.server.node;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ActorOptions;
import dev.dormouse.sdk.StorageKey;
import dev.dormouse.sdk.Upgrade;
import dev.dormouse.sdk.WebSocketActor;
import dev.dormouse.sdk.spi.ActorClassCheck;
import dev.dormouse.sdk.spi.ActorInvoker;
import dev.dormouse.sdk.spi.CallHandlers;
import dev.dormouse.sdk.spi.CheckedBy;
import dev.dormouse.server.gateway.http.ActorRoute;
import dev.dormouse.server.host.turn.ActorType;
import dev.dormouse.storage.codec.Codecs;
import dev.dormouse.storage.codec.ValueCodec;
import java.lang.reflect.AnnotatedParameterizedType;
import java.lang.reflect.AnnotatedType;
import java.lang.reflect.Field;
import java.lang.reflect.GenericArrayType;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.lang.reflect.WildcardType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Holds an actor type as the application described it; gateway and host each take their part. */
public record ActorDefinition(
    String name,
    String path,
    Supplier<? extends WebSocketActor<?>> factory,
    ActorOptions options,
    CallHandlers calls,
    ValueCodec codec,
    Type attachment,
    boolean isAttachmentOptional,
    Class<? extends WebSocketActor<?>> actorClass) {

  /**
   * Returns the definition of an actor type.
   *
   * @throws IllegalArgumentException if the path, the name or a class cannot be used; the message
   *     has a line for each mistake
   */
  public static ActorDefinition of(
      String path,
      Class<? extends WebSocketActor<?>> type,
      Supplier<? extends WebSocketActor<?>> factory,
      ActorOptions options) {
    List<String> faults = new ArrayList<>();
    collect(
        faults,
        () -> {
          ActorRoute.checkPath(path);
          return path;
        });
    String name = options.name() == null ? nameOf(path) : options.name();
    collect(faults, () -> new ActorId(name, "any").type());
    Map<TypeVariable<?>, Type> filledIn = argumentsOf(type);
    Type attachment = attachmentOf(filledIn);
    boolean isOptional = isAttachmentOptional(type, filledIn);
    if (!isOptional && !ActorInvoker.overrides(type, "onUpgrade", Upgrade.class)) {
      faults.add(
          "it has attachments of %s but no onUpgrade; override onUpgrade and call"
                  .formatted(attachment.getTypeName())
              + " upgrade.accept(attachment), or extend WebSocketActor<Void>");
    }
    CheckedBy checked = type.getAnnotation(CheckedBy.class);
    if (checked != null) {
      collect(faults, () -> check(checked.value(), type));
    }
    List<Type> stored = new ArrayList<>(options.stores());
    stored.add(attachment);
    stored.addAll(typesOfKeys(type, filledIn));
    CallHandlers calls = collect(faults, () -> CallHandlers.of(type));
    if (calls != null) {
      stored.addAll(calls.types());
    }
    ValueCodec codec =
        collect(faults, () -> Codecs.kryo(stored, options.renamed(), options.migrates()));
    if (codec == null || calls == null || !faults.isEmpty()) {
      throw new IllegalArgumentException(String.join("\n", faults));
    }
    return new ActorDefinition(
        name, path, factory, options, calls, codec, attachment, isOptional, type);
  }

  /** Runs the check that the base class of an actor class names. */
  private static boolean check(
      Class<? extends ActorClassCheck> check, Class<? extends WebSocketActor<?>> type) {
    try {
      check.getConstructor().newInstance().check(type);
      return true;
    } catch (ReflectiveOperationException e) {
      throw new IllegalArgumentException(
          "its check %s has no public constructor without parameters that works: %s"
              .formatted(check.getName(), e),
          e);
    }
  }

  private static <T> @Nullable T collect(List<String> faults, Supplier<T> step) {
    try {
      return step.get();
    } catch (IllegalArgumentException e) {
      faults.add(String.valueOf(e.getMessage()));
      return null;
    }
  }

  /** Returns the gateway's part of the definition. */
  public ActorRoute route() {
    return ActorRoute.of(name, path, actorClass, options);
  }

  /**
   * Returns the host's part of the definition.
   *
   * @param executor where an actor's handlers run
   */
  public ActorType type(Function<ActorId, Executor> executor) {
    return new ActorType(
        name, factory, calls, codec, attachment, isAttachmentOptional, executor, options);
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

  /** Returns what a class and its base classes give for the type parameters of base classes. */
  private static Map<TypeVariable<?>, Type> argumentsOf(Class<?> type) {
    Map<TypeVariable<?>, Type> filledIn = new HashMap<>();
    for (Class<?> c = type; c != WebSocketActor.class; c = c.getSuperclass()) {
      if (c.getGenericSuperclass() instanceof ParameterizedType base) {
        TypeVariable<?>[] variables = c.getSuperclass().getTypeParameters();
        for (int i = 0; i < variables.length; i++) {
          filledIn.put(variables[i], fill(base.getActualTypeArguments()[i], filledIn));
        }
      }
    }
    return filledIn;
  }

  /**
   * Returns the type that an actor class gives as {@code A} of {@code WebSocketActor<A>}; {@code
   * Object} if it gives none, and for {@code Void}.
   */
  private static Type attachmentOf(Map<TypeVariable<?>, Type> filledIn) {
    Type attachment =
        filledIn.getOrDefault(WebSocketActor.class.getTypeParameters()[0], Object.class);
    return attachment == Void.class ? Object.class : attachment;
  }

  /**
   * Returns whether a connection may have no attachment, because the type of attachments is {@code
   * Void}, or has an annotation that is named {@code Nullable}, of any library.
   */
  private static boolean isAttachmentOptional(Class<?> type, Map<TypeVariable<?>, Type> filledIn) {
    TypeVariable<?> attachment = WebSocketActor.class.getTypeParameters()[0];
    Set<Type> nullable = new HashSet<>();
    for (Class<?> c = type; c != WebSocketActor.class; c = c.getSuperclass()) {
      if (c.getAnnotatedSuperclass() instanceof AnnotatedParameterizedType base) {
        TypeVariable<?>[] variables = c.getSuperclass().getTypeParameters();
        for (int i = 0; i < variables.length; i++) {
          AnnotatedType argument = base.getAnnotatedActualTypeArguments()[i];
          boolean isAnnotated =
              Arrays.stream(argument.getAnnotations())
                  .anyMatch(a -> a.annotationType().getSimpleName().equals("Nullable"));
          if (isAnnotated || nullable.contains(argument.getType())) {
            nullable.add(variables[i]);
          }
        }
      }
    }
    return filledIn.get(attachment) == Void.class || nullable.contains(attachment);
  }

  /** Returns the types of the values of the storage keys that are fields of an actor class. */
  private static List<Type> typesOfKeys(Class<?> type, Map<TypeVariable<?>, Type> filledIn) {
    List<Type> types = new ArrayList<>();
    for (Class<?> c = type; c != WebSocketActor.class; c = c.getSuperclass()) {
      for (Field field : c.getDeclaredFields()) {
        if (field.getType() == StorageKey.class
            && field.getGenericType() instanceof ParameterizedType key) {
          types.add(fill(key.getActualTypeArguments()[0], filledIn));
        }
      }
    }
    return types;
  }

  /** Returns a type with the type variables replaced that a subclass has filled in. */
  private static Type fill(Type type, Map<TypeVariable<?>, Type> filledIn) {
    if (type instanceof TypeVariable<?> variable) {
      return filledIn.getOrDefault(variable, variable);
    } else if (type instanceof ParameterizedType generic) {
      return new FilledType(
          (Class<?>) generic.getRawType(),
          Arrays.stream(generic.getActualTypeArguments()).map(a -> fill(a, filledIn)).toList());
    } else if (type instanceof GenericArrayType array) {
      Type element = fill(array.getGenericComponentType(), filledIn);
      return element instanceof Class<?> c ? c.arrayType() : new FilledArray(element);
    } else if (type instanceof WildcardType wildcard) {
      return fill(wildcard.getUpperBounds()[0], filledIn);
    }
    return type;
  }

  /** A generic class with its type arguments. */
  private record FilledType(Class<?> getRawType, List<Type> arguments)
      implements ParameterizedType {
    @Override
    public Type[] getActualTypeArguments() {
      return arguments.toArray(Type[]::new);
    }

    @Override
    public @Nullable Type getOwnerType() {
      return getRawType.getDeclaringClass();
    }

    @Override
    public String toString() {
      return arguments.stream()
          .map(Type::getTypeName)
          .collect(Collectors.joining(", ", getRawType.getName() + "<", ">"));
    }
  }

  /** An array of a generic type. */
  private record FilledArray(Type getGenericComponentType) implements GenericArrayType {
    @Override
    public String toString() {
      return getGenericComponentType.getTypeName() + "[]";
    }
  }
}
