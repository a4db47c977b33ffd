package dev.dormouse.sdk;

import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * A plain HTTP request to an actor. The answer leaves when the turn is committed; a turn that ends
 * without one, or by an exception, is answered 500, or as a {@link ResponseException} says.
 *
 * <pre>{@code
 * protected void onRequest(HttpRequest request) {
 *   request.respond(HttpResponse.text(200, connections().count() + " are here"));
 * }
 * }</pre>
 */
public interface HttpRequest {

  /** The largest body, in bytes; a larger one is answered 413 before the actor hears of it. */
  int BODY_BYTES_MAX = 1 << 20;

  /** Method, path, query, headers, remote address, user. */
  RequestHead head();

  /** Who the client is, if the server's middleware authenticated it. */
  default Optional<User> user() {
    return head().user();
  }

  /** The body; empty if there is none. A fresh copy. */
  byte[] body();

  /** The body, read as UTF-8. */
  default String text() {
    return new String(body(), StandardCharsets.UTF_8);
  }

  /**
   * Answers the request, once the turn is committed.
   *
   * @throws IllegalStateException if it was answered already, or its turn is over
   */
  void respond(HttpResponse response);
}
