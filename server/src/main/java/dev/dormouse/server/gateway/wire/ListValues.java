package dev.dormouse.server.gateway.wire;

import java.util.ArrayList;
import java.util.List;

/** Reads headers whose values are comma-separated lists (RFC 9110, section 5.6.1). */
public final class ListValues {

  private ListValues() {}

  /**
   * Returns the members of all values in order, without the spaces around them, empty members too.
   *
   * @param values the values of all headers of one name
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

  /** Returns whether a token is among the members, in upper or lower case. */
  public static boolean contain(List<String> values, String token) {
    for (String member : members(values)) {
      if (member.equalsIgnoreCase(token)) {
        return true;
      }
    }
    return false;
  }
}
