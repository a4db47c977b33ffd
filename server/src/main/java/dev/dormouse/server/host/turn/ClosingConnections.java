package dev.dormouse.server.host.turn;

import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The connections that the actor has closed, or that have ended, and whose close has not taken
 * effect yet: what still comes from them is passed over, and they are not open any more, whether
 * the actor slept meanwhile or not. Belongs to the cell; used by whoever runs it.
 */
public final class ClosingConnections {
  /** The turn without which it is not so. */
  private static final long NONE = 0;

  private static final Map<ConnectionId, Long> NOBODY = Map.of();

  /** By connection, the first turn that has closed it; {@link #NONE} if it is closed for sure. */
  private Map<ConnectionId, Long> ids = NOBODY;

  /** A turn says this, if its commit is not lost. */
  public void said(List<ToGateway> records, long turn) {
    for (ToGateway record : records) {
      if (record instanceof ToGateway.Close close) {
        ids().putIfAbsent(close.connection(), turn);
      }
    }
  }

  /** This is said, whatever becomes of commits. */
  public void said(List<ToGateway> records) {
    for (ToGateway record : records) {
      if (record instanceof ToGateway.Close close) {
        ids().put(close.connection(), NONE);
      }
    }
  }

  /** A connection ended; its close is put off. */
  public void add(ToHost.Closed closed) {
    ids().put(closed.connection(), NONE);
  }

  /** An event was handled. */
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

  public boolean isEmpty() {
    return ids.isEmpty();
  }

  /** The turns after this one were lost, and with them what they closed. */
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
