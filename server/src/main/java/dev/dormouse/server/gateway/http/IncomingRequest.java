package dev.dormouse.server.gateway.http;

import dev.dormouse.sdk.Header;
import dev.dormouse.sdk.RequestHead;
import dev.dormouse.sdk.User;
import dev.dormouse.server.gateway.edge.Addresses;
import dev.dormouse.server.gateway.edge.Target;
import dev.dormouse.server.gateway.wire.ListValues;
import dev.dormouse.server.gateway.wire.Utf8Check;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.QueryParamDecoderConfig;
import io.vertx.core.net.SocketAddress;
import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A request as its client sent it, read once: where it comes from, where it was sent, and what it
 * expects.
 *
 * @param http the request, as the edge or a router shows it
 * @param client where the client is; null if it is nowhere on the internet, or not known any more
 * @param target what the request was sent to
 * @param isUpgrade whether it asks for an upgrade to WebSocket, well or badly
 * @param expectation what the client expects before it sends a body
 */
public record IncomingRequest(
    HttpServerRequest http,
    @Nullable InetAddress client,
    Target target,
    boolean isUpgrade,
    Expectation expectation) {
  /** The most parameters of a query; Vert.x leaves out what comes behind. */
  private static final int PARAMETERS_MAX = QueryParamDecoderConfig.DEFAULT_MAX_SIZE;

  /** The thing that a client expects before it sends a body (RFC 9110, section 10.1.1). */
  public enum Expectation {
    /** The client expects nothing. */
    NONE,
    /** The client expects 100, unless another answer can be given before. */
    CONTINUE,
    /** The client expects what nobody knows how to meet: 417. */
    UNKNOWN
  }

  /** Reads a request. */
  public static IncomingRequest of(HttpServerRequest http) {
    InetAddress client = client(http);
    Target target =
        new Target(
            http.version() == HttpVersion.HTTP_1_1,
            http.isSSL(),
            String.valueOf(http.authority()),
            client != null && client.isLoopbackAddress());
    return new IncomingRequest(
        http, client, target, WebSocketUpgrades.isUpgrade(http), expectation(http));
  }

  private static @Nullable InetAddress client(HttpServerRequest request) {
    SocketAddress address = request.remoteAddress();
    String text = address == null ? null : address.hostAddress();
    if (text == null) {
      return null;
    }
    int zone = text.indexOf('%');
    return Addresses.parse(zone < 0 ? text : text.substring(0, zone));
  }

  /** Returns the head as observers hear of it: without its query if that is malformed. */
  public RequestHead head() {
    try {
      return head(query(http.params(true)), Optional.empty());
    } catch (IllegalArgumentException malformed) {
      return head(Map.of(), Optional.empty());
    }
  }

  /**
   * Returns the head as actors hear of it.
   *
   * @param query returned by {@link #query}
   */
  RequestHead head(Map<String, List<String>> query, Optional<User> user) {
    List<Header> headers = new ArrayList<>();
    http.headers().forEach((name, value) -> headers.add(new Header(name, value)));
    String path = http.path();
    return new RequestHead(
        http.method().name(),
        path == null ? "" : path,
        query,
        headers,
        client == null ? "" : Addresses.text(client),
        user);
  }

  /** Returns parameters as a map: names that differ only in case are one, as in vertx-web. */
  static Map<String, List<String>> query(MultiMap parameters) {
    Map<String, List<String>> query = new LinkedHashMap<>();
    parameters.forEach((name, value) -> query.computeIfAbsent(name, parameters::getAll));
    query.replaceAll((name, values) -> List.copyOf(values));
    return query;
  }

  /**
   * Checks that a router can route a request.
   *
   * @throws IllegalArgumentException if it cannot; the message says why
   */
  public static void check(HttpServerRequest request) {
    if (request.authority() == null || request.headers().getAll("Host").size() > 1) {
      throw new IllegalArgumentException("there is no valid Host header, or more than one");
    }
    checkPath(request.path());
    checkQuery(request);
  }

  /** HTTP/1.0 knows no expectations. */
  private static Expectation expectation(HttpServerRequest request) {
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

  /**
   * Checks a path. Decoders replace what is not UTF-8; two keys could then name one actor.
   *
   * @throws IllegalArgumentException if it is malformed; the message says how
   */
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
