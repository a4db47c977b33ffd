package dev.dormouse.server;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A client that keeps the texts it hears, and a line for the close. */
final class TextClient implements WebSocket.Listener, AutoCloseable {
  private final BlockingQueue<String> heard = new LinkedBlockingQueue<>();
  private final WebSocket socket;

  TextClient(DormouseServer server, String path) throws Exception {
    socket =
        HttpClient.newHttpClient()
            .newWebSocketBuilder()
            .buildAsync(URI.create("ws://127.0.0.1:" + server.port() + path), this)
            .get(10, TimeUnit.SECONDS);
  }

  void send(String text) throws Exception {
    socket.sendText(text, true).get(10, TimeUnit.SECONDS);
  }

  /** Waits for the next text or close, and returns it. */
  String next() throws InterruptedException {
    return String.valueOf(heard.poll(10, TimeUnit.SECONDS));
  }

  String ask(String text) throws Exception {
    send(text);
    return next();
  }

  @Override
  public CompletionStage<?> onText(WebSocket socket, CharSequence text, boolean isLast) {
    heard.add(text.toString());
    return WebSocket.Listener.super.onText(socket, text, isLast);
  }

  @Override
  public CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
    heard.add("closed " + code + " " + reason);
    return WebSocket.Listener.super.onClose(socket, code, reason);
  }

  @Override
  public void close() {
    socket.abort();
  }
}
