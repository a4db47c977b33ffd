package dev.dormouse.server.gateway;

import dev.dormouse.log.Log;
import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.observe.LineRate;
import dev.dormouse.server.protocol.Time;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Logs which limits close or refuse clients, with the option that raises them: for each limit and
 * actor type the first {@value #BURST}, then one a minute. Clients that are merely lost or silent
 * are no limit's doing, and not logged. Any thread.
 */
final class LimitLog {
  static final int BURST = 5;
  private static final Duration PER_LINE = Duration.ofMinutes(1);
  private static final Logger log = Log.of(LimitLog.class);

  /** By the limit's name, as observers hear it. */
  private static final Map<String, String> REMEDIES =
      Map.ofEntries(
          Map.entry("message-bytes", "ActorOptions.messageBytesMax raises it"),
          Map.entry("messages-per-second", "ActorOptions.messagesPerSecondMax raises it"),
          Map.entry(
              "outbound-bytes",
              "ActorOptions.outboundBytesMax raises it, and ActorOptions.onSlowClient has messages"
                  + " dropped instead"),
          Map.entry("client-memory", "a larger heap (-Xmx) raises it"),
          Map.entry("unfinished-input", "GatewayOptions.input raises it"),
          Map.entry(
              "messages-at-once", "ActorOptions.messageBytesMax raises it; the actor is behind"),
          Map.entry("fragments", "it is fixed: the client should send longer fragments"),
          Map.entry("connections", "--max-connections raises it"),
          Map.entry("connections-per-address", "--max-connections-per-ip raises it"),
          Map.entry("upgrades-per-second-per-address", "--upgrades-per-second-per-ip raises it"));

  private final Time time;
  private final ConcurrentHashMap<String, LineRate> rates = new ConcurrentHashMap<>();

  LimitLog(Time time) {
    this.time = time;
  }

  /** A client was closed, or refused, by a limit. */
  void hit(
      String limit, String outcome, @Nullable ActorId actor, @Nullable ConnectionId connection) {
    String remedy = isHarmless(outcome) ? null : REMEDIES.get(limit);
    if (remedy == null) {
      return;
    }
    String type = actor == null ? "" : actor.type();
    long leftOut =
        rates
            .computeIfAbsent(limit + " " + type, key -> new LineRate(time, BURST, PER_LINE))
            .next();
    if (leftOut != LineRate.LEAVE_OUT) {
      log.warn(
          "{}{} is over the limit {}: {}. {} ({} such lines left out)",
          connection == null ? "a client" : "connection " + connection,
          actor == null ? "" : " of actor " + actor,
          limit,
          outcome,
          remedy,
          leftOut);
    }
  }

  /** Whether the client goes on, or is told to in an answer of its own. */
  private static boolean isHarmless(String outcome) {
    return !outcome.startsWith("close") && !outcome.equals("503") && !outcome.equals("429");
  }
}
