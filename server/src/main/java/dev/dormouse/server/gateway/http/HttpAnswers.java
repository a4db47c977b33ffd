package dev.dormouse.server.gateway.http;

import dev.dormouse.log.Log;
import dev.dormouse.sdk.Header;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.server.gateway.limits.Refusal;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.ssl.SslHandler;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.internal.buffer.BufferInternal;
import io.vertx.ext.web.RoutingContext;
import java.nio.ByteBuffer;
import java.util.Locale;
import java.util.Set;
import org.slf4j.Logger;

/**
 * Creates the gateway's own answers to requests, and sends answers of the gateway and of actors.
 * There are two ways to send: {@link #send} uses the HTTP server, on the request's context; {@link
 * #end} bypasses the HTTP server, on the connection's event loop, and ends the connection.
 */
public final class HttpAnswers {
  private static final String RETRY = "Retry-After";
  private static final String RETRY_SECONDS = "1";

  /**
   * The fields that an answer must not set, because they belong to the connection (RFC 9110,
   * section 7.6.1) or describe the transfer of the body, which the server decides. {@code Upgrade}
   * is not among them, because an answer may name protocols to upgrade to.
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

  /** The fields with one value: an answer's value replaces that of handlers before the route. */
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
   * Sends an answer, unless the client is gone, and discards the rest of the request's body.
   *
   * @return completes once the network has taken the answer or cannot take it any more; callers may
   *     ignore it
   */
  public static Future<Void> send(RoutingContext request, HttpResponse answer) {
    return sendHead(request, answer)
        ? request.response().end(bufferOf(answer.bodyView()))
        : Future.succeededFuture();
  }

  /** Returns a buffer for Vert.x of bytes that must not change, without copying them. */
  static Buffer bufferOf(ByteBuffer bytes) {
    return BufferInternal.buffer(Unpooled.wrappedBuffer(bytes));
  }

  /** Sets status and headers of an answer, and returns whether the body may follow. */
  static boolean sendHead(RoutingContext request, HttpResponse answer) {
    HttpServerResponse response = request.response();
    if (response.ended() || response.closed()) {
      return false;
    }
    if (!request.request().isEnded()) { // a request of HTTP/2 that has ended cannot be resumed
      request.request().resume();
    }
    response.setStatusCode(answer.status());
    try {
      answer.headers().forEach(header -> add(response, header));
      return true;
    } catch (RuntimeException e) {
      log.error(
          "a header of the answer to {} cannot be sent; the client is answered 500",
          request.normalizedPath(),
          e);
      response.headers().clear();
      response.setStatusCode(500).end("a header of the answer is not valid");
      return false;
    }
  }

  /** Returns whether an answer may have a header of this name, which the server does not set. */
  public static boolean isOfAnswer(String name) {
    return !RESERVED.contains(name.toLowerCase(Locale.ROOT));
  }

  /** Adds a header to an answer, unless the header belongs to the connection. */
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
   * Returns the gateway's own answer to a refused connection, upgrade or request.
   *
   * @param why the reason; not one for which the answer is made elsewhere
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
   * Ends an HTTP connection with an answer that bypasses the HTTP server. Only the answer's status
   * and its header {@code Retry-After} are sent.
   *
   * @param context the context of a handler before HTTP's encoder
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
   * Ends an HTTP connection without an answer, because none is due or the client would not read it.
   * Bytes that wait for the client are dropped.
   */
  @SuppressWarnings("FutureReturnValueIgnored")
  static void endSilently(ChannelHandlerContext context) {
    context.close();
  }
}
