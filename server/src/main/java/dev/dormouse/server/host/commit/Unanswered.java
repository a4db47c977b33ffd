package dev.dormouse.server.host.commit;

import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.host.owner.InFlight;
import dev.dormouse.server.host.turn.Event;
import dev.dormouse.server.protocol.Release;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * The messages and requests that a cell has taken out of its mailbox, and whose answers have not
 * left its gate: the cell handles them, or their commits are on their way. Kept only if gateways
 * and hosts may lose each other.
 *
 * <p>The mailbox adds an event while its own monitor is held, and the gate hands a release on while
 * the monitor of this object is held. So at any time an event is in the mailbox, or is here, or its
 * answer has left. Any thread may call every method.
 */
public final class Unanswered {
  /**
   * A message or a request.
   *
   * @param connection the connection of the message; null for a request
   * @param number the number of the message in its connection, or of the request
   */
  private record Taken(@Nullable ConnectionId connection, long number) {
    static @Nullable Taken of(Event event) {
      if (!(event instanceof Event.Client client)) {
        return null;
      }
      if (client.event() instanceof ToHost.Message message) {
        return new Taken(message.connection(), message.sequence());
      }
      return client.event() instanceof ToHost.Request request
          ? new Taken(null, request.request())
          : null;
    }

    private long gateway() {
      return (connection == null ? new ConnectionId(number) : connection).run();
    }

    private boolean isAnsweredBy(ToGateway record) {
      if (record instanceof ToGateway.Handled handled) {
        return handled.connection().equals(connection) && number <= handled.sequence();
      }
      if (record instanceof ToGateway.Ended ended) {
        return ended.connection().equals(connection);
      }
      return record instanceof ToGateway.Responded responded
          && connection == null
          && number == responded.request();
    }
  }

  private final ArrayDeque<Taken> taken = new ArrayDeque<>(2);

  /** Notes that the cell has taken an event out of the mailbox. */
  public synchronized void taken(@Nullable Event event) {
    Taken entry = event == null ? null : Taken.of(event);
    if (entry != null) {
      taken.add(entry);
    } else if (event instanceof Event.Client client
        && client.event() instanceof ToHost.Closed closed) {
      taken.removeIf(message -> closed.connection().equals(message.connection));
    }
  }

  /** Notes that the cell has put an event back into the mailbox. */
  public synchronized void putBack(Event event) {
    taken.remove(Taken.of(event));
  }

  /** Hands a release on; its answers have left from then on. */
  synchronized void leave(Release release, long[] gateways, Outlet outlet) {
    try {
      outlet.send(release, gateways);
    } finally {
      if (!taken.isEmpty()) {
        for (ToGateway record : release.records()) {
          taken.removeIf(entry -> entry.isAnsweredBy(record));
        }
      }
    }
  }

  /** Adds the messages and requests of a gateway to those that are in flight. */
  public synchronized void addTo(InFlight inFlight, long gateway) {
    for (Taken entry : taken) {
      if (entry.gateway() != gateway) {
        continue;
      }
      if (entry.connection == null) {
        inFlight.addRequest(entry.number);
      } else {
        inFlight.addMessage(entry.connection, entry.number);
      }
    }
  }
}
