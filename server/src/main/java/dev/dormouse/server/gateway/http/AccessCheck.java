package dev.dormouse.server.gateway.http;

import dev.dormouse.log.Log;
import dev.dormouse.sdk.Access;
import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.sdk.RequestHead;
import dev.dormouse.sdk.ResponseException;
import dev.dormouse.server.gateway.limits.Refusal;
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
 * Asks an actor type's access rule whether a client may connect. A rule that fails or takes longer
 * than the limit of a handshake denies access. Called on the request's context.
 */
public final class AccessCheck {
  private static final int LINES_PER_SECOND = 10;

  private static final Logger log = Log.of(AccessCheck.class);

  private final Duration limit;
  private final LineRate lines;

  /**
   * Creates a check.
   *
   * @param limit the longest time that a rule may take
   */
  public AccessCheck(Time time, Duration limit) {
    this.limit = limit;
    this.lines =
        new LineRate(time, LINES_PER_SECOND, Duration.ofSeconds(1).dividedBy(LINES_PER_SECOND));
  }

  /** The caller that asked for a decision. Exactly one of its methods is called, once. */
  public interface Asker {
    /** Handles the rule's consent: the actor may be asked. */
    void granted();

    /** Handles the rule's denial: the client is to get this response. */
    void denied(Refusal why, HttpResponse response);
  }

  /** A decision that calls the right method of an asker. */
  private interface Decision {
    void tell(Asker asker);
  }

  /**
   * Asks the rule of the request's actor type.
   *
   * @param asker is called on the request's context; at once, if the rule decides at once
   */
  public void ask(ActorRequest request, Asker asker) {
    ask(
        request.actor(),
        request.head(),
        request.route().options().access(),
        asker,
        later -> await(request, later, asker));
  }

  /**
   * Asks a rule on the caller's thread.
   *
   * @param rule the rule; null if every client may connect
   * @param asker is called at once, if the rule decides at once
   * @param await is called instead, if the rule decides later; it must call {@link #tell} then
   */
  public void ask(
      ActorId actor,
      RequestHead head,
      @Nullable BiFunction<ActorId, RequestHead, Access> rule,
      Asker asker,
      Consumer<Access.Later> await) {
    if (rule == null) {
      asker.granted();
      return;
    }
    Access access;
    ThreadState before = ThreadState.uninterrupted();
    Map<String, String> labels = LogLabels.now();
    try {
      access = rule.apply(actor, head);
    } catch (Throwable e) {
      failed(actor, e).tell(asker);
      return;
    } finally {
      before.restore();
      LogLabels.restore(labels);
    }
    if (access instanceof Access.Later later) {
      await.accept(later);
    } else {
      decision(actor, access).tell(asker);
    }
  }

  /** Calls the asker when a rule has decided, on the thread that completes the rule's stage. */
  public void tell(ActorId actor, Access.Later later, Asker asker) {
    var unused =
        settled(later)
            .whenComplete(
                (access, e) ->
                    (e == null ? decision(actor, access) : failed(actor, e)).tell(asker));
  }

  /** Returns the answer to a client whose rule did not decide in time. */
  public static HttpResponse tooLate() {
    return HttpAnswers.unavailable("the access rule did not decide in time");
  }

  private void await(ActorRequest request, Access.Later later, Asker asker) {
    ActorId actor = request.actor();
    Context context = request.context();
    Vertx vertx = context.owner();
    Promise<Decision> decided = Promise.promise();
    long timer =
        vertx.setTimer(Math.max(1, limit.toMillis()), elapsed -> decided.tryComplete(overdue()));
    settled(later)
        .whenComplete(
            (access, e) ->
                decided.tryComplete(e == null ? decision(actor, access) : failed(actor, e)));
    decided
        .future()
        .onSuccess(
            decision ->
                context.runOnContext(
                    run -> {
                      vertx.cancelTimer(timer);
                      decision.tell(asker);
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

  private Decision decision(ActorId actor, @Nullable Access access) {
    if (access instanceof Access.Granted) {
      return Asker::granted;
    } else if (access instanceof Access.Denied denied) {
      return asker -> asker.denied(Refusal.ACCESS, denied.response());
    }
    return failed(actor, new NullPointerException("the rule decided null"));
  }

  private static Decision overdue() {
    return asker -> asker.denied(Refusal.OVERDUE, tooLate());
  }

  private Decision failed(ActorId actor, Throwable thrown) {
    Throwable e =
        thrown instanceof CompletionException && thrown.getCause() != null
            ? thrown.getCause()
            : thrown;
    HttpResponse answer = answerTo(e);
    lines.error(
        log,
        "the access rule of actor {} failed; the client is answered {}",
        actor,
        answer.status(),
        e);
    return asker -> asker.denied(Refusal.ACCESS, answer);
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
}
