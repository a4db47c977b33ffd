package dev.dormouse.server.host.call;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.Call;
import dev.dormouse.sdk.LimitExceededException;
import dev.dormouse.sdk.WebSocketActor;
import dev.dormouse.sdk.spi.CallHandlers;
import dev.dormouse.storage.codec.ValueCodec;
import java.lang.reflect.Type;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The actor types that can be called, and the form of their calls as bytes. Immutable. */
public final class CallTypes {
  private static final byte[] NULL = {};

  /**
   * An actor type that can be called.
   *
   * @param name the type's name
   * @param handlers the handlers of the type's class
   * @param codec encodes calls and answers
   * @param executor where the handlers of an actor run
   */
  public record Callable(
      String name, CallHandlers handlers, ValueCodec codec, Function<ActorId, Executor> executor) {}

  /**
   * A call that is ready to be sent.
   *
   * @param name the simple name of its class
   * @param bytes the call in the target's encoding
   * @param answer the type of the answer
   * @param codec decodes the answer
   */
  @SuppressWarnings("ArrayRecordComponent") // nobody compares them
  public record Encoded(String name, byte[] bytes, Type answer, ValueCodec codec) {}

  private final Map<String, Callable> types;

  /** Creates the table of some types, whose names differ. */
  public CallTypes(Collection<Callable> types) {
    this.types =
        types.stream().collect(Collectors.toUnmodifiableMap(Callable::name, Function.identity()));
  }

  /**
   * Returns the id of an actor of a class.
   *
   * @throws IllegalArgumentException if there is no actor type of this class or more than one, or
   *     the key cannot be one
   */
  public ActorId idOf(Class<? extends WebSocketActor<?>> actor, String key) {
    List<String> names =
        types.values().stream()
            .filter(type -> type.handlers.actor() == actor)
            .map(Callable::name)
            .sorted()
            .toList();
    if (names.isEmpty()) {
      throw new IllegalArgumentException(
          "there is no actor type of class %s; register it with the server"
              .formatted(actor.getName()));
    }
    if (names.size() > 1) {
      throw new IllegalArgumentException(
          "class %s is that of the actor types %s; give each a class of its own to call it"
              .formatted(actor.getName(), names));
    }
    return new ActorId(names.get(0), key);
  }

  /** Returns where the handlers of an actor run; null if there is no such type. */
  public @Nullable Executor executor(ActorId actor) {
    Callable type = types.get(actor.type());
    return type == null ? null : type.executor.apply(actor);
  }

  /**
   * Encodes a call to an actor of a known type.
   *
   * @throws IllegalArgumentException if the class of the actor does not handle the call
   * @throws dev.dormouse.sdk.StoredValueException if the call cannot be serialized
   * @throws LimitExceededException if the call is too large
   */
  public Encoded encode(ActorId target, Call<?> call) {
    Callable type = types.get(target.type());
    CallHandlers.Handler handler = type == null ? null : type.handlers.handler(call.getClass());
    if (type == null || handler == null) {
      List<String> known = type == null ? List.of() : type.handlers.names();
      throw new IllegalArgumentException(
          "actor type '%s' has no onCall for %s; it has %s"
              .formatted(target.type(), call.getClass().getName(), known));
    }
    try {
      byte[] bytes = type.codec.encode(call, Call.BYTES_MAX);
      return new Encoded(call.getClass().getSimpleName(), bytes, handler.answer(), type.codec);
    } catch (LimitExceededException e) {
      throw e.at("a call to " + target + ": ");
    }
  }

  /** Encodes an answer; null is an answer, too. */
  public static byte[] encodeAnswer(ValueCodec codec, @Nullable Object answer) {
    try {
      return answer == null ? NULL : codec.encode(answer, Call.BYTES_MAX);
    } catch (LimitExceededException e) {
      throw e.at("the answer to a call: ");
    }
  }

  /** Decodes an answer. */
  static @Nullable Object decodeAnswer(ValueCodec codec, Type type, byte[] answer) {
    return answer.length == 0 ? null : codec.decode(answer, type);
  }
}
