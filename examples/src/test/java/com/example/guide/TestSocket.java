package com.example.guide;

import static java.util.concurrent.TimeUnit.SECONDS;

import dev.dormouse.server.DormouseServer;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;

// tag::socket
/** A WebSocket of the JDK that keeps what it hears until the test asks. */
final class TestSocket implements WebSocket.Listener {
  private static final HttpClient CLIENT = HttpClient.newHttpClient();

  private final BlockingQueue<String> heard = new LinkedBlockingQueue<>();
  private final WebSocket socket;

  TestSocket(DormouseServer server, String path) {
    this(server.port(), path);
  }

  TestSocket(int port, String path) {
    URI uri = URI.create("ws://127.0.0.1:" + port + path);
    socket = CLIENT.newWebSocketBuilder().buildAsync(uri, this).join();
  }

  void send(String text) {
    socket.sendText(text, true).join();
  }

  /** Returns the next message, or the close code. */
  String hear() throws InterruptedException {
    return Objects.requireNonNull(heard.poll(30, SECONDS), "nothing came for 30 s");
  }

  @Override
  public CompletionStage<?> onText(WebSocket from, CharSequence text, boolean last) {
    heard.add(text.toString());
    return WebSocket.Listener.super.onText(from, text, last);
  }

  @Override
  public CompletionStage<?> onClose(WebSocket from, int code, String reason) {
    heard.add("closed " + code);
    return WebSocket.Listener.super.onClose(from, code, reason);
  }

  // end::socket

  @Override
  public CompletionStage<?> onBinary(WebSocket from, ByteBuffer bytes, boolean last) {
    heard.add(bytes.remaining() + " bytes");
    return WebSocket.Listener.super.onBinary(from, bytes, last);
  }

  void send(byte[] bytes) {
    socket.sendBinary(ByteBuffer.wrap(bytes), true).join();
  }

  void close() {
    socket.sendClose(1000, "").join();
  }
}
