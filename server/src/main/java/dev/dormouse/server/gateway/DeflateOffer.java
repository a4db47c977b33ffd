package dev.dormouse.server.gateway;

import dev.dormouse.sdk.Compression;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Answers offers of permessage-deflate (RFC 7692, section 7.1): pure functions. The first offer
 * that can be kept is accepted. The server's window is always of 15 bits: an offer that asks for a
 * smaller one is declined, as is one that is malformed. What a client says of its own window is
 * left to it, since the server can inflate whatever fits 15 bits.
 *
 * <p>Without context takeover, either way, unless the actor type wants it; and then, too, for a
 * side for which the client says so.
 */
final class DeflateOffer {
  private static final Pattern CLIENT_WINDOW =
      Pattern.compile("client_max_window_bits(\\s*=\\s*(\"([89]|1[0-5])\"|[89]|1[0-5]))?");
  private static final Pattern SERVER_WINDOW =
      Pattern.compile("server_max_window_bits\\s*=\\s*(\"15\"|15)");
  private static final String SERVER_WINDOW_NAME = "server_max_window_bits";

  private DeflateOffer() {}

  /**
   * What is agreed to; null if no offer is accepted.
   *
   * @param headers the values of {@code Sec-WebSocket-Extensions} in the request, in order
   * @param wanted what the actor type wants
   */
  static @Nullable DeflateTerms answer(List<String> headers, Compression wanted) {
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
    if (!parts[0].strip().equals(DeflateTerms.NAME)) {
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
        isContextWanted && !names.contains(DeflateTerms.SERVER_WITHOUT_CONTEXT),
        isContextWanted && !names.contains(DeflateTerms.CLIENT_WITHOUT_CONTEXT),
        names.contains(SERVER_WINDOW_NAME));
  }

  private static boolean isKept(String parameter) {
    return parameter.equals(DeflateTerms.SERVER_WITHOUT_CONTEXT)
        || parameter.equals(DeflateTerms.CLIENT_WITHOUT_CONTEXT)
        || CLIENT_WINDOW.matcher(parameter).matches()
        || SERVER_WINDOW.matcher(parameter).matches();
  }
}
