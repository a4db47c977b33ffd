package dev.dormouse.server;

import dev.dormouse.sdk.ActorOptions;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.HttpRequest;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.sdk.RequestHead;
import dev.dormouse.sdk.Upgrade;
import dev.dormouse.sdk.User;
import dev.dormouse.sdk.WebSocketActor;
import dev.dormouse.server.gateway.RawClient;
import dev.dormouse.server.gateway.RawClient.Answer;
import dev.dormouse.server.options.ServerOptions;
import dev.dormouse.storage.Durability;
import io.vertx.core.Handler;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/** An actor that tells its clients whom it takes them for, behind the routes that a test wants. */
public final class Desk extends WebSocketActor<String> {

  @Override
  protected void onUpgrade(Upgrade<String> upgrade) {
    upgrade.addHeader("Set-Cookie", "desk=1");
    String name = nameIn(upgrade.head());
    upgrade.accept(name).send("welcome " + name + " at " + id().key());
  }

  @Override
  protected void onMessage(Connection<String> from, String text) {
    from.send(from.attachment() + ": " + text);
  }

  @Override
  protected HttpResponse onRequest(HttpRequest request) {
    return HttpResponse.text(200, "hello " + nameIn(request.head()));
  }

  private static String nameIn(RequestHead head) {
    Optional<User> user = head.user();
    return user.map(known -> known.subject() + " " + known.claims()).orElse("nobody");
  }

  static DormouseServer open(BiConsumer<Router, DormouseServer> routes) {
    return open(ServerOptions.defaults(), options -> options, routes);
  }

  /** Opens a server with this handler in front of all desks. */
  static DormouseServer behind(Function<DormouseServer, Handler<RoutingContext>> handler) {
    return open((router, self) -> router.route("/desk/*").handler(handler.apply(self)));
  }

  static DormouseServer open(
      ServerOptions server,
      UnaryOperator<ActorOptions> options,
      BiConsumer<Router, DormouseServer> routes) {
    return Dormouse.server()
        .actor("/desk/:key", Desk.class, Desk::new, options)
        .routes(routes)
        .open(
            server
                .port(0)
                .adminPort(0)
                .gateway(server.gateway().hosts(Set.of("*")))
                .data(Path.of("unused"))
                .durability(Durability.MEMORY)
                .eventLoops(1)
                .idle(Duration.ofHours(1)));
  }

  /** Returns the answer to an upgrade. */
  static Answer upgrade(DormouseServer server, String path, String... headers) {
    try (RawClient client = new RawClient(server.port())) {
      return client.send(RawClient.upgrade(path, headers)).readAnswer();
    }
  }

  /** Returns the answer to a plain GET. */
  static Answer get(DormouseServer server, String path, String... headers) {
    try (RawClient client = new RawClient(server.port())) {
      return client
          .send(
              RawClient.head("GET " + path + " HTTP/1.1", List.of("Host: dormouse.test"), headers))
          .readAnswer();
    }
  }

  /** Returns the actor's first message to a client that it accepts. */
  static String welcome(DormouseServer server, String path, String... headers) {
    try (RawClient client = new RawClient(server.port())) {
      return client.open(path, headers).readText();
    }
  }

  /** Waits until a condition of a server holds. */
  static void await(DormouseServer server, BooleanSupplier condition) throws Exception {
    CompletableFuture<Void> met = new CompletableFuture<>();
    long timer =
        server
            .vertx()
            .setPeriodic(
                1,
                look -> {
                  if (condition.getAsBoolean()) {
                    met.complete(null);
                  }
                });
    try {
      met.get(30, TimeUnit.SECONDS);
    } finally {
      server.vertx().cancelTimer(timer);
    }
  }
}
