package dev.dormouse.server.observe;

import dev.dormouse.log.Log;
import dev.dormouse.server.observe.DormouseObserver.LimitHit;
import dev.dormouse.server.protocol.Time;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;

/**
 * Logs which limits close or refuse clients, with the option that raises them. Each limit and actor
 * type gets {@value #BURST} lines at first, then one line a minute. A limit after which the client
 * may continue is not logged. Any thread.
 */
final class LimitLog {
  static final int BURST = 5;
  private static final Duration PER_LINE = Duration.ofMinutes(1);
  private static final Logger log = Log.of(LimitLog.class);

  /** The remedy for each limit, by the name of the limit that observers hear. */
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
          Map.entry("silence", "--ping raises it: the client has not answered a ping in that time"),
          Map.entry("connections", "--max-connections raises it"),
          Map.entry("connections-per-address", "--max-connections-per-ip raises it"),
          Map.entry("connections-per-actor", "it is fixed: spread the clients over more actors"),
          Map.entry("mailbox", "it is fixed: the actor is behind"),
          Map.entry("upgrades-per-second-per-address", "--upgrades-per-second-per-ip raises it"),
          Map.entry("requests-per-second-per-address", "--upgrades-per-second-per-ip raises it"),
          Map.entry("unread-answers", "it is fixed: the client should read its answers"),
          Map.entry(
              "handshake-time", "GatewayOptions.handshake raises it; actor or access rule is slow"),
          Map.entry("request-line-bytes", "--max-request-line raises it"),
          Map.entry("request-header-bytes", "--max-headers raises it"),
          Map.entry("request-head-time", "GatewayOptions.input raises it"),
          Map.entry("request-body-time", "it is fixed: the client should send faster"),
          Map.entry("request-body-bytes", "it is fixed: the client should send less at once"),
          Map.entry("answer-reading-time", "GatewayOptions.slowness raises it"),
          Map.entry("request-time", "GatewayOptions.request raises it; the actor is behind"));

  private final Time time;
  private final ConcurrentHashMap<String, LineRate> rates = new ConcurrentHashMap<>();

  LimitLog(Time time) {
    this.time = time;
  }

  /** Logs the limit if it closed or refused a client and the line rate allows a line. */
  void hit(LimitHit hit) {
    if (!isClientTurnedAway(hit.outcome())) {
      return;
    }
    String type = hit.actor() == null ? "" : hit.actor().type();
    long leftOut =
        rates
            .computeIfAbsent(hit.limit() + " " + type, key -> new LineRate(time, BURST, PER_LINE))
            .next();
    if (leftOut != LineRate.LEAVE_OUT) {
      log.warn(
          "{}{} is over the limit {}: {}. {} ({} such lines left out)",
          hit.connection() == null ? "a client" : "connection " + hit.connection(),
          hit.actor() == null ? "" : " of actor " + hit.actor(),
          hit.limit(),
          hit.outcome(),
          REMEDIES.getOrDefault(hit.limit(), "no option raises it"),
          leftOut);
    }
  }

  /** Returns whether the outcome is a close, or the status of an answer that refuses. */
  private static boolean isClientTurnedAway(String outcome) {
    return outcome.startsWith("close") || Character.isDigit(outcome.charAt(0));
  }
}
