package dev.dormouse.server.host;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ActorOptions;
import dev.dormouse.sdk.ActorRef;
import dev.dormouse.sdk.Call;
import dev.dormouse.sdk.CallFailedException;
import dev.dormouse.sdk.OutsideRef;
import dev.dormouse.sdk.WebSocketActor;
import dev.dormouse.sdk.spi.CallHandlers;
import dev.dormouse.server.host.turn.ActorType;
import dev.dormouse.server.observe.DormouseObserver;
import dev.dormouse.server.observe.Observers;
import dev.dormouse.server.protocol.DirectTransport;
import dev.dormouse.server.protocol.Owner;
import dev.dormouse.server.protocol.Placement;
import dev.dormouse.storage.MemoryDisk;
import dev.dormouse.storage.Stores;
import dev.dormouse.storage.codec.Codecs;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A host on a disk of memory whose actors, of one type, do what the test says: each call carries
 * the name of an action.
 */
final class CallHost {
  /** Has the actor do an action of the test. */
  record Do(String action) implements Call<String> {}

  /** An action, which may call others. */
  interface Action {
    @Nullable Object run(Doer actor) throws Exception;
  }

  final Map<String, Action> actions = new HashMap<>();
  final List<String> done = new ArrayList<>();
  final List<DormouseObserver.CallEnded> ended = new ArrayList<>();
  final ManualTime time;
  final Steps steps = new Steps();
  final HeldStore store;
  final ActorHost host;
  final Observers observers;

  /** The actor whose calls are actions of the test. */
  static final class Doer extends WebSocketActor<Void> {
    private final CallHost test;

    Doer(CallHost test) {
      this.test = test;
    }

    CompletionStage<@Nullable String> onCall(Do call) throws Exception {
      test.done.add(id().key() + " " + call.action());
      Action action = test.actions.get(call.action());
      Object result = action == null ? call.action() : action.run(this);
      return result instanceof CompletionStage<?> stage
          ? stage.thenApply(String::valueOf)
          : CompletableFuture.completedStage(result == null ? null : result.toString());
    }

    ActorRef<Doer> other(String key) {
      return actor(Doer.class, key);
    }

    String name() {
      return id().key();
    }

    void put(String key, int value) {
      storage().put(key, value);
    }

    int get(String key) {
      return storage().get(key, Integer.class).orElse(0);
    }

    void awaiting(CompletionStage<?> stage) {
      waitFor(stage);
    }

    void after(Runnable action) {
      afterCommit(action);
    }

    RuntimeException resetNow(String why) {
      return reset(why);
    }

    @Override
    protected void onActivate() throws Exception {
      Action action = test.actions.get("activate " + id().key());
      if (action != null) {
        action.run(this);
      }
    }
  }

  CallHost() {
    this(new MemoryDisk(), new ManualTime(), HostOptions.defaults());
  }

  CallHost(MemoryDisk disk, ManualTime time, HostOptions options) {
    this.time = time;
    store = new HeldStore(Stores.memory(disk));
    CallHandlers calls = CallHandlers.of(Doer.class);
    ActorType type =
        new ActorType(
            "doer",
            () -> new Doer(this),
            calls,
            Codecs.kryo(calls.types()),
            Object.class,
            true,
            id -> steps,
            ActorOptions.defaults());
    DirectTransport transport = new DirectTransport();
    observers = new Observers(time);
    host =
        new ActorHost(
            List.of(type),
            store,
            transport,
            "",
            Placement.fixed(new Owner("", 1)),
            ActorHost.NO_ROUTE,
            time,
            options,
            observers);
    transport.connect(host, record -> {});
    Runnable unused =
        observers.add(
            new DormouseObserver() {
              @Override
              public void callEnded(CallEnded call) {
                ended.add(call);
              }
            });
  }

  static ActorId id(String key) {
    return new ActorId("doer", key);
  }

  OutsideRef<Doer> actor(String key) {
    return host.actor(Doer.class, key);
  }

  /** Asks an actor to do an action, and runs all that can run. */
  CompletableFuture<String> ask(String key, String action) {
    CompletableFuture<String> answer = actor(key).ask(new Do(action)).toCompletableFuture();
    steps.runAll();
    return answer;
  }

  void action(String name, Function<Doer, @Nullable Object> action) {
    actions.put(name, action::apply);
  }

  void advance(Duration by) {
    time.advance(by);
    host.tick();
    host.ringAlarms();
    steps.runAll();
  }

  static CallFailedException failure(CompletableFuture<?> answer) {
    if (!answer.isCompletedExceptionally()) {
      throw new AssertionError("the call has not failed: " + answer);
    }
    Throwable error = answer.handle((value, thrown) -> thrown).join();
    return (CallFailedException) (error.getCause() == null ? error : error.getCause());
  }
}
