package dev.dormouse.server.admin;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A stored value made small enough to be shown: at most {@value #NODES_MAX} fields and elements,
 * and {@value #TEXT_MAX} characters of each text. What was left out is said. Numbers that
 * JavaScript would round become texts. For one value.
 */
final class Shown {
  static final int NODES_MAX = 1_000;
  static final int TEXT_MAX = 4_000;

  private static final long SAFE_MAX = (1L << 53) - 1;

  private int left = NODES_MAX;
  private boolean isCut;

  /** What is shown of a value that {@code ValueCodec.describe} told of. */
  @Nullable Object of(@Nullable Object value) {
    if (value instanceof String text && text.length() > TEXT_MAX) {
      isCut = true;
      int end = Character.isHighSurrogate(text.charAt(TEXT_MAX - 1)) ? TEXT_MAX - 1 : TEXT_MAX;
      return text.substring(0, end) + "… (" + text.length() + " characters)";
    }
    if (value instanceof Long number && (number > SAFE_MAX || number < -SAFE_MAX)) {
      return number.toString();
    }
    if (value instanceof Map<?, ?> fields) {
      JsonObject shown = new JsonObject();
      for (Map.Entry<?, ?> field : fields.entrySet()) {
        if (left-- <= 0) {
          isCut = true;
          break;
        }
        shown.put(String.valueOf(of(field.getKey())), of(field.getValue()));
      }
      return shown;
    }
    if (value instanceof List<?> elements) {
      JsonArray shown = new JsonArray();
      for (Object element : elements) {
        if (left-- <= 0) {
          isCut = true;
          break;
        }
        shown.add(of(element));
      }
      return shown;
    }
    return value;
  }

  /** Whether something was left out. */
  boolean isCut() {
    return isCut;
  }
}
