package dev.dormouse.server.admin.inspector;

import dev.dormouse.sdk.ActorId;
import org.jspecify.annotations.Nullable;

/**
 * Selects the actors whose events an inspector hears.
 *
 * @param type the actors' type; null for all types
 * @param key the actor's key; null for all keys of the type
 */
record InspectorFilter(@Nullable String type, @Nullable String key) {
  static final InspectorFilter ALL = new InspectorFilter(null, null);

  /**
   * Checks the type and the key.
   *
   * @throws IllegalArgumentException if there is a key without a type, or one of them is not a
   *     valid name
   */
  InspectorFilter {
    if (type != null) {
      ActorId checked = new ActorId(type, key == null ? "any" : key);
      type = checked.type();
    } else if (key != null) {
      throw new IllegalArgumentException("the parameter key needs the parameter type");
    }
  }

  /** Returns whether the inspector hears everything, including events without an actor. */
  boolean isOfAll() {
    return type == null;
  }

  /**
   * Returns whether the inspector hears an event of an actor.
   *
   * @param actor the actor; null if the event has none
   */
  boolean matches(@Nullable ActorId actor) {
    return type == null
        || (actor != null && actor.type().equals(type) && (key == null || actor.key().equals(key)));
  }
}
