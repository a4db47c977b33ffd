package dev.dormouse.server.host;

import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.storage.DueAlarm;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** What a turn is about. */
sealed interface Event {

  /**
   * An event from a gateway.
   *
   * @param ended run when it is done with
   * @param arrivedNs when it came; 0 if nobody wants to know
   */
  record Client(ToHost event, Runnable ended, long arrivedNs) implements Event {
    Client(ToHost event) {
      this(event, 0);
    }

    Client(ToHost event, long arrivedNs) {
      this(event, () -> {}, arrivedNs);
    }

    Client(ToHost event, Runnable ended) {
      this(event, ended, 0);
    }
  }

  /**
   * The object was made.
   *
   * @param reason the label of the work that it was made for
   * @param beganNs when its making began
   */
  record Activate(String reason, long beganNs) implements Event {
    /** For the first work that waits; if there is none, for a close that is owed. */
    static Activate by(@Nullable Event first, long beganNs) {
      return new Activate(first == null ? "close" : first.label(), beganNs);
    }
  }

  /**
   * The object is to be dropped.
   *
   * @param onlyIfIdle whether events that wait behind it cancel it
   * @param isReset whether it is dropped without its {@code onHibernate}
   * @param dropped completes once the object is gone and all it did is kept; with false if it was
   *     cancelled
   */
  record Hibernate(boolean onlyIfIdle, boolean isReset, CompletableFuture<Boolean> dropped)
      implements Event {}

  /**
   * An alarm is due.
   *
   * @param due which, and where it stood when it was handed out
   * @param whenEnded run when its turn is over, or it needs none; what it wrote may be on its way
   * @param arrivedNs when it was handed out; 0 if nobody wants to know
   */
  record Alarm(DueAlarm due, Runnable whenEnded, long arrivedNs) implements Event {}

  /** When it came to the host; 0 if that is not known. */
  default long arrivedNs() {
    return 0;
  }

  /** To be called once the work is done with, however it went. */
  default void end() {
    if (this instanceof Client handle) {
      handle.ended().run();
    } else if (this instanceof Alarm alarm) {
      alarm.whenEnded().run();
    }
  }

  /** The connection that the work is about; null if it is about none. */
  default @Nullable ConnectionId connection() {
    if (!(this instanceof Client handle)) {
      return null;
    }
    ToHost event = handle.event();
    if (event instanceof ToHost.Open open) {
      return open.connection();
    } else if (event instanceof ToHost.Message message) {
      return message.connection();
    } else if (event instanceof ToHost.Failed failed) {
      return failed.connection();
    } else if (event instanceof ToHost.Closed closed) {
      return closed.connection();
    }
    return null;
  }

  /** What it is, for logs: its label and its connection, if it has one. */
  default String description() {
    ConnectionId about = connection();
    return about == null ? label() : label() + " of connection " + about;
  }

  /** What it is, in a word, for logs. */
  default String label() {
    if (this instanceof Client handle) {
      return switch (handle.event().getClass().getSimpleName()) {
        case "Open" -> "upgrade";
        case "Message" -> "message";
        case "Failed" -> "error";
        case "Closed" -> "close";
        default -> "request";
      };
    }
    if (this instanceof Alarm) {
      return "alarm";
    }
    return this instanceof Activate ? "activate" : "hibernate";
  }
}
