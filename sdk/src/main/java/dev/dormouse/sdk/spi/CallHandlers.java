package dev.dormouse.sdk.spi;

import dev.dormouse.sdk.Call;
import dev.dormouse.sdk.WebSocketActor;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.InaccessibleObjectException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.lang.reflect.WildcardType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * The methods {@code onCall} of an actor class, by the classes of calls that they handle.
 * Immutable.
 *
 * <pre>{@code
 * CallHandlers calls = CallHandlers.of(Device.class);
 * Object answer = calls.handler(Reboot.class).invoke(device, new Reboot(true));
 * }</pre>
 */
public final class CallHandlers {

  /** A method that handles one class of calls. */
  public static final class Handler {
    private final MethodHandle method;
    private final Type answer;

    private Handler(MethodHandle method, Type answer) {
      this.method = method;
      this.answer = answer;
    }

    /** Returns the type of the answers; {@code Void} if there are none. */
    public Type answer() {
      return answer;
    }

    /**
     * Calls the method of an actor object.
     *
     * @return the answer, or a {@link CompletionStage} of it; null for no answer
     */
    public @Nullable Object invoke(WebSocketActor<?> actor, Call<?> call) throws Exception {
      try {
        return method.invokeExact((Object) actor, (Object) call);
      } catch (Exception | Error e) {
        throw e;
      } catch (Throwable e) {
        throw new IllegalStateException(e);
      }
    }
  }

  private static final CallHandlers NONE = new CallHandlers(null, Map.of());

  private final @Nullable Class<? extends WebSocketActor<?>> actor;
  private final Map<Class<?>, Handler> handlers;

  private CallHandlers(
      @Nullable Class<? extends WebSocketActor<?>> actor, Map<Class<?>, Handler> handlers) {
    this.actor = actor;
    this.handlers = handlers;
  }

  /** Returns the handlers of an actor type whose class is not known; there are none. */
  public static CallHandlers none() {
    return NONE;
  }

  /**
   * Finds the handlers of an actor class and its base classes.
   *
   * @throws IllegalArgumentException if a method {@code onCall} cannot handle calls; the message
   *     has a line for each mistake
   */
  public static CallHandlers of(Class<? extends WebSocketActor<?>> actor) {
    Map<Class<?>, Handler> found = new LinkedHashMap<>();
    List<String> faults = new ArrayList<>();
    for (Class<?> c = actor; c != null && c != WebSocketActor.class; c = c.getSuperclass()) {
      for (Method method : c.getDeclaredMethods()) {
        if (method.getName().equals("onCall") && !method.isSynthetic()) {
          try {
            add(found, method);
          } catch (IllegalArgumentException | InaccessibleObjectException e) {
            faults.add(nameOf(method) + ": " + e.getMessage());
          }
        }
      }
    }
    if (!faults.isEmpty()) {
      throw new IllegalArgumentException(String.join("\n", faults));
    }
    return new CallHandlers(actor, Map.copyOf(found));
  }

  private static String nameOf(Method method) {
    List<String> parameters = new ArrayList<>();
    for (Class<?> parameter : method.getParameterTypes()) {
      parameters.add(parameter.getSimpleName());
    }
    return "onCall(%s) of %s"
        .formatted(String.join(", ", parameters), method.getDeclaringClass().getName());
  }

