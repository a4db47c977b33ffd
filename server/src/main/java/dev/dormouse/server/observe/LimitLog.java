package dev.dormouse.server.observe;

import dev.dormouse.log.Log;
import dev.dormouse.server.observe.DormouseObserver.LimitHit;
import dev.dormouse.server.protocol.Time;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;

/**
 * Logs which limits close or refuse clients, with the option that raises the limit, and which
 * protocols clients broke. Each limit or protocol and actor type gets {@value #BURST} lines at
 * first, then one line a minute. A message or a request that an actor type has no handler for gets
 * one line in all. A limit after which the client may continue is not logged. Any thread may use
 * it.
 */
final class LimitLog {
  /** The lines of a limit and an actor type that are logged at once. */
  static final int BURST = 5;

  /** The time after which one more line is logged. */
  private static final Duration PER_LINE = Duration.ofMinutes(1);

  private static final Logger log = Log.of(LimitLog.class);

  /** The remedy for each limit, by the name under which observers hear of the limit. */
  private static final Map<String, String> REMEDIES =
      Map.ofEntries(
          Map.entry("message-bytes", "raise the limit with ActorOptions.messageBytesMax"),
          Map.entry(
              "messages-per-second", "raise the limit with ActorOptions.messagesPerSecondMax"),
          Map.entry(
              "outbound-bytes",
              "raise the limit with ActorOptions.outboundBytesMax, or let messages be dropped with"
                  + " ActorOptions.outboundPolicy"),
          Map.entry("client-memory", "raise the limit with a larger heap (-Xmx)"),
          Map.entry(
              "unfinished-input",
              "raise the limit with GatewayOptions.frame or GatewayOptions.message"),
          Map.entry(
              "messages-at-once",
              "the actor handles messages too slowly; raise the limit with"
                  + " ActorOptions.messageBytesMax"),
          Map.entry("fragments", "the limit is fixed; the client should send longer fragments"),
          Map.entry(
              "silence", "the client did not answer a ping in time; raise the limit with --ping"),
          Map.entry(
              "time-without-host", "check that the nodes of the cluster run and reach each other"),
          Map.entry(
              "unknown-connection",
              "the client should connect again; its connection was lost when its actor moved"),
          Map.entry("connections", "raise the limit with --max-connections"),
          Map.entry("connections-per-address", "raise the limit with --max-connections-per-ip"),
          Map.entry(
              "connections-per-actor",
              "raise the limit with ActorOptions.connectionsMax, or spread the clients over more"
                  + " actors"),
          Map.entry("actors-in-memory", "raise the limit with --max-actors-in-memory"),
          Map.entry(
              "mailbox",
              "the actor handles events too slowly; raise the limit with"
                  + " ActorOptions.mailboxMax"),
          Map.entry(
              "upgrades-per-second-per-address",
              "raise the limit with --upgrades-per-second-per-ip"),
          Map.entry(
              "requests-per-second-per-address",
              "raise the limit with --upgrades-per-second-per-ip"),
          Map.entry("unread-answers", "the limit is fixed; the client should read its answers"),
          Map.entry(
              "handshake-time",
              "the actor or its access rule is slow; raise the limit with"
                  + " GatewayOptions.handshake"),
          Map.entry(
              "tls-handshake",
              "a client that behaves does not trust the certificate, or speaks neither TLS 1.2 nor"
                  + " 1.3"),
          Map.entry(
              "proxy-header",
              "list the proxies with --trusted-proxies, or change --proxy-protocol"),
          Map.entry("websocket-protocol", "the client should be mended"),
          Map.entry("request-line-bytes", "raise the limit with --max-request-line"),
          Map.entry("request-header-bytes", "raise the limit with --max-headers"),
          Map.entry("request-head-time", "raise the limit with GatewayOptions.head"),
          Map.entry("request-body-time", "raise the limit with GatewayOptions.message"),
          Map.entry(
              "request-body-bytes", "the limit is fixed; the client should send a shorter body"),
          Map.entry("answer-reading-time", "raise the limit with GatewayOptions.reading"),
          Map.entry(
              "request-time",
              "the actor answers too slowly; raise the limit with GatewayOptions.request"));

  /**
   * The clauses that tell why a client is turned away, by the name under which observers hear of
   * it. All other names are those of limits.
   */
  private static final Map<String, String> CLAUSES =
      Map.of(
          "tls-handshake",
          "did not agree with the server on TLS",
          "proxy-header",
          "did not begin with a PROXY header that is accepted",
          "unknown-connection",
          "is not known to the host of its actor",
          "time-without-host",
          "had no host of its actor for 10 s",
          "websocket-protocol",
          "broke the WebSocket protocol");

  /** The messages and requests that a class may have no handler for, by the name of the limit. */
  private static final Map<String, String> UNHANDLED =
      Map.of(
          "unhandled-text", "a text message, but its class has no onMessage(Connection, String)",
          "unhandled-binary",
              "a binary message, but its class has no onMessage(Connection, ByteBuffer)",
          "unhandled-request", "a plain HTTP request, but its class has no onRequest");

  private final Time time;

  /** The rate of lines for each limit and actor type. */
  private final ConcurrentHashMap<String, LineRate> rates = new ConcurrentHashMap<>();

  /** The limits and actor types about which a single line was logged. */
  private final Set<String> logged = ConcurrentHashMap.newKeySet();

  LimitLog(Time time) {
    this.time = time;
  }

  /** Logs the limit if it closed or refused a client and the line rate allows a line. */
  void hit(LimitHit hit) {
    if (!isClientTurnedAway(hit.outcome())) {
      return;
    }
    String type = hit.actor() == null ? "" : hit.actor().type();
    String unhandled = UNHANDLED.get(hit.limit());
    if (unhandled != null) {
      if (logged.add(hit.limit() + " " + type)) {
        log.warn(
            "{} of actor {} sent {}; it is turned away ({}), and so are others, without a line",
            hit.connection() == null ? "a client" : "connection " + hit.connection(),
            hit.actor(),
            unhandled,
            hit.outcome());
      }
      return;
    }
    long leftOut =
        rates
            .computeIfAbsent(hit.limit() + " " + type, key -> new LineRate(time, BURST, PER_LINE))
            .next();
    if (leftOut != LineRate.LEAVE_OUT) {
      log.warn(
          "{}{} {} and is turned away ({}); {} ({} such lines left out)",
          hit.connection() == null ? "a client" : "connection " + hit.connection(),
          hit.actor() == null ? "" : " of actor " + hit.actor(),
          CLAUSES.getOrDefault(hit.limit(), "is over the limit " + hit.limit()),
          hit.outcome(),
          REMEDIES.getOrDefault(hit.limit(), "no option raises the limit"),
          leftOut);
    }
  }

  /** Returns whether the outcome is a close, or the status of an answer that refuses. */
  private static boolean isClientTurnedAway(String outcome) {
    return outcome.startsWith("close") || Character.isDigit(outcome.charAt(0));
  }
}
