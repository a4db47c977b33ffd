package dev.dormouse.sdk;

import java.time.Duration;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * A reference to an actor for callers that are not actors, such as a scheduler or an HTTP handler.
 * The actor need not be in memory, and need not exist yet. A reference can be kept, and any thread
 * may use it.
 *
 * <pre>{@code
 * OutsideRef<Device> device = server.actor(Device.class, "d1");
 * device.ask(new Reboot(true)).thenAccept(done -> log.info("rebooted: {}", done));
 * }</pre>
 *
 * <p>An actor that should call other actors uses {@link ActorRef}. If it uses a reference of this
 * kind, for instance one that its factory gave it, the call is that of a stranger: it is no part of
 * the turn, and it is not known whose turn waits for it.
 *
 * @param <T> the class of the actor
 */
public interface OutsideRef<T extends WebSocketActor<?>> {

  /** Returns the id of the actor. */
  ActorId id();

  /** Asks the actor, and waits {@link ActorRef#DEADLINE_DEFAULT} for the answer. */
  default <R extends @Nullable Object> CompletionStage<R> ask(Call<R> call) {
    return ask(call, ActorRef.DEADLINE_DEFAULT);
  }

  /**
   * Asks the actor. The answer comes once the turn that gave it is committed, so it holds even if
   * the process dies right after.
   *
   * @param call the request, at most {@link Call#BYTES_MAX} bytes serialized
   * @param deadline how long to wait for the answer, up to {@link ActorRef#DEADLINE_MAX}, exact to
   *     about a quarter of a second
   * @return completes with the answer, on a thread of the server's handlers, or with a {@link
   *     CallFailedException}
   * @throws IllegalArgumentException if the actor's class has no handler for the call, or the
   *     deadline is not positive or too long
   * @throws StoredValueException if the call cannot be serialized
   * @throws LimitExceededException if the call is too large
   */
  <R extends @Nullable Object> CompletionStage<R> ask(Call<R> call, Duration deadline);

  /**
   * Tells the actor something, whose answer is dropped. The call is not durable until the actor's
   * turn is committed, which the stage tells: until then it is lost if the process dies.
   *
   * @param call the request, at most {@link Call#BYTES_MAX} bytes serialized
   * @return completes once the effect is committed, or with a {@link CallFailedException}; waits
   *     {@link ActorRef#DEADLINE_DEFAULT}
   * @throws IllegalArgumentException if the actor's class has no handler for the call
   * @throws StoredValueException if the call cannot be serialized
   * @throws LimitExceededException if the call is too large
   */
  CompletionStage<Void> tell(Call<?> call);
}
