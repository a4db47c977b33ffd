package dev.dormouse.server.gateway.wire;

/**
 * A strict check that bytes in pieces are UTF-8: no overlong forms, no surrogates, and no character
 * above U+10FFFF (Unicode, table 3-7; RFC 3629). A character may be split between two pieces.
 *
 * <p>One thread at a time may use it.
 */
public final class Utf8Check {
  private static final int CONTINUATION_MIN = 0x80;
  private static final int CONTINUATION_MAX = 0xBF;

  /** The number of bytes of the current character that are still to come. */
  private int missing;

  /** The least value of the character's next byte. */
  private int nextMin = CONTINUATION_MIN;

  /** The greatest value of the character's next byte. */
  private int nextMax = CONTINUATION_MAX;

  /** Returns whether the bytes are UTF-8 and end with a complete character. */
  public static boolean isUtf8(byte[] bytes) {
    Utf8Check check = new Utf8Check();
    return check.accepts(bytes, 0, bytes.length) && check.isComplete();
  }

  /**
   * Returns whether the bytes from {@code start} (inclusive) to {@code end} (exclusive) may follow
   * the bytes that were accepted before.
   */
  public boolean accepts(byte[] bytes, int start, int end) {
    for (int i = start; i < end; i++) {
      byte b = bytes[i];
      if ((b < 0 || missing > 0) && !accepts(b & 0xFF)) {
        return false;
      }
    }
    return true;
  }

  /** Returns whether the last character is complete. */
  public boolean isComplete() {
    return missing == 0;
  }

  private boolean accepts(int b) {
    return missing == 0 ? begins(b) : continues(b);
  }

  private boolean continues(int b) {
    if (b < nextMin || b > nextMax) {
      return false;
    }
    missing--;
    nextMin = CONTINUATION_MIN;
    nextMax = CONTINUATION_MAX;
    return true;
  }

  private boolean begins(int b) {
    if (b < 0xC2 || b > 0xF4) {
      return false;
    }
    missing = b < 0xE0 ? 1 : b < 0xF0 ? 2 : 3;
    switch (b) {
      case 0xE0 -> nextMin = 0xA0; // shorter forms exist
      case 0xED -> nextMax = 0x9F; // surrogates
      case 0xF0 -> nextMin = 0x90; // shorter forms exist
      case 0xF4 -> nextMax = 0x8F; // above U+10FFFF
      default -> {}
    }
    return true;
  }
}
