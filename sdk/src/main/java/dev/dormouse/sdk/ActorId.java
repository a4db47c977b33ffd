package dev.dormouse.sdk;

/**
 * The name of an actor.
 *
 * @param value the name; not blank
 */
public record ActorId(String value) {

  /**
   * Checks the name.
   *
   * @param value the name; not blank
   * @throws IllegalArgumentException if the name is blank
   */
  public ActorId {
    if (value.isBlank()) {
      throw new IllegalArgumentException("an actor's name must not be blank");
    }
  }
}
