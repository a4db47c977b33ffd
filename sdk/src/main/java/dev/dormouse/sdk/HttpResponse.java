package dev.dormouse.sdk;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An HTTP answer: status, headers, body.
 *
 * <p>The server sets the headers that belong to the connection and leaves out those of the actor:
 * {@code Connection}, {@code Content-Length}, {@code Keep-Alive}, {@code Proxy-Connection}, {@code
 * TE}, {@code Trailer}, {@code Transfer-Encoding}. {@code Upgrade} is sent, and named in {@code
 * Connection}.
 *
 * <pre>{@code
 * HttpResponse.text(401, "who are you?").with("WWW-Authenticate", "Basic")
 * }</pre>
 */
public final class HttpResponse implements HttpAnswer {
  private final int status;
  private final List<Header> headers;
  private final byte[] body;

  private HttpResponse(int status, List<Header> headers, byte[] body) {
    if (status < 200 || status > 599) {
      throw new IllegalArgumentException("status " + status + " is not 200 to 599");
    }
    this.status = status;
    this.headers = List.copyOf(headers);
    this.body = body;
  }

  /**
   * Makes an answer with a body of bytes, which are copied.
   *
   * @throws IllegalArgumentException if the status is not 200 to 599
   */
  public static HttpResponse of(int status, List<Header> headers, byte[] body) {
    return new HttpResponse(status, headers, body.clone());
  }

  /** Makes an answer in plain text, in UTF-8. */
  public static HttpResponse text(int status, String body) {
    return typed(status, "text/plain; charset=utf-8", body);
  }

  /** Makes an answer in JSON, whose text is sent as it is. */
  public static HttpResponse json(int status, String body) {
    return typed(status, "application/json", body);
  }

  private static HttpResponse typed(int status, String contentType, String body) {
    return new HttpResponse(
        status,
        List.of(new Header("Content-Type", contentType)),
        body.getBytes(StandardCharsets.UTF_8));
  }

  /** Returns this answer with one more header. */
  public HttpResponse with(String name, String value) {
    List<Header> more = new ArrayList<>(headers);
    more.add(new Header(name, value));
    return new HttpResponse(status, more, body);
  }

  /** Returns the status, 200 to 599. */
  public int status() {
    return status;
  }

  /** Returns the headers, in order; {@code Content-Length} is set by the server. */
  public List<Header> headers() {
    return headers;
  }

  /** Returns a read-only view of the body, without a copy. */
  public ByteBuffer bodyView() {
    return ByteBuffer.wrap(body).asReadOnlyBuffer();
  }

  /** Returns a fresh copy of the body. */
  public byte[] body() {
    return body.clone();
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof HttpResponse that
        && status == that.status
        && headers.equals(that.headers)
        && Arrays.equals(body, that.body);
  }

  @Override
  public int hashCode() {
    return 31 * (31 * status + headers.hashCode()) + Arrays.hashCode(body);
  }

  @Override
  public String toString() {
    return "HttpResponse[" + status + ", " + headers + ", " + body.length + " bytes]";
  }
}
