package dev.dormouse.examples.bench;

import io.netty.buffer.ByteBuf;
import io.vertx.core.json.JsonObject;

/**
 * Sends a fixed number of messages a second, whatever the server does; the connections take turns.
 * A message's latency counts from the time when it should have been sent, so a server that stalls
 * is charged for all messages that wait meanwhile. The client's own lateness counts, too.
 */
final class OpenLoop implements Load {
  private static final long NS_PER_SECOND = 1_000_000_000L;

  /** The most messages that are sent before the client reads again, however late it is. */
  private static final int SENT_AT_ONCE_MAX = 32;

  /**
   * The number of times that each connection is asked before it counts: the first time wakes its
   * actor.
   */
  private static final int CYCLES_TO_WARM_UP = 3;

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
      peers.soon(() -> sendDue(peers, frame, NS_PER_SECOND / task.perSecond()));
      long cycleMs = 1_000L * task.connections() / task.perSecond();
      peers.pass(Math.max(task.warmUpMs(), CYCLES_TO_WARM_UP * cycleMs));
      peers.soon(window::open);
      peers.pass(task.measuredMs());
      return peers.onLoop(
          () -> {
            isOver = true;
            return window.close();
          });
    }
  }

  private void sendDue(Peers peers, ByteBuf frame, long intervalNs) {
    for (int sent = 0; sent < SENT_AT_ONCE_MAX && nextNs <= System.nanoTime(); sent++) {
      Peer peer = peers.all().get(nextPeer);
      nextPeer = (nextPeer + 1) % peers.all().size();
      if (peer.isWaiting) {
        break; // all others were asked since: this answer is late, and so are the next ones
      }
      peer.isWaiting = true;
      peer.sentNs = nextNs;
      peer.send(frame);
      nextNs += intervalNs;
    }
    if (!isOver) {
      // This is a timer and not a task, since an event loop does tasks for up to a second before it
      // reads.
      peers.after(nextNs - System.nanoTime(), () -> sendDue(peers, frame, intervalNs));
    }
  }
}
