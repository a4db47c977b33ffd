package dev.dormouse.server.admin;

import dev.dormouse.sdk.ActorId;
import io.vertx.ext.web.RoutingContext;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What requests ask for. */
final class PageParams {
  private static final Pattern NUMBER = Pattern.compile("[0-9]{1,4}");

  private PageParams() {}

  /** A parameter; null if it is missing or empty. */
  static @Nullable String text(RoutingContext context, String name) {
    String text = context.request().getParam(name);
    return text == null || text.isEmpty() ? null : text;
  }

  /**
   * How many at most.
   *
   * @throws IllegalArgumentException if it is not 1 to {@code max}
   */
  static int limit(RoutingContext context, int standard, int max) {
    String text = context.request().getParam("limit", String.valueOf(standard));
    if (NUMBER.matcher(text).matches()) {
      int limit = Integer.parseInt(text);
      if (limit >= 1 && limit <= max) {
        return limit;
      }
    }
    throw new IllegalArgumentException("limit '" + text + "' is not 1 to " + max);
  }

  /**
   * The actor that the path names, of whatever type.
   *
   * @throws IllegalArgumentException if it names none
   */
  static ActorId actor(RoutingContext context) {
    return new ActorId(context.pathParam("type"), context.pathParam("key"));
  }

  /**
   * The actor of a parameter, as {@link ActorId#toString} writes it; null if it is missing.
   *
   * @throws IllegalArgumentException if it is none
   */
  static @Nullable ActorId actor(RoutingContext context, String name) {
    String text = text(context, name);
    if (text == null) {
      return null;
    }
    int slash = text.indexOf('/');
    if (slash < 0) {
      throw new IllegalArgumentException(name + " '" + text + "' is not of the form type/key");
    }
    return new ActorId(text.substring(0, slash), text.substring(slash + 1));
  }
}
