package dev.dormouse.examples.yjs;

import java.util.ArrayList;
import java.util.List;

/**
 * The presence of a client as it has announced it, for example its name and its cursor. Yjs calls
 * this awareness.
 *
 * @param client the number of the client's copy of the document
 * @param clock grows with each announcement
 * @param state the presence in JSON; {@code null} in JSON if the client has gone
 */
record Presence(long client, long clock, String state) {
  private static final String GONE = "null";

  static List<Presence> readAll(byte[] bytes) {
    ByteReader in = new ByteReader(bytes);
    List<Presence> all = new ArrayList<>();
    for (long left = in.readNumber(); left > 0; left--) {
      Presence presence = new Presence(in.readNumber(), in.readNumber(), in.readText());
      Struct.checkJson(presence.state);
      all.add(presence);
    }
    return all;
  }

  static byte[] bytesOf(List<Presence> all) {
    ByteWriter out = new ByteWriter().number(all.size());
    all.forEach(one -> out.number(one.client).number(one.clock).text(one.state));
    return out.bytes();
  }

  boolean isGone() {
    return state.equals(GONE);
  }

  Presence gone() {
    return new Presence(client, clock, GONE);
  }
}
