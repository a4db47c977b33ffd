package dev.dormouse.server.host.turn;

import dev.dormouse.sdk.ActorOptions;
import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.Connections;
import dev.dormouse.server.host.rows.RowKey;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.storage.ActorStore;
import dev.dormouse.storage.ActorStore.Row;
import dev.dormouse.storage.rows.KeySpan;
import dev.dormouse.storage.rows.Table;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A view of an actor's connections, narrowed by tags and exclusions. */
final class TurnConnections implements Connections<@Nullable Object> {
  private static final int PAGE = 256;

  private final Activation activation;
  private final Set<String> tags;
  private final Set<ConnectionId> except;

  TurnConnections(Activation activation, Set<String> tags, Set<ConnectionId> except) {
    this.activation = activation;
    this.tags = tags;
    this.except = except;
  }

  @Override
  public Connections<@Nullable Object> tagged(String tag) {
    Set<String> more = new LinkedHashSet<>(tags);
    more.add(tag);
    return new TurnConnections(activation, more, except);
  }

  @Override
  public Connections<@Nullable Object> except(Connection<?>... connections) {
    Set<ConnectionId> more = new HashSet<>(except);
    for (Connection<?> connection : connections) {
      more.add(connection.id());
    }
    return new TurnConnections(activation, tags, more);
  }

  @Override
  public int count() {
    synchronized (activation) {
      int count = tags.isEmpty() ? activation.connectionCount() : activation.count(tags);
      for (ConnectionId left : except) {
        boolean isCounted =
            activation.rows().mayHave(left) && activation.connection(left).isTagged(tags);
        count -= isCounted ? 1 : 0;
      }
      return count;
    }
  }

  @Override
  public boolean isEmpty() {
    return tags.isEmpty() ? count() == 0 : !iterator().hasNext();
  }

  @Override
  public void close(int code, String reason) {
    CloseReason.checkSendable(code, reason);
    if (!tags.isEmpty()) {
      forEach(connection -> connection.close(code, reason));
      return;
    }
    synchronized (activation) {
      activation.turn();
      List<RowKey> keys =
          activation.rows().keys(Table.CONNECTION, KeySpan.all(), ActorOptions.CONNECTIONS_CEILING);
      if (keys == null) {
        throw new AssertionError("an actor has more connections than it may");
      }
      for (RowKey key : keys) {
        ConnectionId id = RowKey.connection(key.bytes());
        if (!except.contains(id)) {
          activation.connection(id).close(code, reason);
        }
      }
    }
  }

  @Override
  public Optional<Connection<@Nullable Object>> find(ConnectionId id) {
    synchronized (activation) {
      activation.turn();
      return activation.rows().mayHave(id)
          ? Optional.<Connection<@Nullable Object>>of(activation.connection(id))
              .filter(this::matches)
          : Optional.empty();
    }
  }

  @Override
  public void broadcast(String text) {
    broadcast(Payload.text(text), null);
  }

  @Override
  public void broadcast(ByteBuffer bytes) {
    broadcast(Payload.binary(bytes), null);
  }

  @Override
  public void broadcastLatest(String key, String text) {
    broadcast(Payload.text(text), TurnConnection.checkKey(key));
  }

  @Override
  public void broadcastLatest(String key, ByteBuffer bytes) {
    broadcast(Payload.binary(bytes), TurnConnection.checkKey(key));
  }

  private void broadcast(Payload payload, @Nullable String key) {
    synchronized (activation) {
      activation.say(
          new ToGateway.Broadcast(List.copyOf(tags), Set.copyOf(except), payload, key), payload);
    }
  }

  @Override
  public Iterator<Connection<@Nullable Object>> iterator() {
    return new Pages();
  }

  private boolean matches(Connection<@Nullable Object> connection) {
    return !except.contains(connection.id()) && ((TurnConnection) connection).isTagged(tags);
  }

  /** Iterates over the connections of the view; reads their rows page by page. */
  private final class Pages implements Iterator<Connection<@Nullable Object>> {
    private final Queue<Connection<@Nullable Object>> page = new ArrayDeque<>();
    private KeySpan rest = KeySpan.all();
    private boolean isLast;

    @Override
    public boolean hasNext() {
      while (page.isEmpty() && !isLast) {
        readPage();
      }
      return !page.isEmpty();
    }

    @Override
    public Connection<@Nullable Object> next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      return page.remove();
    }

    private void readPage() {
      synchronized (activation) {
        activation.turn();
        List<Row> rows = new ArrayList<>(activation.rows().scan(Table.CONNECTION, rest, PAGE));
        isLast = rows.size() < PAGE && !ActorStore.isFull(rows);
        for (Row row : rows) {
          TurnConnection connection =
              activation.connection(RowKey.connection(row.key()), row.value());
          if (matches(connection)) {
            page.add(connection);
          }
          rest = rest.beyond(row.key());
        }
      }
    }
  }
}
