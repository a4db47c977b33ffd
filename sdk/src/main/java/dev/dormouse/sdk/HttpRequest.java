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

  /** The largest body, in bytes; a request with a larger body is answered 413 by the server. */
  int BODY_BYTES_MAX = 1 << 20;

  /** Returns the head: method, path, query, headers, remote address and user. */
  RequestHead head();

  /** Returns the client's user, if the server's middleware authenticated the client. */
  default Optional<User> user() {
    return head().user();
  }

  /** Returns a fresh copy of the body, which is empty if there is none. */
  byte[] body();

  /** Returns the body, read as UTF-8. */
  default String text() {
    return new String(body(), StandardCharsets.UTF_8);
  }

  /**
   * Answers the request, once the turn is committed.
   *
   * @throws IllegalStateException if the request was answered already, or its turn is over
   */
  void respond(HttpResponse response);
}
