package dev.dormouse.examples.bench;

import io.netty.buffer.ByteBuf;
import io.vertx.core.json.JsonObject;

/** Each connection sends its next message when the last one is answered. */
final class ClosedLoop implements Load {
  private boolean isOver;

  @Override
  public JsonObject run(Task task) {
    ByteBuf frame = Frames.text('e', task.bytes());
    Window window = new Window(task.pid());
    Peer.Listener listener =
        (peer, nowNs) -> {
          window.record(nowNs - peer.sentNs);
          send(peer, frame);
        };
    try (Peers peers = new Peers(task, false, listener)) {
      peers.openUpTo(task.connections());
      peers.soon(() -> peers.all().forEach(peer -> send(peer, frame)));
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

  private void send(Peer peer, ByteBuf frame) {
    if (!isOver) {
      peer.sentNs = System.nanoTime();
      peer.send(frame);
    }
  }
}