  private static void add(Map<Class<?>, Handler> found, Method method) {
    Class<?>[] parameters = method.getParameterTypes();
    if (parameters.length != 1
        || !Call.class.isAssignableFrom(parameters[0])
        || Modifier.isAbstract(parameters[0].getModifiers())) {
      throw new IllegalArgumentException(
          "it must have one parameter, a class that implements Call<R>");
    }
    if (Modifier.isStatic(method.getModifiers())) {
      throw new IllegalArgumentException("it must not be static");
    }
    Class<?> call = parameters[0];
    Type answer = argumentOf(call, Call.class);
    if (answer == null) {
      throw new IllegalArgumentException(
          call.getSimpleName() + " does not say the type of its answer: implement Call<R>");
    }
    Type returned = method.getGenericReturnType();
    Class<?> raw = boxed(rawOf(returned));
    Type given = CompletionStage.class.isAssignableFrom(raw) ? stageOf(returned, raw) : raw;
    boolean isFitting =
        answer == Void.class
            ? given == void.class || given == Void.class
            : given != null && rawOf(answer).isAssignableFrom(boxed(rawOf(given)));
    if (!isFitting) {
      String name = answer.getTypeName();
      throw new IllegalArgumentException(
          "it returns %s, but %s is a Call<%s>: return %s, or a CompletionStage of it"
              .formatted(
                  returned.getTypeName(),
                  call.getSimpleName(),
                  name,
                  answer == Void.class ? "void" : name));
    }
    method.setAccessible(true);
    try {
      MethodHandle handle =
          MethodHandles.lookup()
              .unreflect(method)
              .asType(MethodType.methodType(Object.class, Object.class, Object.class));
      found.putIfAbsent(call, new Handler(handle, answer));
    } catch (IllegalAccessException e) {
      throw new IllegalArgumentException(e);
    }
  }

  private static @Nullable Type stageOf(Type returned, Class<?> raw) {
    if (returned instanceof ParameterizedType generic && generic.getRawType() == raw) {
      Type[] arguments = generic.getActualTypeArguments();
      Type own = argumentOf(raw, CompletionStage.class);
      TypeVariable<?>[] variables = raw.getTypeParameters();
      for (int i = 0; i < variables.length; i++) {
        if (variables[i].equals(own) || raw == CompletionStage.class) {
          return arguments[i];
        }
      }
      return own;
    }
    return argumentOf(raw, CompletionStage.class);
  }

  /** Returns what a class gives for the only type parameter of an interface; null if nothing. */
  private static @Nullable Type argumentOf(Class<?> type, Class<?> wanted) {
    Map<Type, Type> filledIn = new HashMap<>();
    return argumentOf((Type) type, wanted, filledIn);
  }

  private static @Nullable Type argumentOf(Type type, Class<?> wanted, Map<Type, Type> filledIn) {
    Class<?> raw = rawOf(type);
    if (type instanceof ParameterizedType generic) {
      TypeVariable<?>[] variables = raw.getTypeParameters();
      for (int i = 0; i < variables.length; i++) {
        Type argument = generic.getActualTypeArguments()[i];
        filledIn.put(variables[i], filledIn.getOrDefault(argument, argument));
      }
      if (raw == wanted) {
        return filledIn.get(variables[0]);
      }
    }
    for (Type base : raw.getGenericInterfaces()) {
      Type found = wanted.isAssignableFrom(rawOf(base)) ? argumentOf(base, wanted, filledIn) : null;
      if (found != null) {
        return found;
      }
    }
    Type base = raw.getGenericSuperclass();
    return base != null && wanted.isAssignableFrom(rawOf(base))
        ? argumentOf(base, wanted, filledIn)
        : null;
  }

  private static Class<?> rawOf(Type type) {
    if (type instanceof Class<?> c) {
      return c;
    } else if (type instanceof ParameterizedType generic) {
      return (Class<?>) generic.getRawType();
    } else if (type instanceof WildcardType wildcard) {
      return rawOf(wildcard.getUpperBounds()[0]);
    } else if (type instanceof TypeVariable<?> variable) {
      return rawOf(variable.getBounds()[0]);
    }
    return Object[].class;
  }

  private static Class<?> boxed(Class<?> type) {
    return type == void.class ? type : MethodType.methodType(type).wrap().returnType();
  }

  /** Returns the actor class; null if it is not known. */
  public @Nullable Class<? extends WebSocketActor<?>> actor() {
    return actor;
  }

  /** Returns the handler of a class of calls; null if there is none. */
  public @Nullable Handler handler(Class<?> call) {
    return handlers.get(call);
  }

  /** Returns the types of all calls and answers, which must be storable. */
  public List<Type> types() {
    List<Type> types = new ArrayList<>(handlers.keySet());
    for (Handler handler : handlers.values()) {
      if (handler.answer != Void.class) {
        types.add(handler.answer);
      }
    }
    return types;
  }

  /** Returns the names of the classes of calls that are handled, in order, for messages. */
  public List<String> names() {
    return handlers.keySet().stream().map(Class::getSimpleName).sorted().toList();
  }
}
