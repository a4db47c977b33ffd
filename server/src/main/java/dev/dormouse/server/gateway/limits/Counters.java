package dev.dormouse.server.gateway.limits;

import dev.dormouse.server.gateway.edge.EdgeCounts;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The counters of a gateway. {@link GatewayCounts} explains each number.
 *
 * <p>Any thread may use them.
 */
public final class Counters {
  public final LongAdder messagesIn = new LongAdder();
  public final LongAdder messagesOut = new LongAdder();
  public final LongAdder droppedIn = new LongAdder();
  public final LongAdder droppedOut = new LongAdder();
  public final LongAdder slowClosed = new LongAdder();
  public final LongAdder autoReplies = new LongAdder();
  public final LongAdder hastyClosed = new LongAdder();
  public final LongAdder unhandledClosed = new LongAdder();
  public final LongAdder oversizeClosed = new LongAdder();
  public final LongAdder pings = new LongAdder();
  public final LongAdder silentDropped = new LongAdder();
  public final LongAdder pongs = new LongAdder();
  public final LongAdder overloadClosed = new LongAdder();
  public final LongAdder hostlessClosed = new LongAdder();
  public final LongAdder slowDropped = new LongAdder();
  public final LongAdder conflated = new LongAdder();
  public final LongAdder deflateContexts = new LongAdder();

  /** The number of HTTP requests that are not answered yet. */
  public final LongAdder activeRequests = new LongAdder();

  private final Map<Refusal, LongAdder> refused =
      Arrays.stream(Refusal.values())
          .collect(Collectors.toUnmodifiableMap(Function.identity(), why -> new LongAdder()));

  private final Map<RequestLimit, LongAdder> cutOff =
      Arrays.stream(RequestLimit.values())
          .collect(Collectors.toUnmodifiableMap(Function.identity(), why -> new LongAdder()));

  /** Counts a plain request that was over a limit. */
  public void cutOff(RequestLimit why) {
    Objects.requireNonNull(cutOff.get(why)).increment();
  }

  /** Counts an upgrade that was not answered 101. */
  public void refused(Refusal why) {
    Objects.requireNonNull(refused.get(why)).increment();
  }

  private static <K> Map<K, Long> sums(Map<K, LongAdder> counters) {
    return counters.entrySet().stream()
        .collect(Collectors.toMap(Map.Entry::getKey, counter -> counter.getValue().sum()));
  }

  /**
   * Returns the counts of this moment.
   *
   * @param sockets the number of sockets now
   * @param httpConnections the number of TCP connections that speak HTTP now
   * @param upgrades the number of upgrades that wait now
   * @param staleReleases the number of releases of former owners
   * @param edge the counts of the edge
   */
  public GatewayCounts read(
      long sockets, long httpConnections, long upgrades, long staleReleases, EdgeCounts edge) {
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
        unhandledClosed.sum(),
        oversizeClosed.sum(),
        pings.sum(),
        silentDropped.sum(),
        pongs.sum(),
        overloadClosed.sum(),
        hostlessClosed.sum(),
        slowDropped.sum(),
        conflated.sum(),
        deflateContexts.sum(),
        staleReleases,
        edge);
  }
}
