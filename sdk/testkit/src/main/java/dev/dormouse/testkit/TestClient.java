package dev.dormouse.testkit;

import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.Header;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.opentest4j.AssertionFailedError;

/**
 * A WebSocket client of a test, which keeps what it hears until the test asks for it. It answers
 * pings and close frames as a browser does.
 *
 * <pre>{@code
 * TestClient ann = actors.connect("/chat/tea?name=ann");
 * ann.expect("welcome");
 * ann.send("hello");
 * ann.expect("ann: hello");
 * }</pre>
 *
 * <p>A client of {@link TestActors} never waits: each of its methods has everything done that is
 * under way, and what has not come then does not come. A client of {@link TestServer} waits up to
 * 10 s for what it expects. An expectation that fails throws an {@link AssertionError} with what
 * happened so far; the exceptions of handlers are added to it as suppressed ones.
 *
 * <p>The thread of the test is the only one that may use a client.
 */
public final class TestClient {
  private final String name;
  private final String target;
  private final Transcript transcript;
  private final ArrayDeque<Object> heard = new ArrayDeque<>();

  /** The way to the server; null until the upgrade is accepted. */
  private @Nullable Wire wire;

  private @Nullable ConnectionId id;
  private List<Header> headers = List.of();

  /** The close code that was heard, 1006 if the connection was lost; null while it is open. */
  private @Nullable Integer closeCode;

  private String closeReason = "";

  TestClient(String name, String target, Transcript transcript) {
    this.name = name;
    this.target = target;
    this.transcript = transcript;
  }

  // Reports of the wire, on the test's thread.

  void opened(Wire wire, @Nullable ConnectionId id, List<Header> headers) {
    this.wire = wire;
    this.id = id;
    this.headers = List.copyOf(headers);
    note("connected");
  }

  void hear(String text) {
    heard.add(text);
    note("heard " + Transcript.quoted(text));
  }

  void hear(byte[] bytes) {
    heard.add(bytes);
    note("heard " + bytes.length + " bytes");
  }

  void ended(int code, String reason) {
    if (closeCode == null) {
      closeCode = code;
      closeReason = reason;
      note("closed with " + code + (reason.isEmpty() ? "" : " " + Transcript.quoted(reason)));
    }
  }

  private void note(String what) {
    transcript.ofClient(path(target), name, what);
  }

  static String path(String target) {
    int mark = target.indexOf('?');
    return mark < 0 ? target : target.substring(0, mark);
  }

  private Wire wire() {
    if (wire == null) {
      throw new IllegalStateException(this + " is not connected: its upgrade is not decided yet");
    }
    return wire;
  }

  private Wire openWire() {
    wire().settle();
    if (closeCode != null) {
      throw fail("%s is closed with %s".formatted(this, closeCode), null, null);
    }
    return wire();
  }

  // Actions of the client.

  /**
   * Sends a text message.
   *
   * @throws AssertionError if the connection is closed
   */
  public void send(String text) {
    Wire open = openWire();
    note("said " + Transcript.quoted(text));
    open.send(text);
    open.settle();
  }

  /**
   * Sends a binary message.
   *
   * @throws AssertionError if the connection is closed
   */
  public void send(byte[] bytes) {
    Wire open = openWire();
    note("said " + bytes.length + " bytes");
    open.send(bytes);
    open.settle();
  }

  /** Leaves with a close frame of code 1000, and takes the server's answer. */
  public void close() {
    close(1000, "");
  }

  /**
   * Leaves with a close frame, and takes the server's answer. Nothing happens if the connection is
   * closed.
   *
   * @param code a code that clients may send; over a real socket 1000 or 3000 to 4999
   */
  public void close(int code, String reason) {
    wire().settle();
    if (closeCode == null) {
      note("closes with " + code);
      wire().close(code, reason);
      wire().settle();
    }
  }

  /** Loses the connection without a close frame, as when a network breaks. */
  public void drop() {
    wire().settle();
    if (closeCode == null) {
      note("drops the connection");
      wire().drop();
      wire().settle();
      ended(1006, "");
    }
  }

  /**
   * Stops taking what the server sends, as a slow client does, until {@link #startReading}. What
   * the server does then is the actor type's {@link dev.dormouse.sdk.OutboundPolicy}, once more
   * bytes wait than {@link dev.dormouse.sdk.ActorOptions#outboundBytesMax()} and the client has
   * taken nothing for 30 s: move the time on. In memory nothing is between client and server; over
   * a real socket the buffers of the operating system take megabytes first.
   */
  public void stopReading() {
    note("stops reading");
    wire().read(false);
  }

  /** Takes what waits at the server, and everything that comes later. */
  public void startReading() {
    note("starts reading");
    wire().read(true);
    wire().settle();
  }

  // Checks of the test.

  /**
   * Expects these texts as the next messages, in this order. Messages behind them stay for later
   * expectations.
   *
   * @throws AssertionError if another message comes, or none
   */
  public void expect(String... texts) {
    for (String text : texts) {
      Object next = poll("expected " + Transcript.quoted(text), text);
      if (!text.equals(next)) {
        throw fail(
            "%s expected %s and heard %s".formatted(this, Transcript.quoted(text), shown(next)),
            text,
            next);
      }
    }
  }

