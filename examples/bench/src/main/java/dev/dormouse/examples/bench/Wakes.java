package dev.dormouse.examples.bench;

import io.netty.buffer.ByteBuf;
import io.vertx.core.json.JsonObject;
import java.util.concurrent.CompletableFuture;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * Compares a message to an actor that sleeps with one to the same actor awake. Each actor has one
 * connection, and one message is under way at a time. The answer states which activation gave it:
 * an answer without a wake fails the round.
 */
final class Wakes implements Load {
  private static final int DIGITS = 3;
  private static final long LONGEST_NS = 60_000_000_000L;
  private static final double NS_PER_US = 1e3;

  private @Nullable Runnable onAnswer;

  @Override
  public JsonObject run(Task task) {
    ByteBuf frame = Frames.text('D', task.bytes());
    Peer.Listener listener =
        (peer, nowNs) -> {
          peer.sentNs = nowNs - peer.sentNs;
          if (onAnswer != null) {
            onAnswer.run();
          }
        };
    try (Peers peers = new Peers(task, true, listener)) {
      peers.openUpTo(task.connections());
      ask(peers, frame, 0);
      peers.pass(task.idleMs());
      Histogram cold = ask(peers, frame, 1);
      Histogram warm = ask(peers, frame, 0);
      return new JsonObject()
          .put("coldP50Us", cold.getValueAtPercentile(50) / NS_PER_US)
          .put("coldP99Us", cold.getValueAtPercentile(99) / NS_PER_US)
          .put("warmP50Us", warm.getValueAtPercentile(50) / NS_PER_US)
          .put(
              "coldToWarm", (double) cold.getValueAtPercentile(50) / warm.getValueAtPercentile(50));
    }
  }

  private Histogram ask(Peers peers, ByteBuf frame, int activationsMore) {
    Histogram latencies = new Histogram(LONGEST_NS, DIGITS);
    for (Peer peer : peers.all()) {
      long before = Answers.activation(peer.lastMessage());
      CompletableFuture<Void> answered = new CompletableFuture<>();
      peers.soon(
          () -> {
            onAnswer = () -> answered.complete(null);
            peer.sentNs = System.nanoTime();
            peer.send(frame);
          });
      Peers.await(answered);
      latencies.recordValue(peers.onLoop(() -> peer.sentNs));
      Answers.check(before, peer.lastMessage(), activationsMore);
    }
    return latencies;
  }
}
