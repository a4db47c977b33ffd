package dev.dormouse.server.gateway.socket;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.AutoReply;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.gateway.owner.OwnerLinks;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.protocol.ToHost.Announce;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The tables of a gateway's sockets. Some find a socket by the id of its connection until the host
 * was told of the end; there is one for each group of shards. The other finds the sockets of an
 * actor while messages may be sent to them, and the actor's automatic replies. An actor without
 * sockets takes no memory; an actor with one socket takes only an entry of the table.
 *
 * <p>Any thread may use them.
 */
public final class ConnectionGroups {
  /** The sockets by the id of their connection, for each group of shards. */
  private final List<ConcurrentHashMap<ConnectionId, ClientSocket>> byId;

  /** The only socket of each actor, or a {@link Group} of its sockets. */
  private final ConcurrentHashMap<ActorId, Object> byActor = new ConcurrentHashMap<>();

  /** The action that runs whenever the last socket is removed. */
  private volatile Runnable onEmpty = () -> {};

  /** Creates empty tables for the groups of these links. */
  ConnectionGroups(OwnerLinks links) {
    byId =
        Stream.generate(ConcurrentHashMap<ConnectionId, ClientSocket>::new)
            .limit(links.groups())
            .toList();
  }

  /** Adds a socket to both tables. */
  public void add(ClientSocket socket) {
    byId.get(socket.group()).put(socket.id(), socket);
    byActor.compute(
        socket.actor(),
        (actor, members) -> {
          if (members == null) {
            return socket;
          }
          Group joined = groupOf(members);
          joined.add(socket);
          return joined;
        });
  }

  /** Removes a socket from its actor's group, so that it gets no more messages. */
  void leave(ClientSocket socket) {
    byActor.computeIfPresent(
        socket.actor(),
        (actor, members) -> {
          boolean isLast =
              members instanceof Group group ? group.remove(socket) : members == socket;
          return isLast ? null : members;
        });
  }

  private static Group groupOf(Object members) {
    return members instanceof Group group ? group : new Group((ClientSocket) members);
  }

  /** Removes a socket from both tables, because the host was told of its end. */
  void remove(ClientSocket socket) {
    leave(socket);
    byId.get(socket.group()).remove(socket.id(), socket);
    if (isEmpty()) {
      onEmpty.run();
    }
  }

  private boolean isEmpty() {
    for (ConcurrentHashMap<ConnectionId, ClientSocket> sockets : byId) {
      if (!sockets.isEmpty()) {
        return false;
      }
    }
    return true;
  }

  /** Returns the socket of a connection to an actor of this group of shards; null if none. */
  public @Nullable ClientSocket get(int group, ConnectionId id) {
    return byId.get(group).get(id);
  }

  /**
   * Returns the tags and the automatic replies that are kept for a connection, in the short form of
   * announcements. It is {@link Announce#NO_STATE} if no messages may be sent to the connection.
   * Only the thread that brings the actor's releases may call it.
   */
  public long state(int group, ConnectionId id) {
    ClientSocket socket = get(group, id);
    Object members = socket == null ? null : byActor.get(socket.actor());
    if (socket == null || members == null) {
      return Announce.NO_STATE;
    }
    if (members instanceof Group sockets) {
      return sockets.has(socket)
          ? Announce.stateOf(socket.tags(), sockets.autoReplies.hash)
          : Announce.NO_STATE;
    }
    return members == socket
        ? Announce.stateOf(socket.tags(), AutoReplies.NONE.hash)
        : Announce.NO_STATE;
  }

  /** Sets the automatic replies of an actor, if it has sockets. */
  public void autoReplies(ActorId actor, List<AutoReply> told) {
    AutoReplies replies = AutoReplies.of(told);
    byActor.computeIfPresent(
        actor,
        (key, members) -> {
          if (replies == AutoReplies.NONE && !(members instanceof Group)) {
            return members;
          }
          Group group = groupOf(members);
          group.autoReplies = replies;
          return group;
        });
  }

