package dev.dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.Access;
import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.RequestHead;
import dev.dormouse.sdk.WebSocketActor;
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
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Checks that the middleware of the guide does what the guide says of it. */
class GuideMiddlewareTest {
  static final class ChatRoom extends WebSocketActor<Void> {}

  // tag::middleware
  static Dormouse chat(JWTAuthOptions keys) {
    return Dormouse.server()
        .actor("/chat/:key", ChatRoom.class, ChatRoom::new, o -> o.access(ChatRules::mayEnter))
        .routes(
            (router, server) -> {
              JWTAuth tokens = JWTAuth.create(server.vertx(), keys);
              Router inner = Router.router(server.vertx());
              inner.route("/chat/*").handler(JWTAuthHandler.create(tokens));
              server.mount(inner, "chat"); // at /v1/chat/:key, and nowhere else
              router.route("/v1/*").virtualHost("*.example.org").subRouter(inner);
            });
  }

  static final class ChatRules {
    static Access mayEnter(ActorId room, RequestHead request) {
      Optional<String> invited = request.user().flatMap(user -> user.claim("room", String.class));
      return invited.equals(Optional.of(room.key()))
          ? Access.granted()
          : Access.denied(403, "not your room");
    }
  }

  // end::middleware

  @Test
  @DisplayName("C2 C5 the middleware of the guide does what the guide says")
  void theMiddlewareOfTheGuideDoesWhatTheGuideSays() {
    JWTAuthOptions keys =
        new JWTAuthOptions()
            .addPubSecKey(
                new PubSecKeyOptions()
                    .setAlgorithm("HS256")
                    .setBuffer("a secret that is long enough to be one"));
    try (DormouseServer server =
        chat(keys)
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
