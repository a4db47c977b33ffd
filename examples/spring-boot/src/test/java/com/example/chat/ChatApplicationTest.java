package com.example.chat;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.spring.ActorServer;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;

/** Runs the whole application, with free ports and a folder of its own. */
class ChatApplicationTest {
  private static final HttpClient HTTP = HttpClient.newHttpClient();

  // tag::start
  private static ConfigurableApplicationContext start(Path data) {
    return SpringApplication.run(
        ChatApplication.class,
        "--server.port=0",
        "--dormouse.port=0",
        "--dormouse.admin-port=0",
        "--dormouse.data=" + data);
  }

  // end::start

  @Test
  void membersAreGreetedByAServiceToldByAControllerAndClosedAtTheEnd(@TempDir Path data)
      throws Exception {
    Member ada;
    try (ConfigurableApplicationContext context = start(data)) {
      String web = "http://127.0.0.1:" + context.getEnvironment().getProperty("local.server.port");
      ada = new Member(context.getBean(ActorServer.class).server().port());
      assertThat(ada.hear()).isEqualTo("welcome, ada");

      assertThat(post(web + "/rooms/tea/announcements", "tea is ready")).isEqualTo("1");
      assertThat(ada.hear()).isEqualTo("tea is ready");

      assertThat(get(web + "/actuator/health")).contains("\"dormouse\":{\"status\":\"UP\"}");
      assertThat(get(web + "/actuator/health/readiness")).contains("\"UP\"");
      assertThat(get(web + "/actuator/metrics/dormouse.connections")).contains("\"value\":1.0");
      assertThat(get(web + "/actuator/prometheus"))
          .contains(
              "dormouse_connections 1.0",
              "dormouse_call_duration_seconds_count{kind=\"ask\",outcome=\"answered\",type=\"chat\"} 1");
    }
    assertThat(ada.hear()).isEqualTo("closed 1012");
  }

  private static String get(String uri) throws Exception {
    return HTTP.send(HttpRequest.newBuilder(URI.create(uri)).build(), BodyHandlers.ofString())
        .body();
  }

  private static String post(String uri, String body) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(uri))
            .header("Content-Type", "text/plain")
            .POST(BodyPublishers.ofString(body))
            .build();
    return HTTP.send(request, BodyHandlers.ofString()).body();
  }

  /** A WebSocket in the room tea that keeps what it hears until the test asks. */
  private static final class Member implements WebSocket.Listener {
    private final BlockingQueue<String> heard = new LinkedBlockingQueue<>();

    Member(int port) {
      URI uri = URI.create("ws://127.0.0.1:" + port + "/chat/tea?name=ada");
      HTTP.newWebSocketBuilder().buildAsync(uri, this).join();
    }

    String hear() throws InterruptedException {
      return Objects.requireNonNull(heard.poll(30, TimeUnit.SECONDS), "nothing came for 30 s");
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
  }
}
