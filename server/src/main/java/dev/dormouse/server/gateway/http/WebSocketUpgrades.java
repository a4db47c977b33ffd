package dev.dormouse.server.gateway.http;

import dev.dormouse.server.gateway.wire.ListValues;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;

/** Recognizes requests for a WebSocket, for handlers before the actors' routes. */
public final class WebSocketUpgrades {

  private WebSocketUpgrades() {}

  /**
   * Returns whether a request asks for an upgrade to WebSocket, even if the upgrade is malformed:
   * its header {@code Upgrade} names {@code websocket} in upper or lower case (RFC 6455, section
   * 4.2.1). A request that names only other protocols is a plain request.
   */
  public static boolean isUpgrade(RoutingContext context) {
    return isUpgrade(context.request());
  }

  static boolean isUpgrade(HttpServerRequest request) {
    return ListValues.contain(request.headers().getAll(HttpHeaders.UPGRADE), "websocket");
  }
}
