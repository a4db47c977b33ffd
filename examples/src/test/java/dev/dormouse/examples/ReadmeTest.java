package dev.dormouse.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.server.Dormouse;
import dev.dormouse.server.DormouseServer;
import dev.dormouse.server.options.ServerOptions;
import dev.dormouse.storage.Durability;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ReadmeTest {

  @Test
  void theActorOfTheReadmeIsTheOneThatIsCompiled() throws Exception {
    String readme = Files.readString(Path.of("../README.md"));
    int begin = readme.indexOf("```java\n") + "```java\n".length();
    String shown = readme.substring(begin, readme.indexOf("```", begin));
    assertThat(Files.readString(Path.of("src/test/java/dev/dormouse/examples/TinyChat.java")))
        .endsWith(shown);
  }

  @Test
  void theActorOfTheReadmeDoesWhatTheReadmeSays() throws Exception {
    ServerOptions options =
        ServerOptions.defaults()
            .port(0)
            .adminPort(0)
            .data(Path.of("unused"))
            .durability(Durability.MEMORY);
    try (DormouseServer server =
        Dormouse.server().actor("/chat/:key", TinyChat.class, TinyChat::new).open(options)) {
      BlockingQueue<String> ada = new LinkedBlockingQueue<>();
      BlockingQueue<String> bo = new LinkedBlockingQueue<>();
      WebSocket adasSocket = connect(server, "ada", ada);
      assertThat(ada.poll(10, TimeUnit.SECONDS)).isEqualTo("welcome");
      WebSocket bosSocket = connect(server, "bo", bo);
      assertThat(bo.poll(10, TimeUnit.SECONDS)).isEqualTo("welcome");
      assertThat(ada.poll(10, TimeUnit.SECONDS)).isEqualTo("bo joined");
      adasSocket.sendText("hello", true).get(10, TimeUnit.SECONDS);
      assertThat(bo.poll(10, TimeUnit.SECONDS)).isEqualTo("ada: hello");
      assertThat(ada.poll(10, TimeUnit.SECONDS)).isEqualTo("ada: hello");
      bosSocket.sendClose(1000, "").get(10, TimeUnit.SECONDS);
      assertThat(ada.poll(10, TimeUnit.SECONDS)).isEqualTo("bo left");
    }
  }

  private static WebSocket connect(DormouseServer server, String name, BlockingQueue<String> heard)
      throws Exception {
    URI uri = URI.create("ws://127.0.0.1:" + server.port() + "/chat/room?name=" + name);
    WebSocket.Listener listener =
        new WebSocket.Listener() {
          @Override
          public CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
            heard.add(data.toString());
            return WebSocket.Listener.super.onText(socket, data, last);
          }
        };
    return HttpClient.newHttpClient()
        .newWebSocketBuilder()
        .buildAsync(uri, listener)
        .get(10, TimeUnit.SECONDS);
  }
}
