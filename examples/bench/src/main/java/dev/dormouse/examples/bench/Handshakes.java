package dev.dormouse.examples.bench;

import io.vertx.core.json.JsonObject;

/** Opens connections, 64 at a time; the second half of them is measured. */
final class Handshakes implements Load {

  @Override
  public JsonObject run(Task task) {
    Window window = new Window(task.pid());
    try (Peers peers = new Peers(task, false, (peer, nowNs) -> {})) {
      int half = task.connections() / 2;
      peers.openUpTo(half);
      peers.soon(window::open);
      peers.openUpTo(task.connections());
      return peers.onLoop(
          () -> {
            window.count(task.connections() - half);
            return window.close();
          });
    }
  }
}
