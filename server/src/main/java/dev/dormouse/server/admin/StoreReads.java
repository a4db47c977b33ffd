package dev.dormouse.server.admin;

import dev.dormouse.storage.CorruptRowException;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.util.NoSuchElementException;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers what takes a look at the disk, or at very many actors, on threads of its own, of which
 * there are {@value #THREADS}. Over {@value #WAITING_MAX} that wait are answered 503.
 */
final class StoreReads {
  private static final Logger log = LoggerFactory.getLogger(StoreReads.class);
  private static final int THREADS = 2;
  private static final int WAITING_MAX = 64;

  private final WorkerExecutor threads;
  private final AtomicInteger waiting = new AtomicInteger();

  /** They end with Vert.x. */
  StoreReads(Vertx vertx) {
    this.threads = vertx.createSharedWorkerExecutor("dormouse-admin", THREADS);
  }

  /**
   * Answers 200 with what is read; 400 with the message of an {@link IllegalArgumentException}, 404
   * with that of a {@link NoSuchElementException}, 500 if it cannot be read.
   */
  void answer(RoutingContext context, Callable<JsonObject> reading) {
    answer(context, 200, reading);
  }

  /** The same with another status than 200. */
  void answer(RoutingContext context, int status, Callable<JsonObject> reading) {
    if (waiting.incrementAndGet() > WAITING_MAX) {
      waiting.decrementAndGet();
      context.response().putHeader("Retry-After", "1");
      AdminServer.answer(context, 503, "too many ask at once");
      return;
    }
    threads
        .executeBlocking(reading, false)
        .onComplete(
            read -> {
              waiting.decrementAndGet();
              if (read.succeeded()) {
                AdminServer.answer(context, status, read.result());
              } else {
                fail(context, read.cause());
              }
            });
  }

  private static void fail(RoutingContext context, Throwable cause) {
    String message = String.valueOf(cause.getMessage());
    if (cause instanceof IllegalArgumentException) {
      AdminServer.answer(context, 400, message);
    } else if (cause instanceof NoSuchElementException) {
      AdminServer.answer(context, 404, message);
    } else {
      if (!(cause instanceof CorruptRowException)) {
        log.error("{} could not be answered", context.request().path(), cause);
      }
      AdminServer.answer(context, 500, message);
    }
  }
}
