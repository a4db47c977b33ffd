package dev.dormouse.server.gateway;

import dev.dormouse.server.gateway.edge.EdgeCounts;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Counts what happens in a gateway. {@link GatewayCounts} explains each number.
 *
 * <p>Any thread.
 */
final class Counters {
  final LongAdder messagesIn = new LongAdder();
  final LongAdder messagesOut = new LongAdder();
  final LongAdder droppedIn = new LongAdder();
  final LongAdder droppedOut = new LongAdder();
  final LongAdder slowClosed = new LongAdder();
  final LongAdder autoReplies = new LongAdder();
  final LongAdder hastyClosed = new LongAdder();
  final LongAdder oversizeClosed = new LongAdder();
  final LongAdder pings = new LongAdder();
  final LongAdder silentDropped = new LongAdder();
  final LongAdder pongs = new LongAdder();
  final LongAdder overloadClosed = new LongAdder();
  final LongAdder slowDropped = new LongAdder();
  final LongAdder conflated = new LongAdder();
  final LongAdder deflateContexts = new LongAdder();

  /** HTTP requests that are not answered yet. */
  final LongAdder activeRequests = new LongAdder();

  private final Map<Refusal, LongAdder> refused =
      Arrays.stream(Refusal.values())
          .collect(Collectors.toUnmodifiableMap(Function.identity(), why -> new LongAdder()));

  private final Map<RequestLimit, LongAdder> cutOff =
      Arrays.stream(RequestLimit.values())
          .collect(Collectors.toUnmodifiableMap(Function.identity(), why -> new LongAdder()));

  /** Counts a plain request that was cut off. */
  void cutOff(RequestLimit why) {
    Objects.requireNonNull(cutOff.get(why)).increment();
  }

  /** Counts an upgrade that was not answered 101. */
  void refused(Refusal why) {
    Objects.requireNonNull(refused.get(why)).increment();
  }

  private static <K> Map<K, Long> sums(Map<K, LongAdder> counters) {
    return counters.entrySet().stream()
        .collect(Collectors.toMap(Map.Entry::getKey, counter -> counter.getValue().sum()));
  }

  /**
   * Reads the counters.
   *
   * @param sockets how many sockets there are now
   * @param httpConnections how many TCP connections speak HTTP now
   * @param upgrades how many upgrades wait now
   * @param edge what was counted before the gateway
   */
  GatewayCounts read(long sockets, long httpConnections, long upgrades, EdgeCounts edge) {
    return new GatewayCounts(
        sockets,
        httpConnections,
        upgrades,
        messagesIn.sum(),
        messagesOut.sum(),
        sums(refused),
        sums(cutOff),
        droppedIn.sum(),
        droppedOut.sum(),
        slowClosed.sum(),
        autoReplies.sum(),
        hastyClosed.sum(),
        oversizeClosed.sum(),
        pings.sum(),
        silentDropped.sum(),
        pongs.sum(),
        overloadClosed.sum(),
        slowDropped.sum(),
        conflated.sum(),
        deflateContexts.sum(),
        edge);
  }
}
