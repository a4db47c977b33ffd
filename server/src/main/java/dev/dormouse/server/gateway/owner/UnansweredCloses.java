package dev.dormouse.server.gateway.owner;

import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.protocol.Owner;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Reports the ends of connections to the hosts, and keeps each of them until a host has answered
 * with {@link ToGateway.Ended}. Every new owner of a group is told the ends that are kept. The
 * socket itself is forgotten meanwhile.
 *
 * <p>Where the owners never change, the one host cannot be lost, and nothing is kept.
 *
 * <p>A kept end takes about 200 bytes, and no limit of its own is needed: an actor with many closes
 * to handle has a full mailbox and accepts no more connections, and a group without an owner
 * accepts none.
 *
 * <p>Any thread may use it.
 */
public final class UnansweredCloses {
  private final OwnerLinks links;

  /** The ends by connection, for each group of shards. */
  private final List<ConcurrentHashMap<ConnectionId, End>> ends;

  /**
   * An end of a connection.
   *
   * @param failed the failure before the close; null if nothing failed
   */
  private record End(ToHost.@Nullable Failed failed, ToHost.Closed closed) {}

  /** Creates an empty table for the groups of these links. */
  public UnansweredCloses(OwnerLinks links) {
    this.links = links;
    this.ends =
        Stream.generate(ConcurrentHashMap<ConnectionId, End>::new).limit(links.groups()).toList();
  }

  /**
   * Reports the end of a connection to the owner of its actor, once its messages are handled.
   *
   * @param failed the failure before the close; null if nothing failed
   */
  public void report(ToHost.@Nullable Failed failed, ToHost.Closed closed) {
    if (links.isFixed()) {
      tell(failed, closed);
      return;
    }
    int group = links.groupOf(closed.actor());
    links.undisturbed(
        group,
        () -> {
          ends.get(group).put(closed.connection(), new End(failed, closed));
          tell(failed, closed);
        });
  }

  private void tell(ToHost.@Nullable Failed failed, ToHost.Closed closed) {
    if (failed != null) {
      links.send(failed);
    }
    links.send(closed);
  }

  /** Reports the ends of a group again, to an owner that the gateway is attached to. */
  public void attached(int group, Owner owner) {
    for (End end : ends.get(group).values()) {
      if (end.failed != null) {
        links.send(group, owner, end.failed);
      }
      links.send(group, owner, end.closed);
    }
  }

  /** Forgets the end of a connection, because the host keeps nothing of the connection. */
  public void ended(int group, ConnectionId connection) {
    ends.get(group).remove(connection);
  }

  /** Returns the connections of a group whose ends are kept, as {@link ConnectionId#value}. */
  public LongStream connections(int group) {
    return ends.get(group).keySet().stream().mapToLong(ConnectionId::value);
  }

  /** Returns how many ends are kept. */
  public long size() {
    return ends.stream().mapToLong(ConcurrentHashMap::mappingCount).sum();
  }
}
