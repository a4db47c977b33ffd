package dev.dormouse.examples.bench;

import io.vertx.core.json.JsonObject;

/** The program of the client's process. It does one {@link Task} and prints the figures as JSON. */
final class LoadClient {
  private LoadClient() {}

  /** Runs the task that its one argument holds. */
  public static void main(String[] args) {
    Task task = Task.of(new JsonObject(args[0]));
    System.out.println(Load.named(task.load()).run(task).encode());
    System.exit(0); // nobody waits for an event loop that is about to end
  }
}
