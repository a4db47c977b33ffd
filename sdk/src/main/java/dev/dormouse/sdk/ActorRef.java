package dev.dormouse.sdk;

import java.time.Duration;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * A reference to an actor, by which another actor calls it; see {@link WebSocketActor#actor}. The
 * actor that is called need not be in memory, and need not exist yet. A reference can be kept in a
 * field. Its methods can be used within a turn of the actor that made it, on the threads on which
 * the actor itself can be used.
 *
 * <pre>{@code
 * ActorRef<Device> device = actor(Device.class, "d1");
 * device.tell(new Reboot(true));                                  // part of this turn
 * waitFor(device.ask(new State()).thenAccept(state -> from.send(state.toString())));
 * }</pre>
 *
 * @param <T> the class of the actor
 */
public interface ActorRef<T extends WebSocketActor<?>> {

  /** The time that an {@link #ask(Call)} without a deadline waits for its answer. */
  Duration DEADLINE_DEFAULT = Duration.ofSeconds(10);

  /** The longest deadline of an {@link #ask(Call, Duration)}. */
  Duration DEADLINE_MAX = Duration.ofHours(1);

  /** Returns the id of the actor. */
  ActorId id();

  /** Asks the actor, and waits {@link #DEADLINE_DEFAULT} for the answer. */
  default <R extends @Nullable Object> CompletionStage<R> ask(Call<R> call) {
    return ask(call, DEADLINE_DEFAULT);
  }

  /**
   * Asks the actor. The answer comes once the turn that gave it is committed. Use {@code
   * waitFor(ref.ask(…))}: it keeps the asking turn open without blocking a thread, and callbacks of
   * the stage belong to that turn. Without it, callbacks must not use the actor.
   *
   * <p><b>An ask is not part of the turn.</b> It leaves before the asking turn is committed, since
   * its answer comes within the turn. So what the other actor does stays done even if the asking
   * turn fails or is lost afterwards; {@link #tell} is the call that is part of the turn. An ask
   * waits until the asker's earlier turns are committed, so it never speaks of what may yet be
   * lost.
   *
   * <p><b>No deadlock.</b> An actor counts as waiting from its ask until the answer. An ask that
   * would come back to an actor that waits is refused at once with {@link
   * CallFailedException.Reason#CYCLE}, and the message names the path.
   *
   * @param call the request, at most {@link Call#BYTES_MAX} bytes serialized
   * @param deadline how long to wait for the answer, up to {@link #DEADLINE_MAX}, exact to about a
   *     quarter of a second
   * @return completes with the answer on a thread of the asker, or with a {@link
   *     CallFailedException}
   * @throws IllegalArgumentException if the actor's class has no handler for the call, or the
   *     deadline is not positive or too long
   * @throws StoredValueException if the call cannot be serialized
   * @throws LimitExceededException if the call is too large
   * @throws TurnStateException if no turn of the asker is open
   */
  <R extends @Nullable Object> CompletionStage<R> ask(Call<R> call, Duration deadline);

  /**
   * Tells the actor something, as a part of the current turn: the call is stored when this turn is
   * committed, and goes nowhere if the turn fails. It then takes effect exactly once, in a turn of
   * the other actor, even if either process dies meanwhile. The calls of one actor to another take
   * effect in the order in which they were told. Answers are dropped.
   *
   * <p>While the other actor cannot be woken, or is too busy, the call is tried again for as long
   * as it takes. If its handler fails {@value #TELL_ATTEMPTS_MAX} times, with rests of 250 ms and
   * twice as long each time, the call is given up, logged and counted; a restart of the server
   * begins to count anew.
   *
   * @param call the request, at most {@link Call#BYTES_MAX} bytes serialized
   * @throws IllegalArgumentException if the actor's class has no handler for the call
   * @throws StoredValueException if the call cannot be serialized
   * @throws LimitExceededException if the call is too large, if {@value #TELLS_MAX} calls of this
   *     actor have not taken effect yet, or if the turn stores too much
   * @throws TurnStateException if no turn is open
   */
  void tell(Call<?> call);

  /** How often the handler of a {@link #tell} is tried before the call is given up. */
  int TELL_ATTEMPTS_MAX = 6;

  /** The most calls that an actor may have told and that have not taken effect yet. */
  int TELLS_MAX = 1_024;
}
