package dev.dormouse.server.admin.dashboard;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.server.admin.StoreReads;
import dev.dormouse.server.host.ActorHost;
import dev.dormouse.server.host.ActorStatus;
import io.vertx.core.AsyncResult;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

/** Drops actors from memory, and answers with the result. */
record ActorDrops(ActorHost host, StoreReads reads) {
  static final int LIMIT_SECONDS = 5;

  /** The number of alarms in an answer. */
  static final int ALARMS_SHOWN = 16;

  /**
   * Drops an actor; to be called on an event loop.
   *
   * @param dropping completes once the actor is dropped
   * @return the actor's status then; fails with a refusal, 409, if the actor is not dropped after
   *     {@value #LIMIT_SECONDS} s
   */
  Future<JsonObject> drop(
      RoutingContext context,
      ActorId actor,
      Function<ActorId, CompletableFuture<Boolean>> dropping) {
    Context loop = context.vertx().getOrCreateContext();
    return Future.fromCompletionStage(
            dropping.apply(actor).orTimeout(LIMIT_SECONDS, TimeUnit.SECONDS), loop)
        .transform(dropped -> reads.read(() -> told(actor, dropped)));
  }

  private JsonObject told(ActorId actor, AsyncResult<Boolean> dropped) {
    Throwable failure = dropped.cause();
    ActorStatus status = host.status(actor);
    JsonObject json = ActorJson.of(status, host.alarms(actor), ALARMS_SHOWN);
    if (failure == null) {
      return json;
    }
    String reason =
        failure instanceof TimeoutException
            ? "the actor is not dropped after %s s, and will be later; it is kept awake by %s"
                .formatted(LIMIT_SECONDS, String.join("; ", status.keptAwakeBy()))
            : String.valueOf(failure);
    throw new StoreReads.Refusal(409, reason, json);
  }
}
