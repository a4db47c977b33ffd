package dev.dormouse.server.gateway;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Answers offers of permessage-deflate (RFC 7692, section 7.1): pure functions. The first offer
 * that can be kept is accepted, always without context takeover, either way, so that a socket needs
 * no memory between its messages. The server's window is always of 15 bits: an offer that asks for
 * a smaller one is declined, as is one that is malformed.
 */
final class DeflateOffer {
  private static final String NAME = "permessage-deflate";
  private static final String WITHOUT_CONTEXT =
      "; server_no_context_takeover; client_no_context_takeover";
  private static final String WINDOW_15 = "; server_max_window_bits=15";

  private static final Pattern CLIENT_WINDOW =
      Pattern.compile("client_max_window_bits(\\s*=\\s*(\"([89]|1[0-5])\"|[89]|1[0-5]))?");
  private static final Pattern SERVER_WINDOW =
      Pattern.compile("server_max_window_bits\\s*=\\s*(\"15\"|15)");

  private DeflateOffer() {}

  /**
   * The value of {@code Sec-WebSocket-Extensions} in the answer; null if no offer is accepted.
   *
   * @param headers the header's values in the request, in order
   */
  static @Nullable String answer(List<String> headers) {
    return headers.stream()
        .flatMap(header -> Arrays.stream(header.split(",", -1)))
        .map(DeflateOffer::answer)
        .filter(Objects::nonNull)
        .findFirst()
        .orElse(null);
  }

  private static @Nullable String answer(String offer) {
    String[] parts = offer.split(";", -1);
    if (!parts[0].strip().equals(NAME)) {
      return null;
    }
    Set<String> names = new HashSet<>();
    boolean isWindowAsked = false;
    for (String part : Arrays.asList(parts).subList(1, parts.length)) {
      String parameter = part.strip();
      boolean isWindow = SERVER_WINDOW.matcher(parameter).matches();
      boolean isKept = isWindow || isKept(parameter);
      if (!isKept || !names.add(parameter.split("[\\s=]", 2)[0])) {
        return null;
      }
      isWindowAsked |= isWindow;
    }
    return NAME + WITHOUT_CONTEXT + (isWindowAsked ? WINDOW_15 : "");
  }

  private static boolean isKept(String parameter) {
    return parameter.equals("server_no_context_takeover")
        || parameter.equals("client_no_context_takeover")
        || CLIENT_WINDOW.matcher(parameter).matches();
  }
}
