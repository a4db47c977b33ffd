package dev.dormouse.server.gateway.http;

import dev.dormouse.log.Log;
import dev.dormouse.sdk.Header;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.server.gateway.limits.Refusal;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.ssl.SslHandler;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import java.util.Locale;
import java.util.Set;
import org.slf4j.Logger;

/**
 * Makes the gateway's own answers to requests, and sends answers of the gateway and of actors. An
 * answer leaves by the HTTP server, on the request's context ({@link #send}), or past it, on the
 * connection's event loop, together with the connection's end ({@link #end}).
 */
public final class HttpAnswers {
  private static final String RETRY = "Retry-After";
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
  public static Future<Void> send(RoutingContext request, HttpResponse answer) {
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
  public static void add(HttpServerResponse response, Header header) {
    String name = header.name().toLowerCase(Locale.ROOT);
    if (SINGLE.contains(name)) {
      response.putHeader(header.name(), header.value());
    } else if (!RESERVED.contains(name)) {
      response.headers().add(header.name(), header.value());
    }
  }

  /** Returns a 503 that asks the client to try again soon. */
  static HttpResponse unavailable(String why) {
    return soon(503, why);
  }

  /**
   * Returns the gateway's own answer to a connection, upgrade or request.
   *
   * @param why no reason for which somebody else makes the answer
   */
  public static HttpResponse to(Refusal why) {
    return switch (why) {
      case ADDRESS_FULL -> soon(429, "this address has too many connections");
      case ADDRESS_RATE -> soon(429, "this address connects too often");
      case NODE_FULL -> unavailable("the server has all the connections it may have");
      case UNREAD_ANSWERS -> unavailable("earlier answers were not read yet");
      case STOPPING -> unavailable("the server is stopping");
      case OVERDUE -> unavailable("the actor did not answer in time");
      case HANDSHAKE, ACCESS, REJECTED, CLIENT_GONE ->
          throw new IllegalArgumentException("somebody else answers " + why);
    };
  }

  private static HttpResponse soon(int status, String why) {
    return HttpResponse.text(status, why).with(RETRY, RETRY_SECONDS);
  }

  /** Returns the answer to a request that did not come in time (RFC 9110, section 15.5.9). */
  static HttpResponse timeout() {
    return HttpResponse.text(408, "the request did not come in time");
  }

  /**
   * Ends an HTTP connection with an answer that the HTTP server does not know of. Only the status
   * and when to try again are told; the body is left out.
   *
   * @param context of a handler before HTTP's encoder
   */
  @SuppressWarnings("FutureReturnValueIgnored")
  static void end(ChannelHandlerContext context, HttpResponse answer) {
    SslHandler tls = context.pipeline().get(SslHandler.class);
    if (tls != null && !tls.handshakeFuture().isSuccess()) {
      endSilently(context); // an answer would wait for the handshake
      return;
    }
    String retry = "";
    for (Header header : answer.headers()) {
      if (header.name().equals(RETRY)) {
        retry = RETRY + ": " + header.value() + "\r\n";
      }
    }
    String head =
        "HTTP/1.1 %s\r\nConnection: close\r\nContent-Length: 0\r\n%s\r\n"
            .formatted(HttpResponseStatus.valueOf(answer.status()), retry);
    context
        .writeAndFlush(ByteBufUtil.writeAscii(context.alloc(), head))
        .addListener(ChannelFutureListener.CLOSE);
  }

  /**
   * Ends an HTTP connection without an answer: none is due, or nobody would read it. What waits for
   * the client is dropped.
   */
  @SuppressWarnings("FutureReturnValueIgnored")
  static void endSilently(ChannelHandlerContext context) {
    context.close();
  }
}
