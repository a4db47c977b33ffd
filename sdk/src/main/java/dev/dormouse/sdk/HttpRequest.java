package dev.dormouse.sdk;

import java.nio.charset.StandardCharsets;

/**
 * A plain HTTP request to an actor, which {@link WebSocketActor#onRequest} answers.
 *
 * <pre>{@code
 * protected HttpResponse onRequest(HttpRequest request) {
 *   String who = request.head().query("name").orElse("stranger");
 *   return HttpResponse.text(200, "hello " + who + ", " + connections().count() + " are here");
 * }
 * }</pre>
 */
public interface HttpRequest {

  /** The largest body, in bytes; a request with a larger body is answered 413 by the server. */
  int BODY_BYTES_MAX = 1 << 20;

  /** Returns the head: method, path, query, headers, remote address and user. */
  RequestHead head();

  /** Returns a fresh copy of the body, which is empty if there is none. */
  byte[] body();

  /** Returns the body, read as UTF-8. */
  default String text() {
    return new String(body(), StandardCharsets.UTF_8);
  }
}
