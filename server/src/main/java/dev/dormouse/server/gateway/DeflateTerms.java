package dev.dormouse.server.gateway;

/**
 * How permessage-deflate was agreed on for a socket (RFC 7692, section 7.1).
 *
 * @param serverKeepsContext whether what the server compresses may refer to its earlier messages
 * @param clientKeepsContext the same of the client; the server must remember those then
 * @param isWindowAsked whether the client wants to be told the server's window, of 15 bits
 */
record DeflateTerms(boolean serverKeepsContext, boolean clientKeepsContext, boolean isWindowAsked) {
  static final String NAME = "permessage-deflate";
  static final String SERVER_WITHOUT_CONTEXT = "server_no_context_takeover";
  static final String CLIENT_WITHOUT_CONTEXT = "client_no_context_takeover";

  /** The value of {@code Sec-WebSocket-Extensions} in the answer. */
  String header() {
    return NAME
        + (serverKeepsContext ? "" : "; " + SERVER_WITHOUT_CONTEXT)
        + (clientKeepsContext ? "" : "; " + CLIENT_WITHOUT_CONTEXT)
        + (isWindowAsked ? "; server_max_window_bits=15" : "");
  }
}
