package dev.dormouse.server.gateway;

import dev.dormouse.log.Log;
import dev.dormouse.sdk.Header;
import dev.dormouse.sdk.HttpResponse;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import java.util.Locale;
import java.util.Set;
import org.slf4j.Logger;

/** Sends {@link HttpResponse}s. On the request's context. */
final class HttpAnswers {
  private static final String RETRY_SECONDS = "1";

  /**
   * What belongs to the connection (RFC 9110, section 7.6.1), not to an answer, and how the body is
   * sent, which the server decides. {@code Upgrade} is not among them: an answer may tell what to
   * upgrade to.
   */
  private static final Set<String> RESERVED =
      Set.of(
          "connection",
          "content-length",
          "keep-alive",
          "proxy-connection",
          "te",
          "trailer",
          "transfer-encoding");

  /** Fields that have one value: that of the answer replaces what handlers before it have set. */
  private static final Set<String> SINGLE =
      Set.of(
          "access-control-allow-credentials",
          "access-control-allow-origin",
          "access-control-max-age",
          "age",
          "content-disposition",
          "content-location",
          "content-range",
          "content-type",
          "date",
          "etag",
          "expires",
          "last-modified",
          "location",
          "retry-after",
          "server",
          "strict-transport-security",
          "upgrade",
          "x-content-type-options",
          "x-frame-options");

  private static final Logger log = Log.of(HttpAnswers.class);

  private HttpAnswers() {}

  /**
   * Answers; nothing if the client is gone. What is left of the request's body is discarded.
   *
   * @return completes once the network has taken it, or never will; it need not be waited for
   */
  static Future<Void> send(RoutingContext request, HttpResponse answer) {
    return sendHead(request, answer)
        ? request.response().end(Buffer.buffer(answer.body()))
        : Future.succeededFuture();
  }

  /** Sets status and headers; whether the body is to follow. */
  static boolean sendHead(RoutingContext request, HttpResponse answer) {
    HttpServerResponse response = request.response();
    if (response.ended() || response.closed()) {
      return false;
    }
    request.request().resume();
    response.setStatusCode(answer.status());
    try {
      answer.headers().forEach(header -> add(response, header));
      return true;
    } catch (RuntimeException e) {
      log.error("a header of the answer to {} cannot be sent", request.normalizedPath(), e);
      response.headers().clear();
      response.setStatusCode(500).end("a header of the answer is not valid");
      return false;
    }
  }

  /** Adds a header, unless it belongs to the connection. */
  static void add(HttpServerResponse response, Header header) {
    String name = header.name().toLowerCase(Locale.ROOT);
    if (SINGLE.contains(name)) {
      response.putHeader(header.name(), header.value());
    } else if (!RESERVED.contains(name)) {
      response.headers().add(header.name(), header.value());
    }
  }

  /** 503, to be tried again soon. */
  static HttpResponse unavailable(String why) {
    return HttpResponse.text(503, why).with("Retry-After", RETRY_SECONDS);
  }

  /** The answer to an upgrade that is over a limit of {@link ConnectionLimits}. */
  static HttpResponse tooMany(Refusal why) {
    return switch (why) {
      case ADDRESS_FULL ->
          HttpResponse.text(429, "this address has too many connections")
              .with("Retry-After", RETRY_SECONDS);
      case ADDRESS_RATE ->
          HttpResponse.text(429, "this address connects too often")
              .with("Retry-After", RETRY_SECONDS);
      default -> unavailable("the server has all the connections it may have");
    };
  }
}
