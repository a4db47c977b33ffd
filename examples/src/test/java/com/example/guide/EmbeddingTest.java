package com.example.guide;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.dormouse.server.Dormouse;
import dev.dormouse.server.DormouseServer;
import dev.dormouse.server.options.ProcessEnd;
import dev.dormouse.server.options.ServerOptions;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddingTest {
  private final CompletableFuture<ProcessEnd> failed = new CompletableFuture<>();

  // tag::mount
  /** Opens the actors' server, whose own ports are free ports of 127.0.0.1. */
  private DormouseServer openActors(Path data) {
    return Dormouse.server()
        .actor("/party/:key", Party.class, Party::new)
        .actor("/device/:key", Device.class, Device::new)
        .actor("/building/:key", Device.Building.class, Device.Building::new)
        .open(
            ServerOptions.defaults()
                .port(0)
                .adminPort(0)
                .data(data)
                .onFatal(end -> failed.complete(end)));
  }

  /** Opens the program's HTTP server, whose router also leads to the parties. */
  private static HttpServer openHttp(Vertx vertx, DormouseServer actors, int port) {
    Router router = Router.router(vertx);
    router.get("/hello").handler(context -> context.end("hello"));
    router.post("/reboots/:device").handler(context -> reboot(context, actors));
    actors.mount(router, "party");
    return vertx.createHttpServer().requestHandler(router).listen(port).await();
  }

  /** Answers a request of the program by a call to an actor, on the event loop of the request. */
  private static void reboot(RoutingContext context, DormouseServer actors) {
    CompletionStage<Boolean> answer =
        actors.actor(Device.class, context.pathParam("device")).ask(new Device.Reboot(true));
    Future.fromCompletionStage(answer, context.vertx().getOrCreateContext())
        .onSuccess(online -> context.end(online ? "rebooted" : "offline"))
        .onFailure(context::fail);
  }

  // end::mount

  @Test
  void actorsAreReachedOnTheProgramsOwnPortAndByItsRoutes(@TempDir Path data) throws Exception {
    Vertx vertx = Vertx.vertx();
    DormouseServer actors = openActors(data);
    try {
      HttpServer http = openHttp(vertx, actors, 0);
      TestSocket ada = new TestSocket(http.actualPort(), "/party/a");
      assertEquals("welcome to a", ada.hear());
      assertEquals("hello", request(http, "GET", "/hello"));
      assertEquals("offline", request(http, "POST", "/reboots/d1"));

      TestSocket device = new TestSocket(actors, "/device/d1");
      assertEquals("rebooted", request(http, "POST", "/reboots/d1"));
      assertEquals("reboot hard", device.hear());

      actors.close();
      assertEquals("closed 1001", ada.hear());
      assertEquals("hello", request(http, "GET", "/hello"));
    } finally {
      actors.close();
      vertx.close().await();
    }
  }

  private static String request(HttpServer http, String method, String path) throws Exception {
    URI uri = URI.create("http://127.0.0.1:" + http.actualPort() + path);
    HttpRequest request =
        HttpRequest.newBuilder(uri).method(method, BodyPublishers.noBody()).build();
    return HttpClient.newHttpClient().send(request, BodyHandlers.ofString()).body();
  }
}
