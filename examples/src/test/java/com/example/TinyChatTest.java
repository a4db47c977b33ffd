package com.example;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.server.Dormouse;
import dev.dormouse.server.options.ServerOptions;
import dev.dormouse.storage.Durability;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.file.Path;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TinyChatTest {
  // tag::test
  @Test
  void theRoomKnowsItsMemberAfterItHasSlept(@TempDir Path data) throws Exception {
    var chat = Dormouse.server().actor("/chat/:key", TinyChat.class, TinyChat::new);
    try (var server = chat.open(ServerOptions.defaults().port(0).adminPort(0).data(data))) {
      var heard = new LinkedBlockingQueue<String>();
      WebSocket ada = connect(server.port(), "/chat/lobby?name=ada", heard);
      assertEquals("welcome", heard.poll(10, SECONDS));
      assertTrue(server.hibernate(new ActorId("chat", "lobby")).toCompletableFuture().join());
      ada.sendText("hello", true).join();
      assertEquals("ada: hello", heard.poll(10, SECONDS));
    }
  }

  // end::test

  @Test
  void everyMemberHearsWhoJoinsSpeaksAndLeaves() throws Exception {
    var options = ServerOptions.defaults().port(0).adminPort(0).durability(Durability.MEMORY);
    var chat = Dormouse.server().actor("/chat/:key", TinyChat.class, TinyChat::new);
    try (var server = chat.open(options)) {
      BlockingQueue<String> ada = new LinkedBlockingQueue<>();
      BlockingQueue<String> bo = new LinkedBlockingQueue<>();
      WebSocket adasSocket = connect(server.port(), "/chat/room?name=ada", ada);
      assertEquals("welcome", ada.poll(10, SECONDS));
      WebSocket bosSocket = connect(server.port(), "/chat/room?name=bo", bo);
      assertEquals("welcome", bo.poll(10, SECONDS));
      assertEquals("bo joined", ada.poll(10, SECONDS));
      adasSocket.sendText("hello", true).join();
      assertEquals("ada: hello", bo.poll(10, SECONDS));
      assertEquals("ada: hello", ada.poll(10, SECONDS));
      bosSocket.sendClose(1000, "").join();
      assertEquals("bo left", ada.poll(10, SECONDS));
    }
  }

  // tag::connect
  private static WebSocket connect(int port, String path, BlockingQueue<String> heard) {
    var listener =
        new WebSocket.Listener() {
          @Override
          public CompletionStage<?> onText(WebSocket socket, CharSequence text, boolean last) {
            heard.add(text.toString());
            return WebSocket.Listener.super.onText(socket, text, last); // asks for the next one
          }
        };
    return HttpClient.newHttpClient()
        .newWebSocketBuilder()
        .buildAsync(URI.create("ws://127.0.0.1:" + port + path), listener)
        .join();
  }
  // end::connect
}
