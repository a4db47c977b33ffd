package dev.dormouse.server.admin.inspector;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/** An inspector that reads as a test says, and whose thread is the test's. */
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

  /** Does what is to be done, and says what was sent since the last time. */
  List<String> read() {
    while (!tasks.isEmpty()) {
      tasks.poll().run();
    }
    List<String> read = sent;
    sent = new ArrayList<>();
    return read;
  }
}
