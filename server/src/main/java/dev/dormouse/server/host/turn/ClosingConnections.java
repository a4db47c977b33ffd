package dev.dormouse.server.host.turn;

import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The connections that the actor has closed, or that have ended, and whose close event is not
 * handled yet. Their messages are not handled any more, and handlers see them as closed, even if
 * the actor hibernates meanwhile. An instance belongs to a cell and is used by the thread that runs
 * the cell.
 */
public final class ClosingConnections {
  /** The turn number of a connection that is closed whatever becomes of commits. */
  private static final long NONE = 0;

  private static final Map<ConnectionId, Long> NOBODY = Map.of();

  /** For each connection the turn that closed it first; {@link #NONE} if it is closed for sure. */
  private Map<ConnectionId, Long> ids = NOBODY;

  /** Notes the closes that a turn sends, unless its commit is lost. */
  public void noteClosesOf(List<ToGateway> records, long turn) {
    for (ToGateway record : records) {
      if (record instanceof ToGateway.Close close) {
        ids().putIfAbsent(close.connection(), turn);
      }
    }
  }

  /** Notes the closes that are sent whatever becomes of commits. */
  public void noteClosesOf(List<ToGateway> records) {
    for (ToGateway record : records) {
      if (record instanceof ToGateway.Close close) {
        ids().put(close.connection(), NONE);
      }
    }
  }

  /** Notes that a connection ended and that its close is put off. */
  public void add(ToHost.Closed closed) {
    ids().put(closed.connection(), NONE);
  }

  /** Forgets the connection of an event that was handled, if the event is its close. */
  public void handled(ToHost.ClientEvent event) {
    if (event instanceof ToHost.Closed closed && !ids.isEmpty()) {
      ids.remove(closed.connection());
    }
  }

  /** Returns whether the event is a message of a connection that is closed already. */
  public boolean hasEnded(Event.Client client) {
    return !ids.isEmpty()
        && client.event() instanceof ToHost.Message message
        && ids.containsKey(message.connection());
  }

  /** Returns whether the connection is closed already. */
  boolean contains(ConnectionId connection) {
    return ids.containsKey(connection);
  }

  /** Returns whether there is no such connection. */
  public boolean isEmpty() {
    return ids.isEmpty();
  }

  /** Forgets the closes of all turns after this one, which were lost. */
  public void lostAfter(long turn) {
    if (!ids.isEmpty()) {
      ids.values().removeIf(closer -> closer > turn);
    }
  }

  private Map<ConnectionId, Long> ids() {
    if (ids == NOBODY) {
      ids = new HashMap<>();
    }
    return ids;
  }
}
