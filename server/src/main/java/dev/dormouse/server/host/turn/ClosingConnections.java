package dev.dormouse.server.host.turn;

import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The connections that the actor has closed, or that have ended, and whose close event is not
 * handled yet. Their messages are not handled any more, and handlers see them as closed, even if
 * the actor hibernates meanwhile. An instance belongs to a cell and is used by the thread that runs
 * the cell.
 */
public final class ClosingConnections {
  /** The turn number of a connection that is closed whatever becomes of commits. */
  private static final long NONE = 0;

  /**
   * A connection that is closed.
   *
   * @param turn the turn that closed it first; {@link #NONE} if it is closed for sure
   * @param close what its gateway was told; null if the connection has ended by itself
   */
  private record Closing(long turn, ToGateway.@Nullable Close close) {}

  private static final Map<ConnectionId, Closing> NOBODY = Map.of();

  private Map<ConnectionId, Closing> ids = NOBODY;

  /** Notes the closes that a turn sends, unless its commit is lost. */
  public void noteClosesOf(List<ToGateway> records, long turn) {
    for (ToGateway record : records) {
      if (record instanceof ToGateway.Close close) {
        ids().putIfAbsent(close.connection(), new Closing(turn, close));
      }
    }
  }

  /** Notes the closes that are sent whatever becomes of commits. */
  public void noteClosesOf(List<ToGateway> records) {
    for (ToGateway record : records) {
      if (record instanceof ToGateway.Close close) {
        ids().put(close.connection(), new Closing(NONE, close));
      }
    }
  }

  /** Notes a close that is stored, which a former owner of the actor may have sent. */
  public void addStored(ToGateway.Close close) {
    ids().putIfAbsent(close.connection(), new Closing(NONE, close));
  }

  /** Notes that a connection ended and that its close is put off. */
  public void add(ToHost.Closed closed) {
    ids().put(closed.connection(), new Closing(NONE, null));
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
      ids.values().removeIf(closing -> closing.turn > turn);
    }
  }

  /** Returns what the gateway was told of a connection; null if the connection ended by itself. */
  public ToGateway.@Nullable Close closeOf(ConnectionId connection) {
    Closing closing = ids.get(connection);
    return closing == null ? null : closing.close;
  }

  /** Returns what the gateways were told of connections whose end they have not reported. */
  public List<ToGateway> told() {
    List<ToGateway> told = new ArrayList<>();
    for (Closing closing : ids.values()) {
      if (closing.close != null) {
        told.add(closing.close);
      }
    }
    return told;
  }

  private Map<ConnectionId, Closing> ids() {
    if (ids == NOBODY) {
      ids = new HashMap<>();
    }
    return ids;
  }
}
