package ${package};

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.server.options.ServerOptions;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.nio.file.Path;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests the room in the real server, on a free port and with a folder of its own. */
class ChatRoomTest {
  private final HttpClient http = HttpClient.newHttpClient();

  @TempDir private Path data;

  private ServerOptions options() {
    return ServerOptions.defaults().port(0).adminPort(0).data(data);
  }

  @Test
  void aRoomKnowsItsMembersAfterItHasSlept() throws Exception {
    try (var server = ChatRoom.server().open(options())) {
      BlockingQueue<String> heard = new LinkedBlockingQueue<>();
      WebSocket ada = connect(server.port(), "/chat/lobby?name=ada", heard);
      assertEquals("welcome, ada", heard.poll(10, SECONDS));
      assertTrue(server.hibernate(new ActorId("chat", "lobby")).toCompletableFuture().join());
      ada.sendText("hello", true).join();
      assertEquals("ada: hello", heard.poll(10, SECONDS));
    }
  }

  @Test
  void thePageIsServed() throws Exception {
    try (var server = ChatRoom.server().open(options())) {
      URI page = URI.create("http://127.0.0.1:" + server.port() + "/");
      var answer = http.send(HttpRequest.newBuilder(page).build(), BodyHandlers.ofString());
      assertEquals(200, answer.statusCode());
      assertTrue(answer.body().contains("<h1>Chat</h1>"));
    }
  }

  private WebSocket connect(int port, String path, BlockingQueue<String> heard) {
    var listener =
        new WebSocket.Listener() {
          @Override
          public CompletionStage<?> onText(WebSocket socket, CharSequence text, boolean last) {
            heard.add(text.toString());
            return WebSocket.Listener.super.onText(socket, text, last); // asks for the next one
          }
        };
    return http.newWebSocketBuilder()
        .buildAsync(URI.create("ws://127.0.0.1:" + port + path), listener)
        .join();
  }
}
