package dev.dormouse.server.gateway;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.Header;
import dev.dormouse.sdk.RequestHead;
import dev.dormouse.sdk.User;
import dev.dormouse.server.gateway.edge.Addresses;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.QueryParamDecoderConfig;
import io.vertx.core.net.SocketAddress;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.HttpException;
import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads heads of requests. */
final class RequestHeads {
  /** The most parameters of a query; Vert.x leaves out what comes behind. */
  private static final int PARAMETERS_MAX = QueryParamDecoderConfig.DEFAULT_MAX_SIZE;

  /** What a head takes besides its texts, in bytes, about. */
  private static final int HEAD_BYTES = 1 << 10;

  /**
   * What a header takes besides its characters, in bytes, about: as Netty, Vert.x and we keep it.
   */
  static final int HEADER_BYTES = 256;

  private RequestHeads() {}

  /** How much memory a head takes, in bytes, about. */
  static long memoryOf(RequestHead head) {
    long characters = head.path().length();
    for (Header header : head.headers()) {
      characters += header.name().length() + header.value().length();
    }
    return HEAD_BYTES + Character.BYTES * characters + (long) HEADER_BYTES * head.headers().size();
  }

  /**
   * The head of a request.
   *
   * @throws IllegalArgumentException if the query or a header is malformed; the message says how
   */
  static RequestHead head(RoutingContext context) {
    return head(context.request(), query(context), Users.of(context));
  }

  /** The same of a request that was not routed, and may be malformed: then without its query. */
  static RequestHead headOfAny(HttpServerRequest request) {
    try {
      return head(request, query(request.params(true)), Optional.empty());
    } catch (IllegalArgumentException malformed) {
      return head(request, Map.of(), Optional.empty());
    }
  }

  private static RequestHead head(
      HttpServerRequest request, Map<String, List<String>> query, Optional<User> user) {
    List<Header> headers = new ArrayList<>();
    request.headers().forEach((name, value) -> headers.add(new Header(name, value)));
    String path = request.path();
    InetAddress client = client(request);
    return new RequestHead(
        request.method().name(),
        path == null ? "" : path,
        query,
        headers,
        client == null ? "" : Addresses.text(client),
        user);
  }

  /**
   * The actor that a request is for.
   *
   * @throws IllegalArgumentException if the key is not valid; the message says how
   */
  static ActorId actor(RoutingContext context, ActorRoute route) {
    String key = context.pathParam(ActorRoute.KEY);
    return new ActorId(route.type(), key == null ? "" : key);
  }

  private static Map<String, List<String>> query(RoutingContext context) {
    MultiMap parameters;
    try {
      parameters = context.queryParams();
    } catch (HttpException | IllegalArgumentException malformed) {
      throw new IllegalArgumentException("the query is malformed", malformed);
    }
    return query(parameters);
  }

  /** Names that differ only in case are one, as they are to handlers of vertx-web. */
  private static Map<String, List<String>> query(MultiMap parameters) {
    Map<String, List<String>> query = new LinkedHashMap<>();
    parameters.forEach((name, value) -> query.computeIfAbsent(name, parameters::getAll));
    query.replaceAll((name, values) -> List.copyOf(values));
    return query;
  }

  /** Where the client is; null if it is nowhere on the internet, or not known any more. */
  static @Nullable InetAddress client(HttpServerRequest request) {
    SocketAddress address = request.remoteAddress();
    String text = address == null ? null : address.hostAddress();
    if (text == null) {
      return null;
    }
    int zone = text.indexOf('%');
    return Addresses.parse(zone < 0 ? text : text.substring(0, zone));
  }

  /** What the request is sent to, in which version of HTTP. */
  static Target target(HttpServerRequest request) {
    InetAddress client = client(request);
    return new Target(
        request.version() == HttpVersion.HTTP_1_1,
        request.isSSL(),
        String.valueOf(request.authority()),
        client != null && client.isLoopbackAddress());
  }

  /**
   * Whether a request can be routed at all.
   *
   * @throws IllegalArgumentException if it cannot; the message says why
   */
  static void check(HttpServerRequest request) {
    if (request.authority() == null || request.headers().getAll("Host").size() > 1) {
      throw new IllegalArgumentException("there is no valid Host header, or more than one");
    }
    checkPath(request.path());
    checkQuery(request);
  }

  /** What a client expects before it sends a body (RFC 9110, section 10.1.1). */
  enum Expectation {
    NONE,
    /** 100, unless another answer can be given before. */
    CONTINUE,
    /** Nobody knows how to meet it: 417. */
    UNKNOWN
  }

  /** What the client expects. HTTP/1.0 knows no expectations. */
  static Expectation expectation(HttpServerRequest request) {
    List<String> expected = ListValues.members(request.headers().getAll(HttpHeaders.EXPECT));
    expected.removeIf(String::isEmpty);
    if (expected.isEmpty() || request.version() == HttpVersion.HTTP_1_0) {
      return Expectation.NONE;
    }
    return expected.stream().allMatch("100-continue"::equalsIgnoreCase)
        ? Expectation.CONTINUE
        : Expectation.UNKNOWN;
  }

  private static void checkQuery(HttpServerRequest request) {
    String query = request.query();
    if (query != null && query.chars().filter(c -> c == '&').count() >= PARAMETERS_MAX) {
      throw new IllegalArgumentException(
          "the query has more than %s parameters".formatted(PARAMETERS_MAX));
    }
    try {
      request.params(true);
    } catch (IllegalArgumentException malformed) {
      throw new IllegalArgumentException("the query is malformed", malformed);
    }
  }

  /** Decoders replace what is not UTF-8; two keys could then name one actor. */
  static void checkPath(@Nullable String path) {
    if (path == null || !path.startsWith("/")) {
      throw new IllegalArgumentException("the path does not begin with /");
    }
    ByteArrayOutputStream decoded = new ByteArrayOutputStream(path.length());
    int i = 0;
    while (i < path.length()) {
      if (path.charAt(i) >= 0x80) {
        throw new IllegalArgumentException("the path is not ASCII at %s: escape it".formatted(i));
      } else if (path.charAt(i) != '%') {
        decoded.write(path.charAt(i));
        i++;
      } else if (i + 2 < path.length() && hex(path, i + 1) >= 0 && hex(path, i + 2) >= 0) {
        decoded.write(hex(path, i + 1) << 4 | hex(path, i + 2));
        i += 3;
      } else {
        throw new IllegalArgumentException("the path has a malformed escape at " + i);
      }
    }
    if (!Utf8Check.isUtf8(decoded.toByteArray())) {
      throw new IllegalArgumentException("the path is not UTF-8");
    }
  }

  private static int hex(String text, int at) {
    char c = text.charAt(at);
    return c < 0x80 ? Character.digit(c, 16) : -1;
  }
}
