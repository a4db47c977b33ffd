package dev.dormouse.sdk.spi;

import dev.dormouse.sdk.WebSocketActor;

/**
 * Checks the actor classes of a base class when the server starts; see {@link CheckedBy}. An
 * implementation has a public constructor without parameters.
 *
 * <pre>{@code
 * public void check(Class<? extends WebSocketActor<?>> type) {
 *   if (!type.isAnnotationPresent(Topic.class)) throw new IllegalArgumentException("it has no topic");
 * }
 * }</pre>
 */
public interface ActorClassCheck {

  /**
   * Checks an actor class. It must not make an object of it.
   *
   * @throws IllegalArgumentException if the class has mistakes; the message has a line for each
   */
  void check(Class<? extends WebSocketActor<?>> type);
}
