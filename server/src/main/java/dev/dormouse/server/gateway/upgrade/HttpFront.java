package dev.dormouse.server.gateway.upgrade;

import dev.dormouse.log.Log;
import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.server.gateway.edge.Edge;
import dev.dormouse.server.gateway.edge.OriginPolicy;
import dev.dormouse.server.gateway.http.ActorRequest;
import dev.dormouse.server.gateway.http.ActorRoute;
import dev.dormouse.server.gateway.http.HttpAnswers;
import dev.dormouse.server.gateway.http.HttpGuard;
import dev.dormouse.server.gateway.http.HttpWatch;
import dev.dormouse.server.gateway.http.IncomingRequest;
import dev.dormouse.server.gateway.http.IncomingRequest.Expectation;
import dev.dormouse.server.gateway.http.PlainRequests;
import dev.dormouse.server.gateway.http.Users;
import dev.dormouse.server.gateway.limits.Refusal;
import dev.dormouse.server.gateway.limits.RequestLimit;
import dev.dormouse.server.gateway.limits.Tally;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.internal.http.HttpServerRequestInternal;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;

/**
 * Decides about each HTTP request twice. Before the router, it decides whether the request can be
 * routed. At the route of an actor type, it passes an upgrade to {@link PendingUpgrades} and a
 * plain request to {@link PlainRequests}, or refuses the request.
 *
 * <p>It runs on the request's context.
 */
public final class HttpFront {
  private static final Logger log = Log.of(HttpFront.class);

  private final Tally tally;
  private final Edge edge;
  private final OriginPolicy origins;
  private final PendingUpgrades upgrades;
  private final PlainRequests requests;
  private final AtomicBoolean isMisdirectionTold = new AtomicBoolean();

  public HttpFront(Tally tally, Edge edge, PendingUpgrades upgrades, PlainRequests requests) {
    this.tally = tally;
    this.edge = edge;
    this.origins = new OriginPolicy(tally.options().allowedOrigins(), tally.options().hosts());
    this.upgrades = upgrades;
    this.requests = requests;
  }

  /** Passes a request on to the router, as its client sent it, or refuses it. */
  public void receive(HttpServerRequest request, Router router) {
    IncomingRequest incoming;
    try {
      IncomingRequest.check(request);
      incoming = IncomingRequest.of(edge.view(request, HttpGuard.channelOf(request)));
    } catch (IllegalArgumentException malformed) {
      watch(IncomingRequest.of(request));
      refuse(request, 400, String.valueOf(malformed.getMessage()));
      return;
    }
    watch(incoming);
    HttpServerRequest view = UpgradeRequest.of(incoming);
    if (incoming.expectation() == Expectation.UNKNOWN) {
      refuse(view, 417, "only 100-continue can be expected");
    } else if (origins.isMisdirected(incoming.target(), view.headers())) {
      if (!isMisdirectionTold.getAndSet(true)) {
        log.warn(
            "a request for '{}' was answered 421, because that is none of this server's hosts; if"
                + " it is, list it with --hosts (logged once)",
            view.authority());
      }
      refuse(
          view,
          421,
          "the host that was asked for is none of this server's: see its option --hosts");
    } else {
      router.handle(view);
    }
  }

  /** Reports the request to observers from now on, if it asks for an upgrade. */
  private void watch(IncomingRequest incoming) {
    HttpWatch watch = HttpGuard.watchOf(incoming.http());
    if (watch == null) {
      return;
    }
    if (incoming.isUpgrade() && tally.observers().isAny()) {
      watch.upgradeCame(upgrades.nextId(), incoming.head());
    } else {
      watch.otherCame();
    }
  }

  private void refuse(HttpServerRequest request, int status, String why) {
    HttpWatch.refused(tally, HttpGuard.watchOf(request), Refusal.HANDSHAKE);
    request.response().setStatusCode(status).putHeader("Content-Type", "text/plain").end(why);
  }

