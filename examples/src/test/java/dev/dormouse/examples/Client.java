package dev.dormouse.examples;

import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A WebSocket that keeps what it hears until the test asks. One thread may use it at a time. */
final class Client implements AutoCloseable {

  /** An event that a client hears. */
  sealed interface Event {}

  record Text(String text) implements Event {}

  record Binary(ByteBuffer bytes) implements Event {}

  /** A close frame. */
  record Closed(int code, String reason) implements Event {}

  /** The end of the connection without a close frame. */
  record Lost(Throwable cause) implements Event {}

  private final WebSocket socket;
  private final BlockingQueue<Event> events;

  private Client(WebSocket socket, BlockingQueue<Event> events) {
    this.socket = socket;
    this.events = events;
  }

  static Client connect(URI uri) throws Exception {
    return connect(uri, Http.CLIENT);
  }

  static Client connect(URI uri, HttpClient client) throws Exception {
    BlockingQueue<Event> events = new LinkedBlockingQueue<>();
    return new Client(
        within(client.newWebSocketBuilder().buildAsync(uri, new Listener(events))), events);
  }

  private static <T> T within(CompletableFuture<T> future) throws Exception {
    return future.get(Child.LIMIT.toSeconds(), TimeUnit.SECONDS);
  }

  void send(String text) throws Exception {
    within(socket.sendText(text, true));
  }

  /** Sends a text that the server may not let in, without waiting. */
  CompletableFuture<WebSocket> sendWithoutWaiting(String text) {
    return socket.sendText(text, true);
  }

  void send(byte[] bytes) throws Exception {
    within(socket.sendBinary(ByteBuffer.wrap(bytes), true));
  }

  /** Sends a text and waits for the next one. */
  String ask(String text) throws Exception {
    send(text);
    return nextText();
  }

  String nextText() throws InterruptedException {
    Event event = next();
    if (event instanceof Text text) {
      return text.text();
    }
    throw new AssertionError("a text was expected and there came " + event);
  }

  JsonObject nextJson() throws InterruptedException {
    return new JsonObject(nextText());
  }

  byte[] nextBinary() throws InterruptedException {
    Event event = next();
    if (event instanceof Binary binary) {
      return binary.bytes().array();
    }
    throw new AssertionError("a binary message was expected and there came " + event);
  }

  /** Waits for the close frame of the server, which must be the next that comes. */
  Closed nextClose() throws InterruptedException {
    Event event = next();
    if (event instanceof Closed closed) {
      return closed;
    }
    throw new AssertionError("a close frame was expected and there came " + event);
  }

  /** Waits for whatever comes next. */
  Event next() throws InterruptedException {
    Event event = events.poll(Child.LIMIT.toSeconds(), TimeUnit.SECONDS);
    if (event == null) {
      throw new AssertionError("nothing came within " + Child.LIMIT);
    }
    return event;
  }

  void sendClose(int code, String reason) throws Exception {
    within(socket.sendClose(code, reason));
  }

  /** Drops the connection. */
  @Override
  public void close() {
    socket.abort();
  }

  private static final class Listener implements WebSocket.Listener {
    private final BlockingQueue<Event> events;
    private final StringBuilder text = new StringBuilder();
    private ByteBuffer bytes = ByteBuffer.allocate(0);

    Listener(BlockingQueue<Event> events) {
      this.events = events;
    }

    @Override
    public CompletionStage<?> onText(WebSocket socket, CharSequence part, boolean isLast) {
      text.append(part);
      if (isLast) {
        events.add(new Text(text.toString()));
        text.setLength(0);
      }
      socket.request(1);
      return null;
    }

    @Override
    public CompletionStage<?> onBinary(WebSocket socket, ByteBuffer part, boolean isLast) {
      bytes = ByteBuffer.allocate(bytes.capacity() + part.remaining()).put(bytes).put(part).flip();
      if (isLast) {
        events.add(new Binary(bytes));
        bytes = ByteBuffer.allocate(0);
      }
      socket.request(1);
      return null;
    }

    @Override
    public CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
      events.add(new Closed(code, reason));
      return null;
    }

    @Override
    public void onError(WebSocket socket, Throwable error) {
      events.add(new Lost(error));
    }
  }

  /** Returns an ASCII text of this length, in which a mix-up of its parts shows. */
  static String textOf(int length) {
    StringBuilder text = new StringBuilder(length);
    for (int i = 0; text.length() < length; i++) {
      text.append(i).append(' ');
    }
    text.setLength(length);
    return text.toString();
  }
}
