package dev.dormouse.server.gateway.wire;

import dev.dormouse.sdk.Compression;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The terms on which client and server agreed to compress a socket's messages with
 * permessage-deflate (RFC 7692, section 7.1).
 *
 * <p>The server accepts the first offer of a client that it can keep. The server's window always
 * has 15 bits, so an offer that asks for a smaller one is declined, and so is a malformed offer.
 * The client may choose its own window, because the server can inflate whatever fits 15 bits.
 *
 * <p>Neither side refers to earlier messages (context takeover) unless the actor type wants it and
 * the client has not ruled it out for that side.
 *
 * @param serverKeepsContext whether messages of the server may refer to its earlier messages
 * @param clientKeepsContext whether messages of the client may refer to its earlier messages, which
 *     the server must then remember
 * @param isWindowAsked whether the client's offer named the server's window, so that the answer
 *     must name it, too
 */
public record DeflateTerms(
    boolean serverKeepsContext, boolean clientKeepsContext, boolean isWindowAsked) {
  private static final String NAME = "permessage-deflate";
  private static final String SERVER_WITHOUT_CONTEXT = "server_no_context_takeover";
  private static final String CLIENT_WITHOUT_CONTEXT = "client_no_context_takeover";
  private static final String SERVER_WINDOW_NAME = "server_max_window_bits";

  private static final Pattern CLIENT_WINDOW =
      Pattern.compile("client_max_window_bits(\\s*=\\s*(\"([89]|1[0-5])\"|[89]|1[0-5]))?");
  private static final Pattern SERVER_WINDOW =
      Pattern.compile(SERVER_WINDOW_NAME + "\\s*=\\s*(\"15\"|15)");

  /**
   * Returns the terms of the first offer that the server accepts; null if it accepts none.
   *
   * @param headers the values of {@code Sec-WebSocket-Extensions} in the request, in order
   * @param wanted the compression that the actor type wants
   */
  public static @Nullable DeflateTerms answer(List<String> headers, Compression wanted) {
    if (wanted == Compression.OFF) {
      return null;
    }
    return ListValues.members(headers).stream()
        .map(offer -> answer(offer, wanted == Compression.WITH_CONTEXT))
        .filter(Objects::nonNull)
        .findFirst()
        .orElse(null);
  }

  private static @Nullable DeflateTerms answer(String offer, boolean isContextWanted) {
    String[] parts = offer.split(";", -1);
    if (!parts[0].strip().equals(NAME)) {
      return null;
    }
    Set<String> names = new HashSet<>();
    for (String part : Arrays.asList(parts).subList(1, parts.length)) {
      String parameter = part.strip();
      if (!isKept(parameter) || !names.add(parameter.split("[\\s=]", 2)[0])) {
        return null;
      }
    }
    return new DeflateTerms(
        isContextWanted && !names.contains(SERVER_WITHOUT_CONTEXT),
        isContextWanted && !names.contains(CLIENT_WITHOUT_CONTEXT),
        names.contains(SERVER_WINDOW_NAME));
  }

  private static boolean isKept(String parameter) {
    return parameter.equals(SERVER_WITHOUT_CONTEXT)
        || parameter.equals(CLIENT_WITHOUT_CONTEXT)
        || CLIENT_WINDOW.matcher(parameter).matches()
        || SERVER_WINDOW.matcher(parameter).matches();
  }

  /** Returns the value of {@code Sec-WebSocket-Extensions} in the answer to the client. */
  public String header() {
    return NAME
        + (serverKeepsContext ? "" : "; " + SERVER_WITHOUT_CONTEXT)
        + (clientKeepsContext ? "" : "; " + CLIENT_WITHOUT_CONTEXT)
        + (isWindowAsked ? "; " + SERVER_WINDOW_NAME + "=15" : "");
  }
}
