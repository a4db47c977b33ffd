package dev.dormouse.examples.bench;

import io.vertx.core.json.JsonObject;

/** One way to load a server. It runs once, in a client process of its own. */
interface Load {

  /** Does the task, and returns the figures by name. */
  JsonObject run(Task task);

  /** Returns the load of this name. */
  static Load named(String name) {
    return switch (name) {
      case "closed" -> new ClosedLoop();
      case "paced" -> new OpenLoop();
      case "broadcast" -> new BroadcastLoop();
      case "handshake" -> new Handshakes();
      case "idle" -> new IdleSteps();
      case "wake" -> new Wakes();
      case "wake-one" -> new WakesOfOne();
      default -> throw new IllegalArgumentException("there is no load " + name);
    };
  }
}
