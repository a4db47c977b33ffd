package dev.dormouse.server.host;

import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;

/** An executor that runs its tasks when the test says so, on the test's thread. */
final class Steps implements Executor {
  private final ConcurrentLinkedQueue<Runnable> tasks = new ConcurrentLinkedQueue<>();

  @Override
  public void execute(Runnable task) {
    tasks.add(task);
  }

  /** Runs the first task, if there is one. */
  void runOne() {
    Runnable task = tasks.poll();
    if (task != null) {
      task.run();
    }
  }

  void runAll() {
    for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
      task.run();
    }
  }
}
