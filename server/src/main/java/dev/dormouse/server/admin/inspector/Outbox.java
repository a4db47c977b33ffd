package dev.dormouse.server.admin.inspector;

import java.util.ArrayDeque;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What an inspector has not read yet.
 *
 * <p><b>Limits.</b> While {@value #DROPPING_FROM_BYTES} bytes wait, frames, turns and limits are
 * dropped and counted; {@code Dormouse.dropped} says how many, at the place where they are missing.
 * Over {@value #BYTES_MAX} bytes, all is dropped and the inspector closed with 1013. Bytes are
 * those of the text in memory, two for each character.
 *
 * <p><b>Threads.</b> Any; writing is done on the wire's own.
 */
final class Outbox {
  static final int DROPPING_FROM_BYTES = 1 << 20;
  static final int BYTES_MAX = 8 << 20;
  private static final int TOO_SLOW = 1013;

  /** The socket of an inspector. */
  interface Wire {
    /** Has it done on the thread that may call the next three. Any thread. */
    void run(Runnable task);

    /** Whether it takes no more for now; {@link Outbox#drain} is to be called when it does. */
    boolean isFull();

    void send(String text);

    void close(int code, String reason);
  }

  private final Wire wire;

  /** Has more to say while nothing waits, and says whether it had. */
  private volatile BooleanSupplier whenEmpty = () -> false;

  // The following are guarded by this.
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

  /** Has this asked for more whenever nothing waits; on the wire's thread. */
  void whenEmpty(BooleanSupplier more) {
    whenEmpty = more;
    synchronized (this) {
      makeDue();
    }
  }

  /**
   * Whether there is room for frames, turns and limits; what is not added then is to be counted
   * here.
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

  /** A connection that it is not told of. */
  synchronized void dropConnection() {
    droppedConnections++;
  }

  /** Messages that are not dropped, one after the other. */
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
      wire.run(() -> wire.close(TOO_SLOW, "the inspector does not read what it asked for"));
      return;
    }
    makeDue();
  }

  /** Nothing more is said. */
  synchronized void close() {
    isClosed = true;
    waiting.clear();
    bytes = 0;
  }

  /** Writes what the wire takes. On the wire's thread. */
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
