package dev.dormouse.log;

import java.util.Locale;

/** The wording of numbers of things: {@code 1 actor}, {@code 2 actors}, {@code 1,024 alarms}. */
public final class Counted {
  private Counted() {}

  /**
   * Returns the number and the noun.
   *
   * @param noun the noun in the singular, whose plural ends in {@code s}
   */
  public static String of(long number, String noun) {
    return String.format(Locale.ROOT, number == 1 ? "%,d %s" : "%,d %ss", number, noun);
  }
}
