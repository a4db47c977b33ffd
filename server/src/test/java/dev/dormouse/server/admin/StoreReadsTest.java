package dev.dormouse.server.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.storage.MemoryDisk;
import dev.dormouse.storage.NodeStore;
import dev.dormouse.storage.Stores;
import dev.dormouse.storage.rows.ActorRow;
import dev.dormouse.storage.rows.Table;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.junit5.VertxExtension;
import java.net.InetAddress;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Checks which requests are answered while readers wait for the disk. */
@ExtendWith(VertxExtension.class)
class StoreReadsTest {

  private static RawHttp listen(Vertx vertx, Router router) throws Exception {
    int port =
        vertx
            .createHttpServer()
            .requestHandler(router)
            .listen(0, "127.0.0.1")
            .toCompletionStage()
            .toCompletableFuture()
            .get(20, TimeUnit.SECONDS)
            .actualPort();
    return new RawHttp(InetAddress.getLoopbackAddress(), port);
  }

  @Test
  @DisplayName("While the disk is slow, event loops go on, and over 64 that wait are answered 503")
  void manyWhoWaitAreRefused(Vertx vertx) throws Exception {
    StoreReads reads = new StoreReads(vertx);
    CountDownLatch slow = new CountDownLatch(1);
    CountDownLatch done = new CountDownLatch(StoreReads.WAITING_MAX);
    CountDownLatch asked = new CountDownLatch(StoreReads.WAITING_MAX);
    Router router = Router.router(vertx);
    router
        .get("/read")
        .handler(context -> reads.answer(context, question -> () -> new JsonObject().put("a", 1)));
    RawHttp http = listen(vertx, router);
    vertx.runOnContext(
        started -> {
          for (int i = 0; i < StoreReads.WAITING_MAX; i++) {
            reads.read(() -> slow.await(20, TimeUnit.SECONDS)).onComplete(read -> done.countDown());
            asked.countDown();
          }
        });
    assertThat(asked.await(20, TimeUnit.SECONDS)).isTrue();

    RawHttp.Answer refused = http.ask("GET /read", List.of("Host: a"));
    assertThat(refused.status()).isEqualTo(503);
    assertThat(refused.header("Retry-After")).isEqualTo("1");

    slow.countDown();
    assertThat(done.await(20, TimeUnit.SECONDS)).isTrue();
    assertThat(http.ask("GET /read", List.of("Host: a")).body()).isEqualTo("{\"a\":1}");
  }

  @Test
  @DisplayName("A reading's exception is answered with its own status, or 500")
  void failuresAreAnswered(Vertx vertx) throws Exception {
    StoreReads reads = new StoreReads(vertx);
    Router router = Router.router(vertx);
    router
        .get("/400")
        .handler(
            context ->
                reads.answer(
                    context,
                    question -> {
                      throw new IllegalArgumentException("a is no b");
                    }));
    router
        .get("/409")
        .handler(
            context ->
                reads.answer(
                    context,
                    question ->
                        () -> {
                          throw new StoreReads.Refusal(409, "busy", new JsonObject().put("a", 1));
                        }));
    router
        .get("/500")
        .handler(
            context ->
                reads.answer(
                    context,
                    question ->
                        () -> {
                          throw new IllegalArgumentException("a fault of the server's");
                        }));
    NodeStore store = Stores.memory(new MemoryDisk());
    store.close();
    router
        .get("/closed")
        .handler(
            context ->
                reads.answer(
                    context,
                    question ->
                        () -> {
                          store.get(new ActorId("room", "lobby"), Table.ACTOR, ActorRow.KEY);
                          return new JsonObject();
                        }));
    RawHttp http = listen(vertx, router);

    RawHttp.Answer bad = http.ask("GET /400", List.of("Host: a"));
    assertThat(bad.status() + " " + bad.body()).isEqualTo("400 a is no b\n");
    RawHttp.Answer conflict = http.ask("GET /409", List.of("Host: a"));
    assertThat(conflict.status()).isEqualTo(409);
    assertThat(new JsonObject(conflict.body()))
        .isEqualTo(new JsonObject().put("a", 1).put("reason", "busy"));
    assertThat(http.ask("GET /500", List.of("Host: a")).status()).isEqualTo(500);
    RawHttp.Answer closed = http.ask("GET /closed", List.of("Host: a"));
    assertThat(closed.status() + " " + closed.body()).isEqualTo("503 the store is closed\n");
  }
}
