package com.example.guide;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.dormouse.server.Dormouse;
import dev.dormouse.server.DormouseServer;
import dev.dormouse.server.options.ProcessEnd;
import dev.dormouse.server.options.ServerOptions;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.ext.web.Router;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddingTest {
  private final CompletableFuture<ProcessEnd> failed = new CompletableFuture<>();

  // tag::mount
  /** Opens the actors' server, whose own ports are free ports of 127.0.0.1. */
  private DormouseServer openActors(Path data) {
    return Dormouse.server()
        .actor("/party/:key", Party.class, Party::new)
        .open(
            ServerOptions.defaults()
                .port(0)
                .adminPort(0)
                .data(data)
                .onFatal(end -> failed.complete(end)));
  }

  /** Opens the program's HTTP server, which also leads to the actors. */
  private static HttpServer openHttp(Vertx vertx, DormouseServer actors, int port) {
    Router router = Router.router(vertx);
    actors.mount(router, "party");
    return vertx.createHttpServer().requestHandler(router).listen(port).await();
  }

  // end::mount

  @Test
  void actorsAreReachedOnTheProgramsOwnPort(@TempDir Path data) throws Exception {
    Vertx vertx = Vertx.vertx();
    try (DormouseServer actors = openActors(data)) {
      HttpServer http = openHttp(vertx, actors, 0);
      assertEquals("welcome to a", new TestSocket(http.actualPort(), "/party/a").hear());
    } finally {
      vertx.close().await();
    }
  }
}
