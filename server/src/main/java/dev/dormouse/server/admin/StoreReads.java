package dev.dormouse.server.admin;

import dev.dormouse.log.Log;
import dev.dormouse.storage.NoFileHandlesException;
import dev.dormouse.storage.rows.CorruptRowException;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.util.concurrent.Callable;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.slf4j.Logger;

/**
 * Answers requests that read the disk or very many actors, on {@value #THREADS} threads of its own.
 * If {@value #WAITING_MAX} requests wait, further ones are answered 503.
 */
public final class StoreReads {
  static final int WAITING_MAX = 64;

  private static final Logger log = Log.of(StoreReads.class);
  private static final int THREADS = 2;

  private final WorkerExecutor threads;
  private final AtomicInteger waiting = new AtomicInteger();

  /** Answers a request with another status than 200, and a message. */
  public static final class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int status;
    private final transient JsonObject more;

    public Refusal(int status, String message) {
      this(status, message, new JsonObject());
    }

    /** Creates a refusal with more data in its answer. */
    public Refusal(int status, String message, JsonObject more) {
      super(message);
      this.status = status;
      this.more = more;
    }
  }

  /** Creates the threads, which end with Vert.x. */
  public StoreReads(Vertx vertx) {
    this.threads = vertx.createSharedWorkerExecutor("dormouse-admin", THREADS);
  }

  /**
   * Reads on a thread that may wait. To be called on an event loop, on which the future completes.
   *
   * @return the result; fails with a {@link Refusal} if too many requests wait
   */
  public <T> Future<T> read(Callable<T> reading) {
    if (waiting.incrementAndGet() > WAITING_MAX) {
      waiting.decrementAndGet();
      return Future.failedFuture(
          new Refusal(503, "too many requests wait for the store; try later"));
    }
    Future<T> read;
    try {
      read = threads.executeBlocking(reading, false);
    } catch (RuntimeException | OutOfMemoryError noThread) {
      read = Future.failedFuture(noThread);
    }
    return read.onComplete(done -> waiting.decrementAndGet());
  }

  /**
   * Answers 200 with the result of a read, or with the status of a {@link Refusal}. The answer is
   * 500 if the data cannot be read, and 503 if the store is closed or the process has too few file
   * handles now.
   *
   * @param question returns the read for a request; if it throws an {@link
   *     IllegalArgumentException}, the answer is 400 with its message
   */
  public void answer(
      RoutingContext context, Function<RoutingContext, Callable<JsonObject>> question) {
    answerLater(context, asked -> read(question.apply(asked)));
  }

  /** Answers with the result of a future, with the statuses of {@code answer}. */
  public static void answerLater(
      RoutingContext context, Function<RoutingContext, Future<JsonObject>> question) {
    Future<JsonObject> answer;
    try {
      answer = question.apply(context);
    } catch (IllegalArgumentException e) {
      answer = Future.failedFuture(new Refusal(400, String.valueOf(e.getMessage())));
    } catch (Refusal e) {
      answer = Future.failedFuture(e);
    }
    answer
        .onSuccess(json -> AdminServer.answer(context, 200, json))
        .onFailure(cause -> fail(context, cause));
  }

  private static void fail(RoutingContext context, Throwable cause) {
    Refusal refusal = cause instanceof Refusal known ? known : refusal(context, cause);
    String message = String.valueOf(refusal.getMessage());
    if (refusal.status == 503) {
      context.response().putHeader("Retry-After", "1");
    }
    if (refusal.status == 409) {
      AdminServer.answer(context, 409, refusal.more.put("reason", message));
    } else {
      AdminServer.answer(context, refusal.status, message);
    }
  }

  private static Refusal refusal(RoutingContext context, Throwable cause) {
    String message = String.valueOf(cause.getMessage());
    if (cause instanceof IllegalStateException || cause instanceof RejectedExecutionException) {
      // The store is being closed.
      log.info("the admin request {} is not answered: {}", context.request().path(), message);
      return new Refusal(503, message);
    }
    if (cause instanceof NoFileHandlesException) {
      log.warn("the admin request {} is not answered: {}", context.request().path(), message);
      return new Refusal(503, message);
    }
    if (!(cause instanceof CorruptRowException)) {
      log.error("the admin request {} could not be answered", context.request().path(), cause);
    }
    return new Refusal(500, message);
  }
}
