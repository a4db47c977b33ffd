package dev.dormouse.sdk;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The head of an HTTP request: everything but the body. Its headers have at most 8 KiB in all,
 * unless the server's options say otherwise.
 *
 * <pre>{@code
 * String token = upgrade.head().header("Authorization").orElse("");
 * int page = request.head().query("page").map(Integer::parseInt).orElse(0);
 * }</pre>
 *
 * @param method the method, such as {@code GET}
 * @param path the path as the client wrote it, without the query
 * @param query the parameters of the query, decoded, each with its values in order; they end at
 *     {@code &}, and are named as the client wrote them; where it wrote a name in several cases,
 *     each has the values of all, as it has to handlers of vertx-web
 * @param headers the headers in order; a name may come more than once. {@code Forwarded} and {@code
 *     X-Forwarded-…} are there only if a listed proxy sent the request; what is in them may still
 *     be the client's own word
 * @param remoteAddress the client's address, as text, IPv6 as RFC 5952 writes it: what listed
 *     proxies say, or else where the connection comes from; may be empty if it is not known
 * @param user the identity of the client, if the server's middleware authenticated it; never the
 *     client's own claim
 */
public record RequestHead(
    String method,
    String path,
    Map<String, List<String>> query,
    List<Header> headers,
    String remoteAddress,
    Optional<User> user) {

  /** Copies the query and the headers, so that no reader can change them. */
  public RequestHead {
    query = unmodifiable(query);
    headers = List.copyOf(headers);
  }

  private static Map<String, List<String>> unmodifiable(Map<String, List<String>> query) {
    Map<String, List<String>> copy = new LinkedHashMap<>();
    query.forEach((name, values) -> copy.put(name, List.copyOf(values)));
    // Not an immutable copy: that is slow with names of one hash, and clients choose the names.
    return Collections.unmodifiableMap(copy);
  }

  /** Creates the head of a request from a client that nobody authenticated. */
  public RequestHead(
      String method,
      String path,
      Map<String, List<String>> query,
      List<Header> headers,
      String remoteAddress) {
    this(method, path, query, headers, remoteAddress, Optional.empty());
  }

  /**
   * Returns the first value of a query parameter, decoded. The case of the name does not matter, as
   * in vertx-web, so an actor finds the value that middleware has checked.
   */
  public Optional<String> query(String name) {
    List<String> exact = query.get(name);
    return exact != null
        ? exact.stream().findFirst()
        : query.entrySet().stream()
            .filter(parameter -> parameter.getKey().equalsIgnoreCase(name))
            .flatMap(parameter -> parameter.getValue().stream())
            .findFirst();
  }

  /** Returns the first value of a header; the case of the name does not matter. */
  public Optional<String> header(String name) {
    return headers.stream()
        .filter(h -> h.name().equalsIgnoreCase(name))
        .map(Header::value)
        .findFirst();
  }
}
