package dev.dormouse.server.admin.inspector;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Collection;

/** Lists the targets that can be inspected: the node, and each actor type alone. Pure functions. */
final class Targets {
  static final String PROTOCOL_VERSION = "1.3";

  /** The path of the WebSocket to which inspectors of the node connect. */
  static final String PATH = "/devtools/node";

  private static final String PRODUCT = "Dormouse";

  private Targets() {}

  /** Returns the answer to {@code /json/version}. */
  static JsonObject version(String authority) {
    return new JsonObject()
        .put("Browser", PRODUCT)
        .put("Protocol-Version", PROTOCOL_VERSION)
        .put("User-Agent", PRODUCT)
        .put("webSocketDebuggerUrl", "ws://" + authority + PATH);
  }

  /** Returns the answer to {@code Browser.getVersion}. */
  static JsonObject browserVersion() {
    return new JsonObject()
        .put("protocolVersion", PROTOCOL_VERSION)
        .put("product", PRODUCT)
        .put("revision", "")
        .put("userAgent", PRODUCT)
        .put("jsVersion", "");
  }

  /**
   * Returns the answer to {@code /json/list}.
   *
   * @param authority the host and port of the admin server, as the client wrote it
   * @param origin the origin of the server that clients connect to
   */
  static JsonArray list(String authority, String origin, Collection<String> types) {
    JsonArray targets = new JsonArray();
    targets.add(target("node", "Dormouse: all actors", authority + PATH, origin + "/"));
    for (String type : types.stream().sorted().toList()) {
      String path = authority + PATH + "?type=" + type;
      targets.add(target("node-" + type, "Dormouse: " + type, path, origin + "/"));
    }
    return targets;
  }

  private static JsonObject target(String id, String title, String address, String url) {
    return new JsonObject()
        .put("id", id)
        .put("type", "node")
        .put("title", title)
        .put("description", "WebSockets that actors own")
        .put("url", url)
        .put(
            "devtoolsFrontendUrl",
            "devtools://devtools/bundled/js_app.html?ws=" + SocketUrls.encode(address))
        .put("webSocketDebuggerUrl", "ws://" + address);
  }
}
