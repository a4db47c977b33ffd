package dev.dormouse.examples.bench;

import io.vertx.core.json.JsonObject;

/**
 * Opens connections, 64 at a time, and closes them, a few times over. Only opening counts, and all
 * of it: a collector that copies what was opened comes by every few thousand connections, and a
 * round is to hold its share of that.
 */
final class Handshakes implements Load {
  private static final int TIMES = 4;

  @Override
  public JsonObject run(Task task) {
    Window window = new Window(task.pid());
    try (Peers peers = new Peers(task, false, (peer, nowNs) -> {})) {
      for (int i = 0; i < TIMES; i++) {
        window.resume();
        peers.openUpTo(task.connections());
        window.count(task.connections());
        window.suspend();
        peers.closeAll();
        peers.pass(Math.min(task.idleMs(), task.measuredMs()));
      }
      return window.close();
    }
  }
}
