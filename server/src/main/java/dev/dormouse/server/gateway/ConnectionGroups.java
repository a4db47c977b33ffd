package dev.dormouse.server.gateway;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.AutoReply;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.protocol.Payload;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The sockets of a gateway: each by its connection's id until the last was said of it, and by its
 * actor while messages may be sent to it. An actor without such sockets costs nothing, one with a
 * single socket no more than its place in the table.
 *
 * <p>Any thread.
 */
final class ConnectionGroups {
  private final ConcurrentHashMap<ConnectionId, ClientSocket> byId = new ConcurrentHashMap<>();

  /** Of each actor its only socket, or a {@link Group} of them. */
  private final ConcurrentHashMap<ActorId, Object> byActor = new ConcurrentHashMap<>();

  private volatile Runnable onEmpty = () -> {};

  /** Adds a socket, to both. */
  void add(ClientSocket socket) {
    byId.put(socket.id(), socket);
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

  /** No more messages for this socket; nothing if it left before. */
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

  /** The last was said of this socket. */
  void remove(ClientSocket socket) {
    leave(socket);
    byId.remove(socket.id(), socket);
    if (byId.isEmpty()) {
      onEmpty.run();
    }
  }

  @Nullable ClientSocket get(ConnectionId id) {
    return byId.get(id);
  }

  /** Has these messages of the actor's clients answered; nothing if it has no sockets. */
  void autoReplies(ActorId actor, List<AutoReply> told) {
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

  /** The automatic reply to a message; null if it is for the actor. */
  @Nullable Payload autoReplyTo(ActorId actor, Payload message) {
    return byActor.get(actor) instanceof Group group ? group.autoReplies.replyTo(message) : null;
  }

  /** Calls with each socket of the actor that messages may be sent to, in no order. */
  void forEach(ActorId actor, Consumer<ClientSocket> action) {
    Object members = byActor.get(actor);
    if (members instanceof Group group) {
      group.forEach(action);
    } else if (members != null) {
      action.accept((ClientSocket) members);
    }
  }

  /** Every socket of which not all is said. */
  List<ClientSocket> all() {
    return new ArrayList<>(byId.values());
  }

  /** How many sockets there are of which not all is said. */
  long size() {
    return byId.mappingCount();
  }

  /** How many actors have sockets, of those that are chosen. */
  long count(Predicate<ActorId> chosen) {
    return byActor.keySet().stream().filter(chosen).count();
  }

  /** How many actors have sockets. */
  int actors() {
    return byActor.size();
  }

  /** Has this run whenever the last socket is removed, from the thread that removes it. */
  void onEmpty(Runnable onEmpty) {
    this.onEmpty = onEmpty;
  }

  /** The sockets of one actor; a socket knows its place, so that it leaves at once. */
  private static final class Group {
    private ClientSocket[] members = new ClientSocket[1];
    private int size;

    /** Forgotten with the last member; the host tells it again with the next. */
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

    /** Takes a member out, and says whether none is left. */
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

    synchronized void forEach(Consumer<ClientSocket> action) {
      for (int i = 0; i < size; i++) {
        action.accept(members[i]);
      }
    }
  }

  /** Which texts are answered for an actor, and how. Immutable. */
  private static final class AutoReplies {
    /** Of an actor without automatic replies. */
    static final AutoReplies NONE = new AutoReplies(List.of());

    private final Payload[] requests;
    private final Payload[] replies;

    private AutoReplies(List<AutoReply> all) {
      requests = all.stream().map(AutoReply::request).map(Payload::text).toArray(Payload[]::new);
      replies = all.stream().map(AutoReply::reply).map(Payload::text).toArray(Payload[]::new);
    }

    static AutoReplies of(List<AutoReply> all) {
      return all.isEmpty() ? NONE : new AutoReplies(all);
    }

    /** The reply to a message; null if it is for the actor. */
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