  /** Returns the automatic reply to a message; null if the message is for the actor. */
  @Nullable Payload autoReplyTo(ActorId actor, Payload message) {
    return byActor.get(actor) instanceof Group group ? group.autoReplies.replyTo(message) : null;
  }

  /** Runs an action for each socket of an actor to which messages may be sent, in no order. */
  public void forEach(ActorId actor, Consumer<ClientSocket> action) {
    Object members = byActor.get(actor);
    if (members instanceof Group group) {
      group.forEach(action);
    } else if (members != null) {
      action.accept((ClientSocket) members);
    }
  }

  /** Returns every socket, open or closing, whose end the host has not been told. */
  public List<ClientSocket> all() {
    List<ClientSocket> all = new ArrayList<>();
    byId.forEach(sockets -> all.addAll(sockets.values()));
    return all;
  }

  /** Returns the sockets of a group of shards, open or closing, whose end was not told. */
  public List<ClientSocket> all(int group) {
    return new ArrayList<>(byId.get(group).values());
  }

  /** Returns the number of sockets, open or closing, whose end the host has not been told. */
  public long size() {
    return byId.stream().mapToLong(ConcurrentHashMap::mappingCount).sum();
  }

  /** Returns how many of the chosen actors have sockets. */
  public long count(Predicate<ActorId> chosen) {
    return byActor.keySet().stream().filter(chosen).count();
  }

  /** Returns how many actors have sockets. */
  int actors() {
    return byActor.size();
  }

  /** Sets the action that runs whenever the last socket is removed, on the thread that does so. */
  public void onEmpty(Runnable onEmpty) {
    this.onEmpty = onEmpty;
  }

  /**
   * The sockets of one actor. Each socket knows its index, so that its removal takes constant time.
   */
  private static final class Group {
    private ClientSocket[] members = new ClientSocket[1];
    private int size;

    /** The automatic replies, which the host sends again after the last member has left. */
    private volatile AutoReplies autoReplies = AutoReplies.NONE;

    Group(ClientSocket first) {
      add(first);
    }

    synchronized void add(ClientSocket socket) {
      if (size == members.length) {
        members = Arrays.copyOf(members, 2 * size);
      }
      members[size] = socket;
      socket.place = size;
      size++;
    }

    /** Removes a member, and returns whether the group is empty then. */
    synchronized boolean remove(ClientSocket socket) {
      int place = socket.place;
      if (place != ClientSocket.NO_PLACE) {
        ClientSocket last = members[--size];
        members[place] = last;
        last.place = place;
        Arrays.fill(members, size, size + 1, null);
        socket.place = ClientSocket.NO_PLACE;
      }
      return size == 0;
    }

    synchronized boolean has(ClientSocket socket) {
      return socket.place != ClientSocket.NO_PLACE && members[socket.place] == socket;
    }

    synchronized void forEach(Consumer<ClientSocket> action) {
      for (int i = 0; i < size; i++) {
        action.accept(members[i]);
      }
    }
  }

  /** The texts that the gateway answers for an actor, and their replies. Immutable. */
  private static final class AutoReplies {
    /** The replies of an actor that has none. */
    static final AutoReplies NONE = new AutoReplies(List.of());

    private final Payload[] requests;
    private final Payload[] replies;

    /** The hash by which announcements tell them from others. */
    private final int hash;

    private AutoReplies(List<AutoReply> all) {
      requests = all.stream().map(AutoReply::request).map(Payload::text).toArray(Payload[]::new);
      replies = all.stream().map(AutoReply::reply).map(Payload::text).toArray(Payload[]::new);
      hash = Announce.repliesHash(all);
    }

    static AutoReplies of(List<AutoReply> all) {
      return all.isEmpty() ? NONE : new AutoReplies(all);
    }

    /** Returns the reply to a message; null if the message is for the actor. */
    @Nullable Payload replyTo(Payload message) {
      for (int i = 0; i < requests.length; i++) {
        if (requests[i].equals(message)) {
          return replies[i];
        }
      }
      return null;
    }
  }
}
