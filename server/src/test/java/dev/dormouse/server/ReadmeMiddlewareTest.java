package dev.dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.Access;
import dev.dormouse.server.gateway.RawClient;
import dev.dormouse.server.gateway.RawClient.Answer;
import dev.dormouse.server.options.ServerOptions;
import dev.dormouse.storage.Durability;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.auth.PubSecKeyOptions;
import io.vertx.ext.auth.jwt.JWTAuth;
import io.vertx.ext.auth.jwt.JWTAuthOptions;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.handler.JWTAuthHandler;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Compiles the README's middleware, and checks that it does what the README says of it. */
class ReadmeMiddlewareTest {
  private static Dormouse guarded(JWTAuthOptions keys) {
    return Dormouse.server()
        .actor(
            "/chat/:key",
            Desk.class,
            Desk::new,
            options ->
                options.access(
                    (room, request) ->
                        request
                                .user()
                                .flatMap(user -> user.claim("room", String.class))
                                .filter(room.key()::equals)
                                .isPresent()
                            ? Access.granted()
                            : Access.denied(403, "not your room")))
        .routes(
            (router, server) -> {
              JWTAuth tokens = JWTAuth.create(server.vertx(), keys);
              Router inner = Router.router(server.vertx());
              inner.route("/chat/*").handler(JWTAuthHandler.create(tokens));
              server.mount(inner, "chat"); // at /v1/chat/:key, and nowhere else
              router.route("/v1/*").virtualHost("*.example.org").subRouter(inner);
            });
  }

  private static String withoutSpace(String code) {
    return code.replaceAll("\\s", "");
  }

  @Test
  @DisplayName("the middleware of the README is what is compiled here, but for the actor's name")
  void theMiddlewareOfTheReadmeIsWhatIsCompiledHere() throws Exception {
    String readme = Files.readString(Path.of("../README.md"));
    int section = readme.indexOf("## Middleware");
    int begin = readme.indexOf("```java\n", section) + "```java\n".length();
    String code = readme.substring(begin, readme.indexOf("```", begin));
    Path source = Path.of("src/test/java/dev/dormouse/server/ReadmeMiddlewareTest.java");
    assertThat(withoutSpace(Files.readString(source)))
        .contains(withoutSpace(code).replace("ChatRoom", "Desk"));
  }

  @Test
  @DisplayName("C2 C5 the middleware of the README does what the README says")
  void theMiddlewareOfTheReadmeDoesWhatTheReadmeSays() {
    JWTAuthOptions keys =
        new JWTAuthOptions()
            .addPubSecKey(
                new PubSecKeyOptions()
                    .setAlgorithm("HS256")
                    .setBuffer("a secret that is long enough to be one"));
    try (DormouseServer server =
        guarded(keys)
            .open(
                ServerOptions.defaults()
                    .port(0)
                    .adminPort(0)
                    .data(Path.of("unused"))
                    .durability(Durability.MEMORY))) {
      String bearer =
          "Authorization: Bearer "
              + JWTAuth.create(server.vertx(), keys)
                  .generateToken(new JsonObject().put("sub", "ada").put("room", "blue"));
      assertThat(upgrade(server, "chat.example.org", "/v1/chat/blue", bearer).status())
          .isEqualTo(101);
      assertThat(upgrade(server, "chat.example.org", "/v1/chat/red", bearer).body())
          .isEqualTo("not your room");
      assertThat(upgrade(server, "chat.example.org", "/v1/chat/blue").status()).isEqualTo(401);
      assertThat(upgrade(server, "chat.example.com", "/v1/chat/blue", bearer).status())
          .isEqualTo(404);
      assertThat(upgrade(server, "chat.example.org", "/chat/blue", bearer).status()).isEqualTo(404);
    }
  }

  private static Answer upgrade(
      DormouseServer server, String host, String path, String... headers) {
    List<String> good =
        RawClient.goodHeaders().stream()
            .map(line -> line.startsWith("Host:") ? "Host: " + host : line)
            .toList();
    try (RawClient client = new RawClient(server.port())) {
      return client.send(RawClient.head("GET " + path + " HTTP/1.1", good, headers)).readAnswer();
    }
  }
}
