package dev.dormouse.server.gateway.http;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.Header;
import dev.dormouse.sdk.RequestHead;
import io.vertx.core.Context;
import io.vertx.core.MultiMap;
import io.vertx.core.internal.http.HttpServerRequestInternal;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.HttpException;

/**
 * A request at the route of an actor type, read once: everything that an upgrade or a plain request
 * needs on its way to the actor.
 *
 * @param routing the router's context, by which the request is answered
 * @param incoming the request as the router shows it
 * @param route the route that the request has come to
 * @param actor the actor that the request is for
 * @param head the head as the actor sees it
 */
public record ActorRequest(
    RoutingContext routing,
    IncomingRequest incoming,
    ActorRoute route,
    ActorId actor,
    RequestHead head) {

  /** About how many bytes of memory a head takes besides its texts. */
  private static final int HEAD_BYTES = 1 << 10;

  /**
   * About how many bytes of memory a header takes besides its characters, in Netty's, Vert.x's and
   * Dormouse's objects together.
   */
  public static final int HEADER_BYTES = 256;

  /**
   * Returns the actor that a request is for.
   *
   * @throws IllegalArgumentException if the key is not valid; the message says why
   */
  public static ActorId actor(RoutingContext routing, ActorRoute route) {
    return new ActorId(route.type(), route.keyOf(routing));
  }

  /**
   * Reads a request at its route. It is read here and not earlier because handlers of the router
   * may change it, for example the client's address.
   *
   * @throws IllegalArgumentException if the query or a header is malformed; the message says why
   */
  public static ActorRequest of(RoutingContext routing, ActorRoute route, ActorId actor) {
    IncomingRequest incoming = IncomingRequest.of(routing.request());
    MultiMap parameters;
    try {
      parameters = routing.queryParams();
    } catch (HttpException | IllegalArgumentException malformed) {
      throw new IllegalArgumentException("the query is malformed", malformed);
    }
    RequestHead head = incoming.head(IncomingRequest.query(parameters), Users.of(routing));
    return new ActorRequest(routing, incoming, route, actor, head);
  }

  /**
   * Returns the context that the request is handled on, which is the channel's event loop. It may
   * belong to another Vert.x instance than the gateway's, if the application has its own.
   */
  public Context context() {
    return ((HttpServerRequestInternal) routing.request()).context();
  }

  /** Returns about how many bytes of memory this request's head takes. */
  public long headBytes() {
    return bytesOf(head);
  }

  /** Returns about how many bytes of memory a head takes. */
  static long bytesOf(RequestHead head) {
    long characters = head.path().length();
    for (Header header : head.headers()) {
      characters += header.name().length() + header.value().length();
    }
    return HEAD_BYTES + Character.BYTES * characters + (long) HEADER_BYTES * head.headers().size();
  }
}
