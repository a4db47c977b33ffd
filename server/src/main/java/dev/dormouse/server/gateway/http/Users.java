package dev.dormouse.server.gateway.http;

import dev.dormouse.sdk.User;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.Optional;

/**
 * Reads who a client is from the user that handlers before the route have set on the request, be it
 * by a token, a password or a session. Headers have no say in it.
 */
public final class Users {
  /** The attributes in which Vert.x keeps what a token says. */
  private static final List<String> TOKENS = List.of("idToken", "accessToken");

  /** The entries that prove that a user is who it is; no actor needs them. */
  private static final List<String> SECRETS =
      List.of("access_token", "id_token", "refresh_token", "password", "token");

  private Users() {}

  /**
   * Returns the user; empty if nobody was authenticated.
   *
   * @throws RuntimeException if what is known of it cannot be written as JSON
   */
  static Optional<User> of(RoutingContext request) {
    io.vertx.ext.auth.User user = request.user();
    if (user == null) {
      return Optional.empty();
    }
    JsonObject known = user.principal().copy();
    SECRETS.forEach(known::remove);
    for (String token : TOKENS) {
      if (user.attributes().getValue(token) instanceof JsonObject claims) {
        known.mergeIn(claims);
      }
    }
    JsonObject plain = new JsonObject(known.encode());
    return Optional.of(new User(subject(request), plain.getMap()));
  }

  /** Returns the user's subject; empty if nobody was authenticated, or the user has none. */
  public static String subject(RoutingContext request) {
    io.vertx.ext.auth.User user = request.user();
    String subject = user == null ? null : user.subject();
    return subject == null ? "" : subject;
  }
}
