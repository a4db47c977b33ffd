package dev.dormouse.server.gateway.http;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.Header;
import dev.dormouse.sdk.RequestHead;
import io.vertx.core.MultiMap;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.HttpException;

/**
 * A request that has come to the route of an actor type, read once: all that an upgrade or a plain
 * request takes on its way to the actor.
 *
 * @param routing the request's way through the router, by which it is answered
 * @param incoming the request, as the router shows it
 * @param route the route to which it has come
 * @param actor the actor that it is for
 * @param head the head, as the actor hears of it
 */
public record ActorRequest(
    RoutingContext routing,
    IncomingRequest incoming,
    ActorRoute route,
    ActorId actor,
    RequestHead head) {

  /** The memory that a head takes besides its texts, in bytes, about. */
  private static final int HEAD_BYTES = 1 << 10;

  /**
   * The memory that a header takes besides its characters, in bytes, about: as Netty, Vert.x and we
   * keep it.
   */
  public static final int HEADER_BYTES = 256;

  /**
   * Returns the actor that a request is for.
   *
   * @throws IllegalArgumentException if the key is not valid; the message says how
   */
  public static ActorId actor(RoutingContext routing, ActorRoute route) {
    String key = routing.pathParam(ActorRoute.KEY);
    return new ActorId(route.type(), key == null ? "" : key);
  }

  /**
   * Reads a request. A router may show it otherwise than it came to the server, such as with
   * another client's address, so that it is read here and not before.
   *
   * @throws IllegalArgumentException if the query or a header is malformed; the message says how
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

  /** Returns how much memory the head takes, in bytes, about. */
  public long headBytes() {
    return bytesOf(head);
  }

  /** Returns how much memory a head takes, in bytes, about. */
  static long bytesOf(RequestHead head) {
    long characters = head.path().length();
    for (Header header : head.headers()) {
      characters += header.name().length() + header.value().length();
    }
    return HEAD_BYTES + Character.BYTES * characters + (long) HEADER_BYTES * head.headers().size();
  }
}
