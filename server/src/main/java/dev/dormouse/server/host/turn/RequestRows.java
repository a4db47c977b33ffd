package dev.dormouse.server.host.turn;

import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.server.host.rows.ActorRows;
import dev.dormouse.server.host.rows.RowKey;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.storage.TurnBatch.Clear;
import dev.dormouse.storage.rows.KeySpan;
import dev.dormouse.storage.rows.RequestRow;
import dev.dormouse.storage.rows.Table;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The answers that an actor keeps for requests that may come again. Each turn that keeps an answer
 * removes those that its gateway does not wait for any more. An instance belongs to an activation,
 * and is dropped with it when a turn fails.
 */
final class RequestRows {
  /** The bytes of a key that name the run. */
  private static final int RUN_BYTES = 3;

  /** The most answers of one gateway whose numbers are remembered. */
  private static final int NUMBERS_MAX = 256;

  /** The most gateways for which numbers are remembered. */
  private static final int GATEWAYS_MAX = 64;

  private final ActorRows rows;

  /** The numbers of all stored answers, by the run of the gateway; without runs not looked at. */
  private final Map<Long, NavigableSet<Long>> numbers = new HashMap<>(2);

  RequestRows(ActorRows rows) {
    this.rows = rows;
  }

  /**
   * Adds the answer to a request to the writes of its turn.
   *
   * @throws java.io.UncheckedIOException if the store cannot be read
   */
  void keep(
      NavigableMap<RowKey, Optional<byte[]>> writes,
      List<Clear> clears,
      ToHost.Request request,
      HttpResponse answer) {
    long run = new ConnectionId(request.request()).run();
    long settled = request.settled();
    boolean isAnySettled = new ConnectionId(settled).run() == run;
    NavigableSet<Long> stored = numbers.get(run);
    if (stored == null) {
      stored = read(run);
    }
    if (stored == null && isAnySettled) {
      clears.add(new Clear(Table.REQUEST, new KeySpan(first(run), RequestRow.key(settled), false)));
    } else if (stored != null) {
      SortedSet<Long> ended = isAnySettled ? stored.headSet(settled) : new TreeSet<>();
      ended.forEach(number -> writes.put(RowKey.request(number), Optional.empty()));
      ended.clear();
      stored.add(request.request());
      if (stored.size() > NUMBERS_MAX) {
        numbers.remove(run);
      }
    }
    writes.put(RowKey.request(request.request()), Optional.of(RequestRow.of(answer).encode()));
  }

  /**
   * Returns the numbers of a run's stored answers, and remembers them; null if they are too many.
   */
  private @Nullable NavigableSet<Long> read(long run) {
    List<RowKey> keys =
        rows.keys(Table.REQUEST, KeySpan.prefix(Arrays.copyOf(first(run), RUN_BYTES)), NUMBERS_MAX);
    if (keys == null) {
      return null;
    }
    NavigableSet<Long> stored = new TreeSet<>();
    keys.forEach(key -> stored.add(RequestRow.requestOf(key.bytes())));
    if (numbers.size() == GATEWAYS_MAX) {
      numbers.clear();
    }
    numbers.put(run, stored);
    return stored;
  }

  /** Returns the least key that a request of a run can have. */
  private static byte[] first(long run) {
    return RequestRow.key(ConnectionId.of(run, 0).value());
  }
}
