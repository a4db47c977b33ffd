package dev.dormouse.server.admin.dashboard;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Cuts a stored value to a size that can be shown: at most {@value #NODES_MAX} fields and elements,
 * {@value #DEPTH_MAX} levels, {@value #TEXT_MAX} characters of each text and {@value
 * #CHARACTERS_MAX} in total. The result names the cuts. Numbers that JavaScript would round become
 * texts. An object serves for one value.
 */
final class Shown {
  static final int NODES_MAX = 1_000;
  static final int DEPTH_MAX = 32;
  static final int TEXT_MAX = 4_000;
  static final int CHARACTERS_MAX = 20_000;

  private static final long SAFE_MAX = (1L << 53) - 1;

  private int nodesLeft = NODES_MAX;
  private int charactersLeft = CHARACTERS_MAX;
  private boolean isCut;

  /** Returns the cut form of a value that {@code ValueCodec.describe} returned. */
  @Nullable Object of(@Nullable Object value) {
    return of(value, DEPTH_MAX);
  }

  private @Nullable Object of(@Nullable Object value, int depthLeft) {
    if (value instanceof String text) {
      return of(text);
    }
    if (value instanceof Long number && (number > SAFE_MAX || number < -SAFE_MAX)) {
      return number.toString();
    }
    if (value instanceof Map<?, ?> fields) {
      JsonObject shown = new JsonObject();
      for (Map.Entry<?, ?> field : fields.entrySet()) {
        if (!isRoom(depthLeft)) {
          break;
        }
        shown.put(of(String.valueOf(field.getKey())), of(field.getValue(), depthLeft - 1));
      }
      return shown;
    }
    if (value instanceof List<?> elements) {
      JsonArray shown = new JsonArray();
      for (Object element : elements) {
        if (!isRoom(depthLeft)) {
          break;
        }
        shown.add(of(element, depthLeft - 1));
      }
      return shown;
    }
    return value;
  }

  /** Returns whether one more field or element is shown. */
  private boolean isRoom(int depthLeft) {
    boolean isRoom = depthLeft > 0 && nodesLeft > 0;
    nodesLeft--;
    isCut |= !isRoom;
    return isRoom;
  }

  private String of(String text) {
    int room = Math.min(TEXT_MAX, charactersLeft);
    if (text.length() <= room) {
      charactersLeft -= text.length();
      return text;
    }
    isCut = true;
    boolean isSplit = room > 0 && Character.isHighSurrogate(text.charAt(room - 1));
    charactersLeft -= room;
    return text.substring(0, isSplit ? room - 1 : room) + "… (" + text.length() + " characters)";
  }

  /** Returns whether something was left out. */
  boolean isCut() {
    return isCut;
  }
}
