package dev.dormouse.server.admin;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.server.host.ActorHost;
import io.vertx.ext.web.RoutingContext;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads the parameters of requests, from the query unless a method says otherwise. Each method
 * throws an {@link IllegalArgumentException} that names the parameter, its value, and its limit.
 */
public final class PageParams {
  private static final Pattern NUMBER = Pattern.compile("[0-9]{1,4}");
  private static final Pattern HEX = Pattern.compile("(?:[0-9a-fA-F]{2})*");

  private PageParams() {}

  /** Returns a parameter; null if it is missing or empty. */
  public static @Nullable String text(RoutingContext context, String name) {
    String text = context.queryParams().get(name);
    return text == null || text.isEmpty() ? null : text;
  }

  /** Returns a parameter of limited length; empty if it is missing. */
  public static String text(RoutingContext context, String name, int bytesMax) {
    String text = Objects.requireNonNullElse(context.queryParams().get(name), "");
    int bytes = text.getBytes(StandardCharsets.UTF_8).length;
    if (bytes > bytesMax) {
      throw new IllegalArgumentException(
          "%s has %s bytes; the limit is %s".formatted(name, bytes, bytesMax));
    }
    return text;
  }

  /** Returns bytes from a parameter in the format of {@link HexFormat}; null if it is missing. */
  public static byte @Nullable [] hex(RoutingContext context, String name, int bytesMax) {
    String text = text(context, name, 2 * bytesMax);
    if (!HEX.matcher(text).matches()) {
      throw new IllegalArgumentException(name + " '" + text + "' is not hexadecimal");
    }
    return text.isEmpty() ? null : HexFormat.of().parseHex(text);
  }

  /** Returns a number from a range. */
  public static int number(RoutingContext context, String name, int standard, int min, int max) {
    String asked = context.queryParams().get(name);
    String text = asked == null ? String.valueOf(standard) : asked;
    if (NUMBER.matcher(text).matches()) {
      int number = Integer.parseInt(text);
      if (number >= min && number <= max) {
        return number;
      }
    }
    throw new IllegalArgumentException(name + " '" + text + "' is not " + min + " to " + max);
  }

  /** Returns the actor that the path names, of any type. */
  public static ActorId actor(RoutingContext context) {
    return new ActorId(context.pathParam("type"), context.pathParam("key"));
  }

  /**
   * Returns the actor that the path names, of a registered type.
   *
   * @throws StoreReads.Refusal with 404 if the type is not registered
   */
  public static ActorId hosted(RoutingContext context, ActorHost host) {
    ActorId actor = actor(context);
    if (!host.hosts(actor.type())) {
      throw new StoreReads.Refusal(404, "there is no actor type " + actor.type());
    }
    return actor;
  }

  /**
   * Returns the actor of a parameter in the form of {@link ActorId#toString}; null if it is
   * missing.
   */
  public static @Nullable ActorId actor(RoutingContext context, String name) {
    String text = text(context, name);
    if (text == null) {
      return null;
    }
    int slash = text.indexOf('/');
    if (slash < 0) {
      throw new IllegalArgumentException(name + " '" + text + "' is not of the form type/key");
    }
    return named(name, () -> new ActorId(text.substring(0, slash), text.substring(slash + 1)));
  }

  /** Returns the name of an actor type, registered or not; null if it is missing. */
  public static @Nullable String type(RoutingContext context, String name) {
    String text = text(context, name);
    return text == null ? null : named(name, () -> new ActorId(text, "any")).type();
  }

  /** Returns the connection of a parameter; null if it is missing. */
  public static @Nullable ConnectionId connection(RoutingContext context, String name) {
    String text = text(context, name);
    return text == null ? null : named(name, () -> ConnectionId.parse(text));
  }

  private static <T> T named(String name, Supplier<T> parsed) {
    try {
      return parsed.get();
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(name + ": " + e.getMessage(), e);
    }
  }
}
