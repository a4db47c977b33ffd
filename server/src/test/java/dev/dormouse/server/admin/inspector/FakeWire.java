package dev.dormouse.server.admin.inspector;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/** An inspector that reads when a test says so, and whose thread is the test's. */
final class FakeWire implements Outbox.Wire {
  private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
  private List<String> sent = new ArrayList<>();
  boolean isFull;
  int closedWith;

  @Override
  public void run(Runnable task) {
    tasks.add(task);
  }

  @Override
  public boolean isFull() {
    return isFull;
  }

  @Override
  public void send(String text) {
    sent.add(text);
  }

  @Override
  public void close(int code, String reason) {
    closedWith = code;
  }

  /** Does the pending work, and returns the messages that were sent since the last call. */
  List<String> read() {
    while (!tasks.isEmpty()) {
      tasks.poll().run();
    }
    List<String> read = sent;
    sent = new ArrayList<>();
    return read;
  }
}
