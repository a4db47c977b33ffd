package dev.dormouse.examples;

import dev.dormouse.server.DormouseServer;
import dev.dormouse.server.host.ActorStatus;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Route;
import io.vertx.ext.web.Router;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Locale;

/**
 * Serves the page of the chat at {@code /}, and {@code /rooms}, which tells that page the state of
 * every room.
 */
final class ChatPage {
  private static final int ROOMS_MAX = 200;
  private static final List<String> FILES =
      List.of(
          "index.html",
          "chat.css",
          "chat.js",
          "composer.js",
          "dom.js",
          "dormouse.min.js",
          "drawers.js",
          "message-list.js",
          "panels.js",
          "room.js",
          "rooms-poll.js",
          "theme.js");

  private ChatPage() {}

  static void mount(Router router, DormouseServer server) {
    FILES.forEach(file -> mount(router, "/" + file, file));
    mount(router, "/", "index.html");
    page(router, "/rooms")
        .handler(
            context ->
                context
                    .response()
                    .putHeader(HttpHeaders.CONTENT_TYPE, "application/json")
                    .putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
                    .end(rooms(server).encode()));
  }

  /** Adds a page. A HEAD is answered as a GET is, without its body, which Vert.x leaves out. */
  private static Route page(Router router, String path) {
    return router.route(path).method(HttpMethod.GET).method(HttpMethod.HEAD);
  }

  private static void mount(Router router, String path, String file) {
    Buffer content = read(file);
    String type = contentType(file);
    page(router, path)
        .handler(
            context ->
                context
                    .response()
                    .putHeader(HttpHeaders.CONTENT_TYPE, type)
                    .putHeader(HttpHeaders.CACHE_CONTROL, "no-cache")
                    .putHeader("X-Content-Type-Options", "nosniff")
                    .end(content));
  }

  private static Buffer read(String file) {
    try (InputStream in = ChatPage.class.getResourceAsStream("/web/" + file)) {
      if (in == null) {
        throw new IllegalStateException("the file web/" + file + " is not in the jar");
      }
      return Buffer.buffer(in.readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String contentType(String file) {
    String type =
        file.endsWith(".js") ? "text/javascript" : file.endsWith(".css") ? "text/css" : "text/html";
    return type + "; charset=utf-8";
  }

  private static JsonObject rooms(DormouseServer server) {
    JsonArray rooms = new JsonArray();
    server.actors("chat", ROOMS_MAX).forEach(room -> rooms.add(json(room)));
    return new JsonObject().put("rooms", rooms);
  }

  private static JsonObject json(ActorStatus room) {
    return new JsonObject()
        .put("room", room.id().key())
        .put("state", room.state().name().toLowerCase(Locale.ROOT))
        .put("connections", room.connections())
        .put("wakes", room.wakes())
        .put("keptAwakeBy", new JsonArray(room.keptAwakeBy()));
  }
}
