package dev.dormouse.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpResponse;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;

/** A client of a server's admin port. */
record Admin(URI base) {
  private static final int POLL_MS = 20;

  /** The admin port's report about an actor. */
  record Actor(String state, int connections, long activation) {}

  Actor actor(String type, String key) throws IOException, InterruptedException {
    return read(Http.get(path("/actors/" + type + "/" + key)));
  }

  Actor hibernate(String type, String key) throws IOException, InterruptedException {
    return read(Http.post(path("/actors/" + type + "/" + key + "/hibernate")));
  }

  URI path(String path) {
    return base.resolve(path);
  }

  /** Asks repeatedly until an actor is as wanted. */
  Actor poll(String type, String key, Predicate<Actor> wanted) throws Exception {
    AtomicReference<Actor> last = new AtomicReference<>();
    CompletableFuture<Actor> found = new CompletableFuture<>();
    ScheduledExecutorService polling = Executors.newSingleThreadScheduledExecutor();
    try {
      var unused =
          polling.scheduleWithFixedDelay(
              () -> {
                try {
                  last.set(actor(type, key));
                  if (wanted.test(last.get())) {
                    found.complete(last.get());
                  }
                } catch (IOException | InterruptedException | RuntimeException | Error e) {
                  found.completeExceptionally(e);
                }
              },
              0,
              POLL_MS,
              TimeUnit.MILLISECONDS);
      return found.get(Child.LIMIT.toSeconds(), TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw new AssertionError("%s/%s stayed %s".formatted(type, key, last), e);
    } finally {
      polling.shutdownNow();
    }
  }

  private static Actor read(HttpResponse<String> response) {
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    JsonObject json = new JsonObject(response.body());
    return new Actor(
        json.getString("state"), json.getInteger("connections"), json.getLong("wakes"));
  }
}
