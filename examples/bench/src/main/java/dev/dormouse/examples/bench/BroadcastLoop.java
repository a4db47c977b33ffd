package dev.dormouse.examples.bench;

import io.netty.buffer.ByteBuf;
import io.vertx.core.json.JsonObject;

/**
 * Lets one connection send a message to all; when all have received it, the next message follows.
 */
final class BroadcastLoop implements Load {
  private boolean isOver;
  private int missing;

  @Override
  public JsonObject run(Task task) {
    ByteBuf frame = Frames.text('B', task.bytes());
    Window window = new Window(task.pid());
    Peers[] self = new Peers[1];
    Peer.Listener listener =
        (peer, nowNs) -> {
          Peer first = self[0].all().get(0);
          if (--missing == 0) {
            window.record(nowNs - first.sentNs);
            window.count(task.connections() - 1L);
            send(first, frame, task.connections());
          }
        };
    try (Peers peers = new Peers(task, false, listener)) {
      self[0] = peers;
      peers.openUpTo(task.connections());
      peers.soon(() -> send(peers.all().get(0), frame, task.connections()));
      peers.pass(task.warmUpMs());
      peers.soon(window::open);
      peers.pass(task.measuredMs());
      return peers.onLoop(
          () -> {
            isOver = true;
            return window.close();
          });
    }
  }

  private void send(Peer peer, ByteBuf frame, int recipients) {
    if (!isOver) {
      missing = recipients;
      peer.sentNs = System.nanoTime();
      peer.send(frame);
    }
  }
}
