package dev.dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.dormouse.sdk.HttpRequest;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.sdk.Upgrade;
import dev.dormouse.sdk.WebSocketActor;
import dev.dormouse.server.gateway.RawClient;
import dev.dormouse.server.gateway.RawClient.Answer;
import dev.dormouse.server.options.ServerOptions;
import dev.dormouse.storage.Durability;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Checks actors whose keys are the rest of a path, slashes included. */
class KeysWithSlashesTest {
  private static DormouseServer server;

  /** Tells its key. */
  static final class Page extends WebSocketActor<Void> {
    @Override
    protected void onUpgrade(Upgrade<Void> upgrade) {
      upgrade.accept().send(id().key());
    }

    @Override
    protected HttpResponse onRequest(HttpRequest request) {
      return HttpResponse.text(200, id().key());
    }
  }

  @BeforeAll
  static void start() {
    server =
        Dormouse.server()
            .actor("/docs/:key*", Page.class, Page::new)
            .actor("/of/:tenant/docs/:key*", Page.class, Page::new, o -> o.name("tenants"))
            .actor("/in/:key*", Page.class, Page::new)
            .routes(
                (router, self) -> {
                  Router inner = Router.router(self.vertx());
                  self.mount(inner, "in");
                  router.route("/v1/*").subRouter(inner);
                  router.route("/at/:place/*").subRouter(inner);
                })
            .open(
                ServerOptions.defaults()
                    .port(0)
                    .adminPort(0)
                    .data(Path.of("not-used"))
                    .durability(Durability.MEMORY));
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @ParameterizedTest(name = "{0} is the actor {1}")
  @CsvSource({
    "/docs/a, a",
    "/docs/a/b, a/b",
    "/docs/a/b/, a/b/",
    "/docs/a/b/c?d=/e, a/b/c",
    "/docs/a%2Fb, a/b",
    "/docs/a%252Fb, a%2Fb",
    "/docs/a%25252Fb, a%252Fb",
    "/docs/a+b/%2B, a+b/+",
    "/docs/%C3%A4/%F0%9F%90%AD, \u00e4/\ud83d\udc2d",
    "/docs/a/./b/../c, a/c",
    "/docs/a//b, a/b",
    "/docs/a%2F..%2Fb, a/../b",
    "/docs/docs/docs, docs/docs",
    "/v1/in/a/b, a/b",
    "/at/in/in/a/b, a/b",
    "/of/x/docs/a/b, a/b",
    "/of/docs/docs/docs/a, docs/a",
  })
  void theKeyIsTheRestOfThePathForUpgradesAndRequests(String path, String key) throws Exception {
    try (RawClient client = new RawClient(server.port())) {
      assertThat(get(client, path).body()).isEqualTo(key);
      client.open(path);
      assertThat(client.readText()).isEqualTo(key);
    }
  }

  @ParameterizedTest(name = "{0} is answered {1}")
  @CsvSource({"/docs, 404", "/docs/, 404", "/docs/a/../.., 404", "/docs/a/%01, 400"})
  void aPathWithoutAKeyAndABadKeyAreRefused(String path, int status) throws Exception {
    try (RawClient client = new RawClient(server.port())) {
      assertThat(get(client, path).status()).isEqualTo(status);
    }
  }

  @Test
  void aKeyMayBeAsLongAsOneWithoutSlashes() throws Exception {
    String longest = "a/".repeat(256);
    try (RawClient client = new RawClient(server.port())) {
      assertThat(get(client, "/docs/" + longest).body()).isEqualTo(longest);
      Answer answer = get(client, "/docs/" + longest + "b");
      assertThat(answer.status()).isEqualTo(400);
      assertThat(answer.body()).contains("has 513 bytes; the limit is 512");
    }
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({"/actors/docs/seen%2Fby%2Fadmins", "/api/actors/docs/seen%2Fby%2Fadmins"})
  void theAdminPagesFindTheActor(String path) throws Exception {
    try (RawClient client = new RawClient(server.port());
        RawClient admin = new RawClient(server.adminPort())) {
      client.open("/docs/seen/by/admins");
      assertThat(client.readText()).isEqualTo("seen/by/admins");
      JsonObject status = new JsonObject(get(admin, path).body());
      assertThat(status.getString("key")).isEqualTo("seen/by/admins");
      assertThat(status.getInteger("connections")).isEqualTo(1);
    }
  }

  @Test
  void theRestOfAPathIsItsLastPart() {
    assertThatThrownBy(
            () ->
                Dormouse.server()
                    .actor("/docs/:key*/pages", Page.class, Page::new)
                    .open(ServerOptions.defaults().port(0)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "actor Page at /docs/:key*/pages: the path '/docs/:key*/pages' has ':key*' before its"
                + " end; ':key*' takes the rest of a path, so it must be the last part");
  }

  private static Answer get(RawClient client, String path) throws Exception {
    client.send(RawClient.head("GET " + path + " HTTP/1.1", List.of("Host: localhost")));
    return client.readAnswer();
  }
}
