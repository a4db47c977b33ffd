package dev.dormouse.server.admin.inspector;

import dev.dormouse.sdk.ActorId;
import org.jspecify.annotations.Nullable;

/**
 * Which actors an inspector is told of.
 *
 * @param type their type; null for all
 * @param key their key; null for all of the type
 */
record InspectorFilter(@Nullable String type, @Nullable String key) {
  static final InspectorFilter ALL = new InspectorFilter(null, null);

  /**
   * Checks it.
   *
   * @throws IllegalArgumentException if there is a key without a type, or one of both is no valid
   *     name
   */
  InspectorFilter {
    if (type != null) {
      ActorId checked = new ActorId(type, key == null ? "any" : key);
      type = checked.type();
    } else if (key != null) {
      throw new IllegalArgumentException("the parameter key is there without type");
    }
  }

  /** Whether it is told of everything, also of what has no actor. */
  boolean isOfAll() {
    return type == null;
  }

  /**
   * Whether it is told of an actor.
   *
   * @param actor null if it is about none
   */
  boolean matches(@Nullable ActorId actor) {
    return type == null
        || (actor != null && actor.type().equals(type) && (key == null || actor.key().equals(key)));
  }
}
