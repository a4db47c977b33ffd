package dev.dormouse.json;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Shows a short part of what a client sent, in printable characters. */
final class Excerpt {
  private static final int CHARACTERS = 24;

  private Excerpt() {}

  /** Describes a value of JSON, such as {@code the number 12}. */
  static String of(@Nullable Object value) {
    if (value instanceof String text) {
      return "the text " + quoted(text);
    } else if (value instanceof JsonTree.Digits number) {
      return "the number " + shortened(number.text());
    } else if (value instanceof List) {
      return "a list";
    } else if (value instanceof Map) {
      return "an object";
    }
    return String.valueOf(value); // null, true or false
  }

  /** Returns the beginning of a text in quotes, with all but plain characters replaced. */
  static String quoted(String text) {
    return "'" + shortened(text) + "'";
  }

  private static String shortened(String text) {
    StringBuilder shown = new StringBuilder();
    for (int i = 0; i < Math.min(text.length(), CHARACTERS); i++) {
      char c = text.charAt(i);
      boolean isPlain = c == ' ' || (Character.isLetterOrDigit(c) && !Character.isSurrogate(c));
      boolean isSign = c > ' ' && c < 127 && "'\"<>&\\".indexOf(c) < 0;
      shown.append(isPlain || isSign ? c : '?');
    }
    return text.length() > CHARACTERS ? shown.append('…').toString() : shown.toString();
  }
}
