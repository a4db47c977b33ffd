package dev.dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.server.AdminClient.Answer;
import dev.dormouse.server.gateway.RawClient;
import dev.dormouse.server.options.ServerOptions;
import dev.dormouse.storage.Durability;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Checks who may see the dashboard, and who may order something there. */
@Timeout(120)
class DashboardAccessTest {
  private static final String TOKEN = "a-token-of-some-length";
  private static final String ACTOR = "/api/actors/parlor/lobby";
  private static final List<String> SEEN =
      List.of(
          "/",
          "/dashboard/api.js",
          "/dashboard/dashboard.css",
          "/api/node",
          "/api/actors",
          ACTOR,
          ACTOR + "/connections",
          ACTOR + "/values");
  private static final List<String> ORDERED =
      List.of(ACTOR + "/connections/1.1/close", ACTOR + "/hibernate", ACTOR + "/reset");

  @TempDir private Path folder;

  private DormouseServer open(String host, @Nullable Path token) {
    return Dormouse.server()
        .actor("/parlor/:key", Parlor.class, () -> new Parlor(new CompletableFuture<>()))
        .open(
            ServerOptions.defaults()
                .port(0)
                .adminPort(0)
                .adminHost(host)
                .adminTokenFile(token)
                .idle(Duration.ofHours(1))
                .data(folder.resolve("data"))
                .durability(Durability.WAL));
  }

  @Test
  @DisplayName("On loopback no token is wanted, but a foreign Host or Origin is refused everywhere")
  void foreignersAreRefused() throws Exception {
    try (DormouseServer server = open("127.0.0.1", null);
        TextClient ada = new TextClient(server, "/parlor/lobby")) {
      ada.ask("hi");
      AdminClient admin = new AdminClient(server);
      for (String path : SEEN) {
        assertThat(admin.get(path).status()).as(path).isEqualTo(200);
        assertThat(admin.get(path, "Origin", "http://evil.example").status())
            .as(path)
            .isEqualTo(403);
        assertThat(ofHost(server, "GET " + path)).as(path).isEqualTo(403);
      }
      for (String path : ORDERED) {
        assertThat(admin.post(path, "Origin", "http://evil.example").status())
            .as(path)
            .isEqualTo(403);
        assertThat(ofHost(server, "POST " + path)).as(path).isEqualTo(403);
      }
      assertThat(ada.ask("hi")).isEqualTo("heard 2");
    }
  }

  /** Returns the status of the answer to a browser that a foreign host name led here. */
  private static int ofHost(DormouseServer server, String line) {
    try (RawClient client = new RawClient(server.adminPort())) {
      return client
          .send(line + " HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 0\r\n\r\n")
          .readAnswer()
          .status();
    }
  }

  @Test
  @DisplayName("Elsewhere everything wants the token or a login, which leads to the dashboard")
  void strangersAreRefused() throws Exception {
    Path token = Files.writeString(folder.resolve("token"), TOKEN);
    try (DormouseServer server = open("0.0.0.0", token);
        TextClient ada = new TextClient(server, "/parlor/lobby")) {
      ada.ask("hi");
      AdminClient admin = new AdminClient(server);
      String[] bearer = {"Authorization", "Bearer " + TOKEN};
      String[] cookie = {"Cookie", login(server), "Origin", server.adminUrl()};
      for (String path : SEEN) {
        assertThat(admin.get(path).status()).as(path).isEqualTo(401);
        assertThat(admin.get(path, bearer).status()).as(path).isEqualTo(200);
        assertThat(admin.get(path, cookie).status()).as(path).isEqualTo(200);
      }
      for (String path : ORDERED) {
        assertThat(admin.post(path).status()).as(path).isEqualTo(401);
        assertThat(admin.post(path, cookie[0], cookie[1], "Origin", "http://evil.example").status())
            .as(path)
            .isEqualTo(403);
      }
      assertThat(ada.ask("hi")).isEqualTo("heard 2");
      assertThat(admin.get("/", "Accept", "text/html").status()).as("to the form").isEqualTo(303);
      assertThat(admin.post(ACTOR + "/hibernate", bearer).status()).isEqualTo(200);
      assertThat(ada.ask("hi")).isEqualTo("heard 1");
      assertThat(admin.post(ACTOR + "/reset", cookie).status()).isEqualTo(200);
      assertThat(ada.ask("hi")).isEqualTo("heard 1");
      Answer closed = admin.post(ACTOR + "/connections/1.1/close", cookie);
      assertThat(closed.status()).as(closed.body()).isEqualTo(200);
      assertThat(ada.next()).isEqualTo("closed 1000 ");
    }
  }

  /** Returns the cookie of a browser that has logged in. */
  private static String login(DormouseServer server) throws Exception {
    HttpResponse<Void> answer =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(URI.create(server.adminUrl() + "/login"))
                    .header("Content-Type", "application/x-www-form-urlencoded")
                    .POST(BodyPublishers.ofString("token=" + TOKEN))
                    .build(),
                BodyHandlers.discarding());
    assertThat(answer.statusCode()).isEqualTo(303);
    assertThat(answer.headers().firstValue("Location")).contains("/");
    return answer.headers().firstValue("Set-Cookie").orElseThrow().replaceFirst(";.*", "");
  }
}
