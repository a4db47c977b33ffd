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
 * A request as its client sent it, read once: its origin, its target and its expectation.
 *
 * @param http the request as the edge or a router shows it
 * @param client the client's address; null if the client has no internet address, or has gone
 * @param target the address that the request was sent to
 * @param isUpgrade whether it asks for an upgrade to WebSocket, even if malformed
 * @param expectation the answer that the client waits for before it sends a body
 */
public record IncomingRequest(
    HttpServerRequest http,
    @Nullable InetAddress client,
    Target target,
    boolean isUpgrade,
    Expectation expectation) {
  /** The most parameters of a query; Vert.x would ignore all that follow. */
  private static final int PARAMETERS_MAX = QueryParamDecoderConfig.DEFAULT_MAX_SIZE;

  /** The header {@code Expect} of a request (RFC 9110, section 10.1.1). */
  public enum Expectation {
    /** The client expects nothing. */
    NONE,
    /** The client waits for an answer 100, or a final answer, before it sends a body. */
    CONTINUE,
    /** The client expects something that the server does not know [417]. */
    UNKNOWN
  }

  /** Reads a request as the edge or a router shows it. */
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

  /** Returns the head as observers see it, without its query if the query is malformed. */
  public RequestHead head() {
    try {
      return head(query(http.params(true)), Optional.empty());
    } catch (IllegalArgumentException malformed) {
      return head(Map.of(), Optional.empty());
    }
  }

  /**
   * Returns the head as actors see it.
   *
   * @param query the parameters that {@link #query} has returned
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

  /** Returns parameters as a map, in which names that differ only in case are one. */
  public static Map<String, List<String>> query(MultiMap parameters) {
    Map<String, List<String>> query = new LinkedHashMap<>();
    parameters.forEach((name, value) -> query.computeIfAbsent(name, parameters::getAll));
    query.replaceAll((name, values) -> List.copyOf(values));
    return query;
  }

  /**
   * Checks that a router can route a request.
   *
   * @throws IllegalArgumentException if no router can; the message says why
   */
  public static void check(HttpServerRequest request) {
    if (request.authority() == null || request.headers().getAll("Host").size() > 1) {
      throw new IllegalArgumentException("there is no valid Host header, or more than one");
    }
    checkPath(request.path());
    checkQuery(request);
  }

  /** Returns the expectation of a request; a request of HTTP/1.0 has none. */
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
   * Checks a path. A path that is not UTF-8 is refused, because decoders would replace its bad
   * bytes, and two paths could then name one actor.
   *
   * @throws IllegalArgumentException if the path is malformed; the message says why
   */
  public static void checkPath(@Nullable String path) {
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
