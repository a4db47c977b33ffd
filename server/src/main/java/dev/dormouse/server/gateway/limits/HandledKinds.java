package dev.dormouse.server.gateway.limits;

import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.HttpRequest;
import dev.dormouse.sdk.WebSocketActor;
import dev.dormouse.sdk.spi.ActorInvoker;
import java.nio.ByteBuffer;

/**
 * The kinds of messages and requests for which the class of an actor type has a handler. The
 * gateway refuses the other kinds, so that they do not wake the actor.
 *
 * @param texts whether text messages are handled; if not, a text message without an automatic reply
 *     closes its connection with 1003
 * @param binaries whether binary messages are handled; if not, a binary message closes its
 *     connection with 1003
 * @param requests whether plain HTTP requests are handled; if not, they are answered 426 or 405
 */
public record HandledKinds(boolean texts, boolean binaries, boolean requests) {
  /** Everything is handled. */
  public static final HandledKinds ALL = new HandledKinds(true, true, true);

  /** Returns the kinds whose handlers a class, or one of its base classes, overrides. */
  public static HandledKinds of(Class<? extends WebSocketActor<?>> type) {
    return new HandledKinds(
        ActorInvoker.overrides(type, "onMessage", Connection.class, String.class),
        ActorInvoker.overrides(type, "onMessage", Connection.class, ByteBuffer.class),
        ActorInvoker.overrides(type, "onRequest", HttpRequest.class));
  }
}
