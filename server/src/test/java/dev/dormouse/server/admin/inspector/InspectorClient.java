package dev.dormouse.server.admin.inspector;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** A client of the DevTools protocol. */
final class InspectorClient implements WebSocket.Listener {
  private final BlockingQueue<JsonObject> heard = new LinkedBlockingQueue<>();
  private final CompletableFuture<Integer> closed = new CompletableFuture<>();
  private final StringBuilder parts = new StringBuilder();
  private volatile WebSocket socket;
  private volatile boolean isReading = true;
  private int asked = 1_000;

  static InspectorClient attach(int port, String path) throws Exception {
    InspectorClient client = new InspectorClient();
    client.socket =
        HttpClient.newHttpClient()
            .newWebSocketBuilder()
            .buildAsync(URI.create("ws://127.0.0.1:" + port + path), client)
            .get(10, TimeUnit.SECONDS);
    return client;
  }

  void send(String text) throws Exception {
    socket.sendText(text, true).get(10, TimeUnit.SECONDS);
  }

  /** Waits for the next message. */
  JsonObject next() throws InterruptedException {
    return Objects.requireNonNull(heard.poll(10, TimeUnit.SECONDS), "nothing came");
  }

  /** Waits for the next messages, and returns the method of each and the connection it is about. */
  List<String> nextMethods(int number) throws InterruptedException {
    List<String> methods = new ArrayList<>();
    for (int i = 0; i < number; i++) {
      JsonObject event = Protocol.event(next().encode());
      methods.add(
          event.getString("method") + " " + event.getJsonObject("params").getString("requestId"));
    }
    return methods;
  }

  /** Waits for messages up to the first that is as wanted. */
  List<JsonObject> until(Predicate<JsonObject> wanted) throws InterruptedException {
    List<JsonObject> events = new ArrayList<>();
    do {
      events.add(Protocol.event(next().encode()));
    } while (!wanted.test(events.get(events.size() - 1)));
    return events;
  }

  /** Sends a request and returns its answer, which must be the next message. */
  JsonObject ask(String method) throws Exception {
    int id = ++asked;
    send(new JsonObject().put("id", id).put("method", method).encode());
    JsonObject answer = next();
    assertThat(answer.getInteger("id")).as(answer.encode()).isEqualTo(id);
    return answer.getJsonObject("result");
  }

  /** Stops reading at the next message. */
  void stopReading() {
    isReading = false;
  }

  void readOn() {
    isReading = true;
    socket.request(1);
  }

  int closed() throws Exception {
    return closed.get(10, TimeUnit.SECONDS);
  }

  void close() {
    socket.abort();
  }

  @Override
  public CompletionStage<?> onText(WebSocket from, CharSequence text, boolean isLast) {
    parts.append(text);
    if (isLast) {
      heard.add(new JsonObject(parts.toString()));
      parts.setLength(0);
    }
    if (isReading) {
      from.request(1);
    }
    return null;
  }

  @Override
  public CompletionStage<?> onClose(WebSocket from, int code, String reason) {
    closed.complete(code);
    return null;
  }

  @Override
  public void onError(WebSocket from, Throwable error) {
    closed.completeExceptionally(error);
  }
}
