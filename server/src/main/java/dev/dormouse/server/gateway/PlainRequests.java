package dev.dormouse.server.gateway;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.HttpRequest;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.sdk.RequestHead;
import dev.dormouse.server.gateway.AccessCheck.Outcome;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Plain HTTP requests to actors: asks the access rule, reads the body, at most {@link
 * HttpRequest#BODY_BYTES_MAX} [413], asks the host, answers what it says, within {@link
 * GatewayOptions#request} [504].
 *
 * <p>On the request's context, but for {@link #responded}.
 */
final class PlainRequests {
  private final GatewayParts parts;
  private final Vertx vertx;
  private final AccessCheck access;
  private final AtomicLong numbers = new AtomicLong();
  private final ConcurrentHashMap<Long, Waiting> waiting = new ConcurrentHashMap<>();

  private record Waiting(RoutingContext request, Context context, long timer) {}

  PlainRequests(GatewayParts parts, Vertx vertx, AccessCheck access) {
    this.parts = parts;
    this.vertx = vertx;
    this.access = access;
  }

  void pass(RoutingContext request, ActorRoute route, ActorId actor, RequestHead head) {
    if (!request.request().isEnded()) {
      request.request().pause();
    }
    access.ask(
        route,
        actor,
        head,
        outcome -> {
          if (outcome instanceof Outcome.Denied denied) {
            HttpAnswers.send(request, denied.response());
          } else if (!request.response().closed()) {
            read(request, actor, head);
          }
        });
  }

  private void read(RoutingContext request, ActorId actor, RequestHead head) {
    HttpServerRequest http = request.request();
    if (http.isEnded()) {
      Buffer read = request.body().buffer();
      if (read != null && read.length() > HttpRequest.BODY_BYTES_MAX) {
        tooLarge(request, actor);
      } else {
        ask(request, actor, head, read == null ? Buffer.buffer() : read);
      }
      return;
    }
    Buffer body = Buffer.buffer();
    long deadline =
        vertx.setTimer(
            Math.max(1, parts.options().message().toMillis()),
            elapsed -> {
              parts.hit(RequestLimit.BODY_TIME, "408", actor);
              refuse(request, HttpResponse.text(408, "the body did not come in time"));
            });
    request.addEndHandler(answeredOrGone -> vertx.cancelTimer(deadline));
    http.handler(
        part -> {
          body.appendBuffer(part);
          if (body.length() > HttpRequest.BODY_BYTES_MAX) {
            tooLarge(request, actor);
          }
        });
    http.endHandler(
        end -> {
          vertx.cancelTimer(deadline);
          ask(request, actor, head, body);
        });
    http.resume();
  }

  private void tooLarge(RoutingContext request, ActorId actor) {
    parts.hit(RequestLimit.BODY_BYTES, "413", actor);
    refuse(
        request,
        HttpResponse.text(413, "a body has at most " + HttpRequest.BODY_BYTES_MAX + " bytes"));
  }

  /** What the client still sends is discarded for a while, so that it reads the answer. */
  private void refuse(RoutingContext request, HttpResponse answer) {
    if (!request.request().isEnded()) {
      request.request().handler(rest -> {}).endHandler(end -> {});
    }
    request.response().putHeader("Connection", "close");
    HttpAnswers.send(request, answer);
    vertx.setTimer(
        Math.max(1, parts.options().drain().toMillis()),
        timer -> request.request().connection().close());
  }

  private void ask(RoutingContext request, ActorId actor, RequestHead head, Buffer body) {
    long number = numbers.incrementAndGet();
    long timer =
        vertx.setTimer(
            Math.max(1, parts.options().request().toMillis()),
            elapsed -> {
              if (answer(number, HttpResponse.text(504, "the actor did not answer in time"))) {
                parts.hit(RequestLimit.ANSWER_TIME, "504", actor);
              }
            });
    waiting.put(number, new Waiting(request, vertx.getOrCreateContext(), timer));
    request.addEndHandler(ended -> forget(number));
    parts.transport().toHost(new ToHost.Request(actor, number, head, body.getBytes()));
  }

  private void forget(long number) {
    Waiting gone = waiting.remove(number);
    if (gone != null) {
      vertx.cancelTimer(gone.timer());
    }
  }

  /** The host answered; too late if the client was answered already, or is gone. Any thread. */
  void responded(ToGateway.Responded answer) {
    answer(answer.request(), answer.response());
  }

  /** Whether somebody waited for it. */
  private boolean answer(long number, HttpResponse response) {
    Waiting answered = waiting.remove(number);
    if (answered != null) {
      vertx.cancelTimer(answered.timer());
      answered.context().runOnContext(run -> HttpAnswers.send(answered.request(), response));
    }
    return answered != null;
  }
}
