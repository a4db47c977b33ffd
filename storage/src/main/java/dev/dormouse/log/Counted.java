package dev.dormouse.log;

import java.util.Locale;

/**
 * Says how many there are of something: {@code 1 actor}, {@code 2 actors}, {@code 1,024 alarms}.
 */
public final class Counted {
  private Counted() {}

  /**
   * The number and the noun.
   *
   * @param noun in the singular; its plural is made with an {@code s}
   */
  public static String of(long number, String noun) {
    return String.format(Locale.ROOT, number == 1 ? "%,d %s" : "%,d %ss", number, noun);
  }
}
