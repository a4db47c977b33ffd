package dev.dormouse.server.host.call;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ActorRef;
import dev.dormouse.sdk.Call;
import dev.dormouse.sdk.OutsideRef;
import dev.dormouse.sdk.WebSocketActor;
import dev.dormouse.server.protocol.CallRequest;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * A reference for callers that are not actors.
 *
 * @param <T> the class of the actor
 */
public final class StrangerRef<T extends WebSocketActor<?>> implements OutsideRef<T> {
  private final ActorId id;
  private final CallTypes types;
  private final OpenCalls open;
  private final Executor executor;

  /**
   * Creates a reference to an actor.
   *
   * @throws IllegalArgumentException as {@link CallTypes#idOf} says
   */
  public StrangerRef(Class<T> type, String key, CallTypes types, OpenCalls open) {
    this.id = types.idOf(type, key);
    this.types = types;
    this.open = open;
    this.executor = Objects.requireNonNull(types.executor(id));
  }

  @Override
  public ActorId id() {
    return id;
  }

  @Override
  @SuppressWarnings("unchecked") // the type of the answer was checked when the server started
  public <R extends @Nullable Object> CompletionStage<R> ask(Call<R> call, Duration deadline) {
    return (CompletionStage<R>) send(call, deadline, false);
  }

  @Override
  @SuppressWarnings("unchecked") // the answer to what is told is null
  public CompletionStage<Void> tell(Call<?> call) {
    return (CompletionStage<Void>) (CompletionStage<?>) send(call, ActorRef.DEADLINE_DEFAULT, true);
  }

  private CompletionStage<@Nullable Object> send(Call<?> call, Duration deadline, boolean isTell) {
    checkDeadline(deadline);
    CallTypes.Encoded encoded = types.encode(id, call);
    CallRequest request = new CallRequest(id, encoded.name(), encoded.bytes(), List.of(), null);
    OpenCalls.OpenCall opened = open.open(request, encoded, isTell, executor, deadline);
    opened.send();
    return opened.answer();
  }

  /**
   * Checks a deadline.
   *
   * @throws IllegalArgumentException if it is not positive or too long
   */
  public static void checkDeadline(Duration deadline) {
    if (deadline.isNegative()
        || deadline.isZero()
        || deadline.compareTo(ActorRef.DEADLINE_MAX) > 0) {
      throw new IllegalArgumentException(
          "the deadline %s is not more than 0 and at most %s"
              .formatted(deadline, ActorRef.DEADLINE_MAX));
    }
  }

  @Override
  public String toString() {
    return id.toString();
  }
}
