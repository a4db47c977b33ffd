package dev.dormouse.sdk;

import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The id of an actor: its type, and the key that users gave it. Each id belongs to one actor.
 *
 * <pre>{@code
 * new ActorId("chat", "lobby").toString()   // "chat/lobby"
 * }</pre>
 *
 * @param type the actor type's name: 1 to 64 of {@code a-z}, {@code 0-9} and {@code -}, beginning
 *     with a letter
 * @param key the user's part: 1 to {@value #KEY_BYTES_MAX} bytes in UTF-8, any characters but
 *     control characters (U+0000 to U+001F, U+007F to U+009F) and unpaired surrogates; not {@code
 *     "."} or {@code ".."}, which no URL can carry
 */
public record ActorId(String type, String key) implements Comparable<ActorId> {

  /** The longest key, in bytes of UTF-8. */
  public static final int KEY_BYTES_MAX = 512;

  private static final Pattern TYPE = Pattern.compile("[a-z][a-z0-9-]{0,63}");

  /**
   * Checks the type and the key.
   *
   * @throws IllegalArgumentException if the type or the key is not as described above; the message
   *     says which rule is broken
   */
  public ActorId {
    if (!TYPE.matcher(type).matches()) {
      throw new IllegalArgumentException(
          "actor type '" + type + "' is not 1 to 64 of a-z, 0-9 and '-', beginning with a letter");
    }
    String fault = faultOf(key);
    if (fault != null) {
      throw new IllegalArgumentException("actor key " + fault);
    }
  }

  private static @Nullable String faultOf(String key) {
    if (key.isEmpty()) {
      return "is empty";
    }
    if (key.equals(".") || key.equals("..")) {
      return "is '" + key + "', which no URL can carry";
    }
    for (int i = 0; i < key.length(); i++) {
      char c = key.charAt(i);
      if (Character.isISOControl(c)) {
        return "has the control character U+%04X at %s".formatted((int) c, i);
      }
      if (Character.isHighSurrogate(c)
          && i + 1 < key.length()
          && Character.isLowSurrogate(key.charAt(i + 1))) {
        i++;
      } else if (Character.isSurrogate(c)) {
        return "has an unpaired surrogate at " + i;
      }
    }
    int bytes = key.getBytes(StandardCharsets.UTF_8).length;
    return bytes > KEY_BYTES_MAX ? "has " + bytes + " bytes; the limit is " + KEY_BYTES_MAX : null;
  }

  // A record's own methods are equivalent but warm up more slowly, and ids are compared often.

  @Override
  public boolean equals(Object other) {
    return other instanceof ActorId that && key.equals(that.key) && type.equals(that.type);
  }

  @Override
  public int hashCode() {
    return 31 * type.hashCode() + key.hashCode();
  }

  /**
   * Compares by key, then by type. Clients can choose many keys of one hash; hash tables of ids
   * stay fast all the same, because ids have an order.
   */
  @Override
  public int compareTo(ActorId other) {
    int order = key.compareTo(other.key);
    return order == 0 ? type.compareTo(other.type) : order;
  }

  /** Returns {@code type/key}. */
  @Override
  public String toString() {
    return type + "/" + key;
  }
}
