package dev.dormouse.server;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ActorOptions;
import dev.dormouse.sdk.HttpRequest;
import dev.dormouse.sdk.WebSocketActor;
import dev.dormouse.server.gateway.ActorRoute;
import dev.dormouse.server.host.ActorType;
import dev.dormouse.storage.Codecs;
import dev.dormouse.storage.ValueCodec;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** An actor type as the application described it, for gateway and host to take what is theirs. */
record ActorDefinition(
    String name,
    String path,
    Supplier<? extends WebSocketActor<?>> factory,
    ActorOptions options,
    ValueCodec codec,
    Class<?> attachment,
    boolean answersHttp) {

  static ActorDefinition of(
      String path,
      Class<? extends WebSocketActor<?>> type,
      Supplier<? extends WebSocketActor<?>> factory,
      ActorOptions options) {
    if (!Arrays.asList(path.split("/", -1)).contains(":key")) {
      throw new IllegalArgumentException("the path '%s' has no ':key'".formatted(path));
    }
    String name = options.name() == null ? nameOf(path) : options.name();
    ActorId checked = new ActorId(name, "any");
    Set<Class<?>> stored = new LinkedHashSet<>(options.stored());
    Class<?> attachment = attachmentOf(type);
    if (attachment != null) {
      stored.add(attachment);
    }
    return new ActorDefinition(
        checked.type(),
        path,
        factory,
        options,
        Codecs.kryo(stored, options.renamed(), options.migrations()),
        attachment == null ? Object.class : attachment,
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

  /** The fixed parts of a path, {@code /bench/echo/:key} being {@code bench-echo}. */
  private static String nameOf(String path) {
    return Arrays.stream(path.split("/"))
        .filter(part -> !part.isEmpty() && !part.startsWith(":"))
        .collect(Collectors.joining("-"));
  }

  /**
   * The class that fills in {@code A} of {@code WebSocketActor<A>}; null if there is none to store.
   */
  private static @Nullable Class<?> attachmentOf(Class<?> type) {
    Type superclass = type.getGenericSuperclass();
    if (superclass instanceof ParameterizedType parameterized
        && parameterized.getRawType() == WebSocketActor.class) {
      Type argument = parameterized.getActualTypeArguments()[0];
      Type raw = argument instanceof ParameterizedType p ? p.getRawType() : argument;
      return raw instanceof Class<?> named && named != Void.class ? named : null;
    }
    Class<?> parent = type.getSuperclass();
    return parent == null || parent == WebSocketActor.class ? null : attachmentOf(parent);
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
