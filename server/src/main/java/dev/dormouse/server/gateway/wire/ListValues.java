package dev.dormouse.server.gateway.wire;

import java.util.ArrayList;
import java.util.List;

/** The values of headers that are comma-separated lists (RFC 9110, section 5.6.1). */
public final class ListValues {

  private ListValues() {}

  /**
   * The members of all values in order, without the spaces around them; empty ones, too.
   *
   * @param values those of all headers of one name
   */
  public static List<String> members(List<String> values) {
    List<String> members = new ArrayList<>(values.size());
    for (String value : values) {
      int start = 0;
      for (int comma = value.indexOf(','); comma >= 0; comma = value.indexOf(',', start)) {
        members.add(value.substring(start, comma).strip());
        start = comma + 1;
      }
      members.add(value.substring(start).strip());
    }
    return members;
  }

  /** Whether a token is among the members, in any case. */
  public static boolean contain(List<String> values, String token) {
    for (String member : members(values)) {
      if (member.equalsIgnoreCase(token)) {
        return true;
      }
    }
    return false;
  }
}
