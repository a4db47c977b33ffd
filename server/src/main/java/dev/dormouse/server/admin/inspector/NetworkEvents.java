package dev.dormouse.server.admin.inspector;

import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.Header;
import dev.dormouse.server.observe.DormouseObserver.Frame;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Formats the events of WebSockets in the domain {@code Network} of the DevTools protocol. Pure
 * functions. The ids of requests are the ids of connections; timestamps are {@link
 * dev.dormouse.server.protocol.Time#nowNs} in seconds.
 */
final class NetworkEvents {
  private static final double NS_PER_S = 1e9;
  private static final double MS_PER_S = 1e3;

  private NetworkEvents() {}

  static String created(ConnectionId id, String url) {
    return event("webSocketCreated", of(id).put("url", url));
  }

  static String willSendHandshakeRequest(
      ConnectionId id, long nowNs, long wallMs, JsonObject headers) {
    return event(
        "webSocketWillSendHandshakeRequest",
        of(id, nowNs)
            .put("wallTime", wallMs / MS_PER_S)
            .put("request", new JsonObject().put("headers", headers)));
  }

  static String handshakeResponseReceived(
      ConnectionId id, long nowNs, int status, JsonObject headers) {
    return event(
        "webSocketHandshakeResponseReceived",
        of(id, nowNs)
            .put(
                "response",
                new JsonObject()
                    .put("status", status)
                    .put("statusText", HttpResponseStatus.valueOf(status).reasonPhrase())
                    .put("headers", headers)));
  }

  /** Returns the event of a frame that came in, which its client has masked. */
  static String frameReceived(Frame frame, PayloadExcerpt payload, long nowNs) {
    return event(
        "webSocketFrameReceived",
        of(frame.connection(), nowNs).put("response", frame(frame, true, payload)));
  }

  /** Returns the event of a frame that was sent, which is not masked. */
  static String frameSent(Frame frame, PayloadExcerpt payload, long nowNs) {
    return event(
        "webSocketFrameSent",
        of(frame.connection(), nowNs).put("response", frame(frame, false, payload)));
  }

  static String frameError(ConnectionId id, long nowNs, String message) {
    return event("webSocketFrameError", of(id, nowNs).put("errorMessage", message));
  }

  static String closed(ConnectionId id, long nowNs) {
    return event("webSocketClosed", of(id, nowNs));
  }

  /**
   * Returns headers as the protocol writes them: one entry for each name, with a line for each
   * value.
   */
  static JsonObject headers(List<Header> headers, Redaction redaction) {
    Map<String, String> spelling = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    JsonObject json = new JsonObject();
    for (Header header : headers) {
      String name = spelling.computeIfAbsent(header.name(), first -> first);
      String before = json.getString(name);
      String value = redaction.value(header);
      json.put(name, before == null ? value : before + "\n" + value);
    }
    return json;
  }

  private static JsonObject frame(Frame frame, boolean isMasked, PayloadExcerpt payload) {
    return new JsonObject()
        .put("opcode", frame.opcode())
        .put("mask", isMasked)
        .put("payloadData", payload.data());
  }

  private static JsonObject of(ConnectionId id) {
    return new JsonObject().put("requestId", id.toString());
  }

  private static JsonObject of(ConnectionId id, long nowNs) {
    return of(id).put("timestamp", seconds(nowNs));
  }

  static double seconds(long ns) {
    return ns / NS_PER_S;
  }

  private static String event(String name, JsonObject params) {
    return Rpc.event("Network." + name, params);
  }
}
