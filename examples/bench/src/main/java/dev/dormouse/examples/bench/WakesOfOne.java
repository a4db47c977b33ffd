package dev.dormouse.examples.bench;

import io.netty.buffer.ByteBuf;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.concurrent.CompletableFuture;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * Wakes one actor again and again, and lets it sleep in between by the admin port. The actor has
 * all the connections of the task. The figures show whether their number matters.
 */
final class WakesOfOne implements Load {
  private static final int WAKES = 50;
  private static final int DIGITS = 3;
  private static final long LONGEST_NS = 60_000_000_000L;

  private @Nullable CompletableFuture<Long> answer;

  @Override
  public JsonObject run(Task task) {
    ByteBuf frame = Frames.text('D', task.bytes());
    HttpClient admin = HttpClient.newHttpClient();
    Peer.Listener listener =
        (peer, nowNs) -> {
          if (answer != null) {
            answer.complete(nowNs - peer.sentNs);
          }
        };
    try (Peers peers = new Peers(task, true, listener)) {
      peers.openUpTo(task.connections());
      Peer peer = peers.all().get(0);
      ask(peers, peer, frame);
      Histogram latencies = new Histogram(LONGEST_NS, DIGITS);
      for (int i = 0; i < WAKES; i++) {
        long before = Answers.activation(peer.lastMessage());
        hibernate(admin, task);
        latencies.recordValue(ask(peers, peer, frame));
        Answers.check(before, peer.lastMessage(), 1);
      }
      return new JsonObject().put("coldP50Us", latencies.getValueAtPercentile(50) / 1e3);
    }
  }

  private long ask(Peers peers, Peer peer, ByteBuf frame) {
    CompletableFuture<Long> answered = new CompletableFuture<>();
    peers.soon(
        () -> {
          answer = answered;
          peer.sentNs = System.nanoTime();
          peer.send(frame);
        });
    return Peers.await(answered);
  }

  /** Orders the actor to sleep; {@code /bench/echo/one} is the actor {@code bench-echo/one}. */
  private static void hibernate(HttpClient admin, Task task) {
    int slash = task.path().lastIndexOf('/');
    String type = task.path().substring(1, slash).replace('/', '-');
    URI uri =
        URI.create(
            "http://127.0.0.1:%d/actors/%s/%s/hibernate"
                .formatted(task.adminPort(), type, task.path().substring(slash + 1)));
    HttpRequest request =
        HttpRequest.newBuilder(uri).POST(HttpRequest.BodyPublishers.noBody()).build();
    try {
      int status = admin.send(request, BodyHandlers.discarding()).statusCode();
      if (status != 200) {
        throw new IllegalStateException(uri + " is answered " + status);
      }
    } catch (IOException e) {
      throw new IllegalStateException(uri + " is not answered", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