  /**
   * Expects these bytes as the next message.
   *
   * @throws AssertionError if another message comes, or none
   */
  public void expect(byte[] bytes) {
    Object next = poll("expected " + bytes.length + " bytes", bytes);
    if (!(next instanceof byte[] found && Arrays.equals(found, bytes))) {
      throw fail(
          "%s expected %s bytes and heard %s".formatted(this, bytes.length, shown(next)),
          bytes,
          next);
    }
  }

  /**
   * Takes the next message, which must be text.
   *
   * @throws AssertionError if bytes come, or no message
   */
  public String next() {
    Object next = poll("expected a text", null);
    if (next instanceof String text) {
      return text;
    }
    throw fail("%s expected a text and heard %s".formatted(this, shown(next)), null, next);
  }

  /**
   * Takes all texts that have come. Over a real socket more may come later.
   *
   * @throws AssertionError if bytes have come
   */
  public List<String> texts() {
    wire().settle();
    List<String> texts = new ArrayList<>();
    while (!heard.isEmpty()) {
      texts.add(next());
    }
    return texts;
  }

  /**
   * Expects that no message has come that was not asked for. Over a real socket, one may come
   * later.
   *
   * @throws AssertionError if there is one
   */
  public void expectNothing() {
    wire().settle();
    if (!heard.isEmpty()) {
      Object first = heard.getFirst();
      throw fail("%s expected nothing and heard %s".formatted(this, shown(first)), null, first);
    }
  }

  /**
   * Expects that the server has closed the connection, or has answered the client's close, with
   * this code; 1006 if there was no close frame. Messages that were not asked for are passed over.
   *
   * @throws AssertionError if the connection is open, or closed with another code
   */
  public void expectClosed(int code) {
    awaitEnd();
    if (closeCode == null) {
      throw fail("%s expected to be closed with %s and is open".formatted(this, code), code, null);
    }
    if (closeCode != code) {
      throw fail(
          "%s expected to be closed with %s and was closed with %s %s"
              .formatted(this, code, closeCode, closeReason),
          code,
          closeCode);
    }
  }

  /**
   * Expects that the server has closed the connection with this code and this reason.
   *
   * @throws AssertionError if it has not
   */
  public void expectClosed(int code, String reason) {
    expectClosed(code);
    if (!closeReason.equals(reason)) {
      throw fail(
          "%s expected the reason %s and heard %s"
              .formatted(this, Transcript.quoted(reason), Transcript.quoted(closeReason)),
          reason,
          closeReason);
    }
  }

  private void awaitEnd() {
    wire().settle();
    boolean goesOn = true;
    while (closeCode == null && goesOn) {
      goesOn = wire().await();
    }
  }

  private Object poll(String what, @Nullable Object expected) {
    wire().settle();
    boolean goesOn = true;
    while (heard.isEmpty() && closeCode == null && goesOn) {
      goesOn = wire().await();
    }
    Object next = heard.poll();
    if (next == null) {
      String end = closeCode == null ? "heard nothing" : "was closed with " + closeCode;
      throw fail("%s %s and %s".formatted(this, what, end), expected, null);
    }
    return next;
  }

  /** Returns whether the connection is open. */
  public boolean isOpen() {
    if (wire == null) {
      return false;
    }
    wire.settle();
    return closeCode == null;
  }

  /**
   * Returns the id of the connection, as the actor knows it.
   *
   * @throws UnsupportedOperationException over a real socket, whose client does not learn its id
   */
  public ConnectionId id() {
    wire().settle();
    if (id == null) {
      throw new UnsupportedOperationException("a client of a real socket does not learn its id");
    }
    return id;
  }

  /**
   * Returns the tags that the connection has now; none if it is closed.
   *
   * @throws UnsupportedOperationException over a real socket, whose client does not learn its tags
   */
  public List<String> tags() {
    wire().settle();
    return wire().tags();
  }

  /** Returns the first value of a header of the 101; the case of the name does not matter. */
  public Optional<String> header(String name) {
    return headers.stream()
        .filter(header -> header.name().equalsIgnoreCase(name))
        .map(Header::value)
        .findFirst();
  }

  /** Returns the subprotocol that the client got; empty if it got none. */
  public Optional<String> subprotocol() {
    return header("Sec-WebSocket-Protocol");
  }

  private static String shown(Object message) {
    return message instanceof byte[] bytes
        ? bytes.length + " bytes"
        : Transcript.quoted(String.valueOf(message));
  }

  private AssertionFailedError fail(
      String message, @Nullable Object expected, @Nullable Object found) {
    String told = message + "\n\n" + wire().story();
    AssertionFailedError failed =
        expected == null && found == null
            ? new AssertionFailedError(told)
            : new AssertionFailedError(told, expected, found);
    wire().explain(failed);
    return failed;
  }

  /** Returns the client's name and where it connected. */
  @Override
  public String toString() {
    return name + " (" + target + ")";
  }
}
