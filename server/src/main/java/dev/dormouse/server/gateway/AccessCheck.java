package dev.dormouse.server.gateway;

import dev.dormouse.log.Log;
import dev.dormouse.sdk.Access;
import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.sdk.RequestHead;
import dev.dormouse.sdk.ResponseException;
import dev.dormouse.server.observe.LineRate;
import dev.dormouse.server.observe.LogLabels;
import dev.dormouse.server.observe.ThreadState;
import dev.dormouse.server.protocol.Time;
import io.vertx.core.Context;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.ext.web.handler.HttpException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Asks an actor type's access rule whether a client may come. A rule that takes longer than a
 * handshake may, or fails, denies. On the request's context.
 */
final class AccessCheck {
  private static final int LINES_PER_SECOND = 10;

  private static final Logger log = Log.of(AccessCheck.class);

  private final Vertx vertx;
  private final Duration limit;
  private final LineRate lines;

  /**
   * Creates a check.
   *
   * @param limit how long a rule may take
   */
  AccessCheck(Vertx vertx, Time time, Duration limit) {
    this.vertx = vertx;
    this.limit = limit;
    this.lines =
        new LineRate(time, LINES_PER_SECOND, Duration.ofSeconds(1).dividedBy(LINES_PER_SECOND));
  }

  /** What was decided. */
  sealed interface Outcome {
    /** The actor is to decide. */
    record Granted() implements Outcome {}

    /** The client is to be answered. */
    record Denied(Refusal why, HttpResponse response) implements Outcome {}
  }

  /**
   * Asks the rule of the request's actor type.
   *
   * @param told hears the outcome, once, on the request's context: at once if the rule knows
   */
  void ask(ActorRequest request, Consumer<Outcome> told) {
    ActorId actor = request.actor();
    BiFunction<ActorId, RequestHead, Access> rule = request.route().options().access();
    if (rule == null) {
      told.accept(new Outcome.Granted());
      return;
    }
    Access access;
    ThreadState before = ThreadState.uninterrupted();
    Map<String, String> labels = LogLabels.now();
    try {
      access = rule.apply(actor, request.head());
    } catch (Throwable e) {
      told.accept(failed(actor, e));
      return;
    } finally {
      before.restore();
      LogLabels.restore(labels);
    }
    if (access instanceof Access.Later later) {
      await(actor, later, told);
    } else {
      told.accept(outcome(actor, access));
    }
  }

  private void await(ActorId actor, Access.Later later, Consumer<Outcome> told) {
    Context context = vertx.getOrCreateContext();
    Promise<Outcome> decided = Promise.promise();
    long timer =
        vertx.setTimer(Math.max(1, limit.toMillis()), elapsed -> decided.tryComplete(overdue()));
    settled(later).whenComplete((access, e) -> decided.tryComplete(outcome(actor, access, e)));
    decided
        .future()
        .onSuccess(
            outcome ->
                context.runOnContext(
                    run -> {
                      vertx.cancelTimer(timer);
                      told.accept(outcome);
                    }));
  }

  private static CompletionStage<Access> settled(Access.Later later) {
    return later
        .decision()
        .thenCompose(
            access ->
                access instanceof Access.Later again
                    ? settled(again)
                    : CompletableFuture.completedFuture(access));
  }

  private Outcome outcome(ActorId actor, @Nullable Access access, @Nullable Throwable e) {
    return e == null ? outcome(actor, access) : failed(actor, e);
  }

  private Outcome outcome(ActorId actor, @Nullable Access access) {
    if (access instanceof Access.Granted) {
      return new Outcome.Granted();
    } else if (access instanceof Access.Denied denied) {
      return new Outcome.Denied(Refusal.ACCESS, denied.response());
    }
    return failed(actor, new NullPointerException("the rule decided null"));
  }

  private static Outcome overdue() {
    return new Outcome.Denied(
        Refusal.OVERDUE, HttpAnswers.unavailable("the access rule did not decide in time"));
  }

  private Outcome failed(ActorId actor, Throwable thrown) {
    Throwable e =
        thrown instanceof CompletionException && thrown.getCause() != null
            ? thrown.getCause()
            : thrown;
    HttpResponse answer = answerTo(e);
    complain(actor, answer.status(), e);
    return new Outcome.Denied(Refusal.ACCESS, answer);
  }

  private static HttpResponse answerTo(Throwable e) {
    if (e instanceof ResponseException known && known.response().status() >= 300) {
      return known.response();
    } else if (e instanceof HttpException known
        && known.getStatusCode() >= 300
        && known.getStatusCode() < 600) {
      return HttpResponse.text(known.getStatusCode(), "access is denied");
    }
    return HttpResponse.text(500, "whether access is granted cannot be told");
  }

  private void complain(ActorId actor, int status, Throwable e) {
    long leftOut = lines.next();
    if (leftOut != LineRate.LEAVE_OUT) {
      log.error(
          "the access rule of actor {} failed, the client is answered {} ({} such lines left out)",
          actor,
          status,
          leftOut,
          e);
    }
  }
}
