package dev.dormouse.examples.bench;

import io.netty.buffer.ByteBuf;
import io.vertx.core.json.JsonObject;

/**
 * So many messages a second, whatever the server does; the connections take turns. A message's
 * latency counts from when it should have been sent, so a server that stalls is charged for all
 * that wait meanwhile. The event loop spins, so that it is never late itself.
 */
final class OpenLoop implements Load {
  private static final long NS_PER_SECOND = 1_000_000_000L;

  private boolean isOver;
  private int nextPeer;
  private long nextNs;

  @Override
  public JsonObject run(Task task) {
    ByteBuf frame = Frames.text('e', task.bytes());
    Window window = new Window(task.pid());
    Peer.Listener listener =
        (peer, nowNs) -> {
          peer.isWaiting = false;
          window.record(nowNs - peer.sentNs);
        };
    try (Peers peers = new Peers(task, false, listener)) {
      peers.openUpTo(task.connections());
      nextNs = System.nanoTime();
      peers.soon(() -> spin(peers, frame, NS_PER_SECOND / task.perSecond()));
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

  private void spin(Peers peers, ByteBuf frame, long intervalNs) {
    while (nextNs <= System.nanoTime()) {
      Peer peer = peers.all().get(nextPeer);
      nextPeer = (nextPeer + 1) % peers.all().size();
      if (peer.isWaiting) {
        break; // all others were asked since: it is late, and with it what is to follow
      }
      peer.isWaiting = true;
      peer.sentNs = nextNs;
      peer.send(frame);
      nextNs += intervalNs;
    }
    if (!isOver) {
      peers.soon(() -> spin(peers, frame, intervalNs));
    }
  }
}
