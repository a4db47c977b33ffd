package dev.dormouse.server.host.turn;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ActorOptions;
import dev.dormouse.sdk.WebSocketActor;
import dev.dormouse.sdk.spi.CallHandlers;
import dev.dormouse.storage.codec.ValueCodec;
import java.lang.reflect.Type;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * A registered actor type: how its objects are made, and where their handlers run.
 *
 * @param name the type's part of its actors' ids
 * @param factory makes a new actor object each time
 * @param calls the handlers of calls, which the type's class has
 * @param codec the codec of attachments, stored values and calls
 * @param attachment the type of attachments; {@code Object.class} if it is not known
 * @param isAttachmentOptional whether a connection may have no attachment
 * @param executor where an actor's handlers run; it may use many threads, since a cell hands it one
 *     task at a time
 * @param options the type's own limits and policies
 */
public record ActorType(
    String name,
    Supplier<? extends WebSocketActor<?>> factory,
    CallHandlers calls,
    ValueCodec codec,
    Type attachment,
    boolean isAttachmentOptional,
    Function<ActorId, Executor> executor,
    ActorOptions options) {

  /**
   * Makes a type of actor that handles no calls, and whose attachments may be of any class, and may
   * be missing.
   */
  public ActorType(
      String name,
      Supplier<? extends WebSocketActor<?>> factory,
      ValueCodec codec,
      Function<ActorId, Executor> executor,
      ActorOptions options) {
    this(name, factory, CallHandlers.none(), codec, Object.class, true, executor, options);
  }
}