  /** Handles a request at the route of an actor type. */
  public void route(RoutingContext routing, ActorRoute route) {
    ActorRequest request;
    try {
      if (HttpGuard.of(routing.request()) == null) {
        checkUnguarded(routing.request());
      }
      ActorId actor = ActorRequest.actor(routing, route);
      HttpWatch watch = HttpGuard.watchOf(routing.request());
      if (watch != null) {
        watch.reached(actor, Users.subject(routing));
      }
      request = ActorRequest.of(routing, route, actor);
    } catch (IllegalArgumentException malformed) {
      HttpAnswers.send(routing, HttpResponse.text(400, String.valueOf(malformed.getMessage())));
      return;
    }
    Handshake.of(request.head(), request.incoming().target(), origins, route.options())
        .tell(
            new Handshake.Asker() {
              @Override
              public void plain() {
                pass(request);
              }

              @Override
              public void valid(Handshake.Valid handshake) {
                upgrade(request, handshake);
              }

              @Override
              public void refused(HttpResponse answer) {
                refuse(request.routing(), Refusal.HANDSHAKE, answer);
              }
            });
  }

  /**
   * Checks a request that has come by an HTTP server of the application.
   *
   * @throws IllegalArgumentException if the request is malformed; the message says why
   * @throws IllegalStateException if the HTTP server does not run on event loops
   */
  private static void checkUnguarded(HttpServerRequest request) {
    IncomingRequest.check(request);
    if (!((HttpServerRequestInternal) request).context().isEventLoopContext()) {
      throw new IllegalStateException(
          "actors can be reached only by an HTTP server that runs on event loops");
    }
  }

  private void pass(ActorRequest request) {
    if (UpgradeProbe.isProbe(request.head())) {
      answerProbe(request);
    } else if (!request.route().handled().requests()) {
      HttpResponse answer = Handshake.upgradeRequired(request.head());
      tally.hit(RequestLimit.UNHANDLED, String.valueOf(answer.status()), request.actor());
      HttpAnswers.send(request.routing(), answer);
    } else if (tally.admission().isTooOften(request.incoming().client(), tally.time().nowNs())) {
      tally.hit(RequestLimit.ADDRESS_RATE, "429", request.actor());
      HttpAnswers.send(request.routing(), HttpAnswers.to(Refusal.ADDRESS_RATE));
    } else {
      requests.pass(request);
    }
  }

  /** Answers the question whether an upgrade would be admitted. */
  private void answerProbe(ActorRequest request) {
    UpgradeProbe probe = new UpgradeProbe(request.head(), request.incoming().target(), origins);
    if (!probe.isAllowed()) {
      HttpAnswers.send(request.routing(), probe.forbidden());
    } else if (upgrades.isStopping()) {
      HttpAnswers.send(request.routing(), probe.refused(HttpAnswers.to(Refusal.STOPPING)));
    } else {
      tally
          .admission()
          .admit(request.incoming().client(), tally.time().nowNs())
          .tell(
              seat -> {
                seat.free();
                HttpAnswers.send(request.routing(), probe.admitted());
              },
              why -> HttpAnswers.send(request.routing(), probe.refused(HttpAnswers.to(why))));
    }
  }

  private void upgrade(ActorRequest request, Handshake.Valid handshake) {
    RoutingContext routing = request.routing();
    if (upgrades.isStopping()) {
      refuse(routing, Refusal.STOPPING, HttpAnswers.to(Refusal.STOPPING));
      return;
    }
    if (routing.response().writeQueueFull()) {
      // The 101 must leave before HTTP's encoder is removed, but earlier answers still wait.
      refuse(routing, Refusal.UNREAD_ANSWERS, HttpAnswers.to(Refusal.UNREAD_ANSWERS));
      return;
    }
    tally
        .admission()
        .admit(request.incoming().client(), tally.time().nowNs())
        .tell(
            seat -> {
              if (request.incoming().expectation() == Expectation.CONTINUE) {
                routing.response().writeContinue(); // before the 101: RFC 9110, section 7.8
              }
              routing.request().pause();
              upgrades.ask(request, handshake, seat);
            },
            why -> refuse(routing, why, HttpAnswers.to(why)));
  }

  private void refuse(RoutingContext routing, Refusal why, HttpResponse response) {
    HttpWatch.refused(tally, HttpGuard.watchOf(routing.request()), why);
    HttpAnswers.send(routing, response);
  }
}
