package dev.dormouse.log;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The escaping that makes any text fit for a log and a terminal, whoever chose the text. Characters
 * that would move the cursor, begin a forged line or turn the direction of writing are escaped, as
 * {@code \}{@code u001b}. Pure functions.
 */
public final class Printable {
  /** The beginning of further lines of an exception's message, which no log line has. */
  private static final String NEXT_LINE = "\n\t| ";

  private Printable() {}

  /** Returns a text as one line without control characters; the same object if it is one. */
  public static String line(String text) {
    return isPlain(text) ? text : escaped(text, false);
  }

  /**
   * Returns a throwable without control characters in its messages and those of its causes; the
   * same object if they have none. Otherwise it is of another class, and its messages begin with
   * the name of the original class. Further lines of a message are indented.
   */
  static Throwable throwable(Throwable thrown) {
    Set<Throwable> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    if (isPlain(thrown, seen)) {
      return thrown;
    }
    seen.clear();
    return new Quoted(thrown, seen);
  }

  private static boolean isPlain(@Nullable Throwable thrown, Set<Throwable> seen) {
    if (thrown == null || !seen.add(thrown)) {
      return true;
    }
    if (!isPlain(String.valueOf(thrown.getMessage())) || !isPlain(thrown.toString())) {
      return false;
    }
    for (Throwable suppressed : thrown.getSuppressed()) {
      if (!isPlain(suppressed, seen)) {
        return false;
      }
    }
    return isPlain(thrown.getCause(), seen);
  }

  private static boolean isPlain(String text) {
    return text.chars().noneMatch(c -> isControl((char) c));
  }

  private static boolean isControl(char c) {
    return (c < ' ' && c != '\t')
        || (c >= 0x7F && c <= 0x9F)
        || (c >= '\u2028' && c <= '\u202E')
        || (c >= '\u2066' && c <= '\u2069')
        || c == '\u200E'
        || c == '\u200F'
        || c == '\uFEFF';
  }

  private static String escaped(String text, boolean hasLines) {
    StringBuilder escaped = new StringBuilder(text.length() + 16);
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (!isControl(c)) {
        escaped.append(c);
      } else if (c == '\n') {
        escaped.append(hasLines ? NEXT_LINE : "\\n");
      } else if (c == '\r') {
        escaped.append(
            hasLines && i + 1 < text.length() && text.charAt(i + 1) == '\n' ? "" : "\\r");
      } else {
        escaped.append("\\u%04x".formatted((int) c));
      }
    }
    return escaped.toString();
  }

  /** A copy of a throwable in printable characters. */
  private static final class Quoted extends Throwable {
    private static final long serialVersionUID = 1;

    @SuppressWarnings("this-escape") // the methods called are of Throwable, and not overridden
    Quoted(Throwable quoted, Set<Throwable> seen) {
      super(escaped(String.valueOf(quoted), true));
      seen.add(quoted);
      setStackTrace(quoted.getStackTrace());
      Throwable cause = quoted.getCause();
      if (cause != null && !seen.contains(cause)) {
        initCause(new Quoted(cause, seen));
      }
      for (Throwable suppressed : quoted.getSuppressed()) {
        if (!seen.contains(suppressed)) {
          addSuppressed(new Quoted(suppressed, seen));
        }
      }
    }
  }
}
