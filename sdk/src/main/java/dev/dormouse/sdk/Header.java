package dev.dormouse.sdk;

/**
 * A header field (RFC 9110, section 5).
 *
 * <pre>{@code
 * new Header("Set-Cookie", "seen=1; HttpOnly")
 * }</pre>
 *
 * @param name the name: a token that is not empty
 * @param value the value: Latin-1 without control characters, tabs allowed
 */
public record Header(String name, String value) {

  /**
   * Checks the name and the value.
   *
   * @throws IllegalArgumentException if the name is not a token, or the value has a control
   *     character or one beyond Latin-1
   */
  public Header {
    if (!isToken(name)) {
      throw new IllegalArgumentException("header name '" + name + "' is not a token");
    }
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if ((c < ' ' && c != '\t') || c == 0x7f || c > 0xff) {
        throw new IllegalArgumentException(
            "header %s has the character U+%04X at %s of its value".formatted(name, (int) c, i));
      }
    }
  }

  /** Returns whether a text is a token of RFC 9110, section 5.6.2. */
  static boolean isToken(String name) {
    for (int i = 0; i < name.length(); i++) {
      if (!isTokenChar(name.charAt(i))) {
        return false;
      }
    }
    return !name.isEmpty();
  }

  private static boolean isTokenChar(char c) {
    return (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9')
        || "!#$%&'*+-.^_`|~".indexOf(c) >= 0;
  }
}
