package dev.dormouse.server.gateway.http;

import dev.dormouse.sdk.User;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.Optional;

/**
 * Reads the user of a request, which handlers before the route have authenticated by a token, a
 * password or a session. Headers of the request are not read.
 */
public final class Users {
  /** The attributes in which Vert.x keeps the claims of tokens. */
  private static final List<String> TOKENS = List.of("idToken", "accessToken");

  /** The entries that are proofs of identity, which no actor needs. */
  private static final List<String> SECRETS =
      List.of("access_token", "id_token", "refresh_token", "password", "token");

  private Users() {}

  /**
   * Returns the authenticated user; empty if there is none.
   *
   * @throws RuntimeException if the entries of the user cannot be written as JSON
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

  /** Returns the subject of the authenticated user; empty if there is no user or no subject. */
  public static String subject(RoutingContext request) {
    io.vertx.ext.auth.User user = request.user();
    String subject = user == null ? null : user.subject();
    return subject == null ? "" : subject;
  }
}
