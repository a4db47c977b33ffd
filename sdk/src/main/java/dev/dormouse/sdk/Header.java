package dev.dormouse.sdk;

/**
 * One header field (RFC 9110, section 5).
 *
 * <pre>{@code
 * new Header("Set-Cookie", "seen=1; HttpOnly")
 * }</pre>
 *
 * @param name a token, not empty
 * @param value the value, without line breaks or NUL
 */
public record Header(String name, String value) {

  /**
   * Checks both.
   *
   * @throws IllegalArgumentException if the name is not a token, or the value has a line break or
   *     NUL
   */
  public Header {
    if (name.isEmpty() || !name.chars().allMatch(Header::isTokenChar)) {
      throw new IllegalArgumentException("header name '" + name + "' is not a token");
    }
    if (value.chars().anyMatch(c -> c == '\r' || c == '\n' || c == 0)) {
      throw new IllegalArgumentException(
          "header " + name + " has a line break or NUL in its value");
    }
  }

  private static boolean isTokenChar(int c) {
    return (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9')
        || "!#$%&'*+-.^_`|~".indexOf(c) >= 0;
  }
}
