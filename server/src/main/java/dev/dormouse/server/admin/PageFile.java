package dev.dormouse.server.admin;

import io.vertx.core.buffer.Buffer;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/**
 * Holds a file of the admin port, as it is in the jar.
 *
 * @param type the file's media type
 * @param content the file's bytes
 */
public record PageFile(String type, Buffer content) {
  /** Reads a file from the folder of a class in the jar. */
  public static PageFile read(Class<?> beside, String name) {
    try (InputStream in = beside.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException(
            "the file " + name + " of " + beside + " is not in the jar");
      }
      return new PageFile(typeOf(name), Buffer.buffer(in.readAllBytes()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String typeOf(String name) {
    String type =
        name.endsWith(".js")
            ? "text/javascript"
            : name.endsWith(".css")
                ? "text/css"
                : name.endsWith(".svg") ? "image/svg+xml" : "text/html";
    return type + "; charset=utf-8";
  }

  /** Returns a copy in which other words replace some words of the file. */
  PageFile with(String old, String words) {
    String text = content.toString(StandardCharsets.UTF_8);
    if (!text.contains(old)) {
      throw new IllegalStateException("the file has no '" + old + "'");
    }
    return new PageFile(type, Buffer.buffer(text.replace(old, words)));
  }

  /** Answers a request with the file. */
  public void answer(RoutingContext context) {
    answer(context, 200);
  }

  void answer(RoutingContext context, int status) {
    context
        .response()
        .setStatusCode(status)
        .putHeader("Content-Type", type)
        .putHeader("Cache-Control", "no-cache")
        .end(content);
  }
}
