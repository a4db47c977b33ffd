package dev.dormouse.server.host;

import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The connections that the actor has closed, or that have ended, and whose close has not taken
 * effect yet: what still comes from them is passed over, and they are not open any more, whether
 * the actor slept meanwhile or not. Belongs to the cell; used by whoever runs it.
 */
final class ClosingConnections {
  private final Set<ConnectionId> ids = new HashSet<>();

  /** A turn has said this. */
  void said(List<ToGateway> records) {
    for (ToGateway record : records) {
      if (record instanceof ToGateway.Close close) {
        ids.add(close.connection());
      }
    }
  }

  /** A connection ended; its close is put off. */
  void add(ToHost.Closed closed) {
    ids.add(closed.connection());
  }

  /** An event was handled. */
  void handled(ToHost event) {
    if (event instanceof ToHost.Closed closed) {
      ids.remove(closed.connection());
    }
  }

  boolean contains(ConnectionId connection) {
    return ids.contains(connection);
  }

  boolean isEmpty() {
    return ids.isEmpty();
  }

  /** Whether their closes were said is not known any more. */
  void clear() {
    ids.clear();
  }
}
