package dev.dormouse.server.host.turn;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ActorRef;
import dev.dormouse.sdk.Call;
import dev.dormouse.sdk.CallFailedException.Reason;
import dev.dormouse.sdk.WebSocketActor;
import dev.dormouse.server.host.call.CallTypes;
import dev.dormouse.server.host.call.OpenCalls.OpenCall;
import dev.dormouse.server.host.call.StrangerRef;
import dev.dormouse.server.host.call.Told;
import dev.dormouse.server.protocol.CallRequest;
import dev.dormouse.server.protocol.TellId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A reference by which an actor calls another one within its turns.
 *
 * @param <T> the class of the other actor
 */
final class TurnRef<T extends WebSocketActor<?>> implements ActorRef<T> {
  /** The most actors of which each may wait for the next one. */
  static final int WAITING_MAX = 64;

  private final Activation activation;
  private final ActorId id;
  private final ActorCalls calls;

  TurnRef(Activation activation, ActorId id, ActorCalls calls) {
    this.activation = activation;
    this.id = id;
    this.calls = calls;
  }

  @Override
  public ActorId id() {
    return id;
  }

  @Override
  @SuppressWarnings("unchecked") // the type of the answer was checked when the server started
  public <R extends @Nullable Object> CompletionStage<R> ask(Call<R> call, Duration deadline) {
    StrangerRef.checkDeadline(deadline);
    Turn open = activation.turn();
    CallTypes.Encoded encoded = calls.types().encode(id, call);
    List<ActorId> waiting = waiting(open);
    OpenCall asked =
        calls
            .open()
            .open(
                new CallRequest(id, encoded.name(), encoded.bytes(), waiting, null),
                encoded,
                false,
                activation.executor(),
                deadline);
    int first = waiting.indexOf(id);
    if (first >= 0) {
      asked.failed(
          Reason.CYCLE,
          "it would wait for itself: " + path(waiting.subList(first, waiting.size())));
    } else if (waiting.size() > WAITING_MAX) {
      asked.failed(Reason.CYCLE, "%s actors wait for each other already".formatted(WAITING_MAX));
    } else {
      calls
          .earlier()
          .await(
              open,
              asked::send,
              () -> asked.failed(Reason.ASKER_LOST, "an earlier turn of the asker was not stored"));
    }
    return (CompletionStage<R>) asked.answer();
  }

  @Override
  public void tell(Call<?> call) {
    synchronized (activation) {
      Turn open = activation.turn();
      CallTypes.Encoded encoded = calls.types().encode(id, call);
      calls
          .tells()
          .checkRoom(
              activation.id(), open.told().size() + 1, open.toldBytes() + encoded.bytes().length);
      TellId tell = new TellId(activation.id(), activation.epoch(), calls.tells().nextNumber());
      open.tell(new Told(tell, id, encoded.name(), encoded.bytes()));
    }
  }

  /** Returns the actors that wait for the open turn, and this actor, which waits for the call. */
  private List<ActorId> waiting(Turn open) {
    List<ActorId> waiting = new ArrayList<>();
    if (open.work() instanceof Event.Call call) {
      waiting.addAll(call.request().waiting());
    }
    waiting.add(activation.id());
    return List.copyOf(waiting);
  }

  private String path(List<ActorId> waiting) {
    return waiting.stream().map(ActorId::toString).collect(Collectors.joining(" \u2192 "))
        + " \u2192 "
        + id;
  }

  @Override
  public String toString() {
    return id.toString();
  }
}
