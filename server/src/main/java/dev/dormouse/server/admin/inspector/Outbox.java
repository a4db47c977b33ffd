package dev.dormouse.server.admin.inspector;

import java.util.ArrayDeque;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Holds the messages that an inspector has not read yet.
 *
 * <p><b>Limits.</b> While {@value #DROPPING_FROM_BYTES} bytes wait, frames, turns and limits are
 * dropped and counted; {@code Dormouse.dropped} has their number, at the place where they are
 * missing. Over {@value #BYTES_MAX} bytes, all messages are dropped and the inspector is closed
 * with 1013. A character counts two bytes.
 *
 * <p><b>Threads.</b> Any thread may add messages; the wire's own thread writes them.
 */
final class Outbox {
  static final int DROPPING_FROM_BYTES = 1 << 20;
  static final int BYTES_MAX = 8 << 20;
  private static final int TOO_SLOW = 1013;

  /** Writes to the socket of an inspector. */
  interface Wire {
    /**
     * Runs a task on the thread that may call the other methods. Any thread may call this method.
     */
    void run(Runnable task);

    /**
     * Returns whether the wire takes no more for now; {@link Outbox#drain} is to be called when it
     * does again.
     */
    boolean isFull();

    void send(String text);

    void close(int code, String reason);
  }

  private final Wire wire;

  /** Adds more messages while none wait, and returns whether it had any. */
  private volatile BooleanSupplier whenEmpty = () -> false;

  // The following fields are guarded by this.
  private final ArrayDeque<String> waiting = new ArrayDeque<>();
  private long bytes;
  private long droppedFrames;
  private long droppedTurns;
  private long droppedLimits;
  private long droppedConnections;
  private boolean isDue;
  private boolean isClosed;

  Outbox(Wire wire) {
    this.wire = wire;
  }

  /** Sets the source that is asked for more whenever no message waits, on the wire's thread. */
  void whenEmpty(BooleanSupplier more) {
    whenEmpty = more;
    synchronized (this) {
      makeDue();
    }
  }

  /**
   * Returns whether there is room for frames, turns and limits; callers count an event that they do
   * not add.
   */
  synchronized boolean hasRoom() {
    return bytes < DROPPING_FROM_BYTES;
  }

  synchronized void dropFrame() {
    droppedFrames++;
  }

  synchronized void dropTurn() {
    droppedTurns++;
  }

  synchronized void dropLimit() {
    droppedLimits++;
  }

  /** Counts a connection that is not reported. */
  synchronized void dropConnection() {
    droppedConnections++;
  }

  /** Adds messages that are never dropped, in this order. */
  synchronized void add(String... messages) {
    if (isClosed) {
      return;
    }
    tellOfDropped();
    for (String message : messages) {
      append(message);
    }
    if (bytes > BYTES_MAX) {
      close();
      wire.run(() -> wire.close(TOO_SLOW, "the inspector does not read its events"));
      return;
    }
    makeDue();
  }

  /** Ends the writing; waiting messages are dropped. */
  synchronized void close() {
    isClosed = true;
    waiting.clear();
    bytes = 0;
  }

  /** Writes as much as the wire takes. Only on the wire's thread. */
  void drain() {
    synchronized (this) {
      isDue = false;
    }
    while (!wire.isFull()) {
      String next = poll();
      if (next != null) {
        wire.send(next);
      } else if (!whenEmpty.getAsBoolean()) {
        return;
      }
    }
  }

  private synchronized @Nullable String poll() {
    if (waiting.isEmpty()) {
      tellOfDropped();
    }
    String next = waiting.poll();
    if (next != null) {
      bytes -= size(next);
    }
    return next;
  }

  private void tellOfDropped() {
    long dropped = droppedFrames + droppedTurns + droppedLimits + droppedConnections;
    if (dropped > 0 && hasRoom() && !isClosed) {
      append(
          DormouseEvents.dropped(droppedFrames, droppedTurns, droppedLimits, droppedConnections));
      droppedFrames = 0;
      droppedTurns = 0;
      droppedLimits = 0;
      droppedConnections = 0;
    }
  }

  private void append(String message) {
    waiting.add(message);
    bytes += size(message);
  }

  private void makeDue() {
    if (!isDue && !isClosed) {
      isDue = true;
      wire.run(this::drain);
    }
  }

  private static long size(String message) {
    return 2L * message.length();
  }
}
