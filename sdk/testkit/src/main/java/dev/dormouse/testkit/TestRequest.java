package dev.dormouse.testkit;

import dev.dormouse.sdk.Header;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.sdk.User;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A request of a client that is not sent yet. It becomes a connection by {@link #connect}, or plain
 * HTTP by {@link #get}, {@link #post} or {@link #send}.
 *
 * <pre>{@code
 * TestClient ann = actors.request("/chat/tea").user(new User("ann")).connect();
 * HttpResponse no = actors.request("/chat/tea").header("Origin", "https://elsewhere").refusal();
 * }</pre>
 */
public final class TestRequest {
  /** Sends requests to a server. */
  interface Sender {
    TestClient connect(TestRequest request);

    HttpResponse refusal(TestRequest request);

    HttpResponse send(TestRequest request, String method, String body);
  }

  private final Sender sender;
  private final String target;
  private final List<Header> headers = new ArrayList<>();
  private final List<String> subprotocols = new ArrayList<>();
  private @Nullable User user;

  TestRequest(Sender sender, String target) {
    this.sender = sender;
    this.target = target;
  }

  /** Adds a header. */
  public TestRequest header(String name, String value) {
    headers.add(new Header(name, value));
    return this;
  }

  /** Offers subprotocols, the best one first. */
  public TestRequest subprotocols(String... names) {
    subprotocols.addAll(List.of(names));
    return this;
  }

  /**
   * Sets the identity that the application's middleware would have established. With {@link
   * TestServer} the middleware itself runs, and this method cannot be used.
   */
  public TestRequest user(User user) {
    this.user = user;
    return this;
  }

  /**
   * Connects.
   *
   * @throws AssertionError if the upgrade is refused or not decided; the message has the answer
   */
  public TestClient connect() {
    return sender.connect(this);
  }

  /**
   * Asks for an upgrade that must be refused, and returns the answer. Over a real socket the answer
   * has no body.
   *
   * @throws AssertionError if the upgrade is accepted or not decided
   */
  public HttpResponse refusal() {
    return sender.refusal(this);
  }

  /**
   * Sends a plain GET.
   *
   * @throws AssertionError if there is no answer
   */
  public HttpResponse get() {
    return send("GET", "");
  }

  /**
   * Sends a plain POST with a text as its body.
   *
   * @throws AssertionError if there is no answer
   */
  public HttpResponse post(String body) {
    return send("POST", body);
  }

  /**
   * Sends a plain request with a text as its body.
   *
   * @throws AssertionError if there is no answer; in memory, also if the answer comes {@linkplain
   *     dev.dormouse.sdk.HttpAnswer#later later}
   */
  public HttpResponse send(String method, String body) {
    return sender.send(this, method, body);
  }

  String target() {
    return target;
  }

  List<Header> headers() {
    return headers;
  }

  List<String> subprotocols() {
    return subprotocols;
  }

  @Nullable User user() {
    return user;
  }
}
