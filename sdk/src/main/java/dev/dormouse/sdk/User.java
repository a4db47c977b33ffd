package dev.dormouse.sdk;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * The identity of a client, as the server's middleware established it. Nothing that a client sends
 * makes a user.
 *
 * <pre>{@code
 * User user = upgrade.head().user().orElseThrow();
 * upgrade.accept(new Member(user.subject(), user.claim("admin", Boolean.class).orElse(false)));
 * }</pre>
 *
 * @param subject the name that the middleware knows the user by, such as a token's {@code sub}; may
 *     be empty if it knows none
 * @param claims what else the middleware knows: JSON's values, each a {@code String}, {@code
 *     Boolean}, {@code Number}, {@code List} or {@code Map} of these; without nulls. Passwords and
 *     tokens are not among them
 */
public record User(String subject, Map<String, Object> claims) {

  /**
   * Copies the claims deeply, without nulls.
   *
   * @throws IllegalArgumentException if a claim is no JSON value
   */
  public User {
    claims = copy(claims);
  }

  /** Creates a user of whom only the name is known. */
  public User(String subject) {
    this(subject, Map.of());
  }

  /** Returns a claim; empty if there is no claim of the name, or it is of another class. */
  public <T> Optional<T> claim(String name, Class<T> type) {
    return Optional.ofNullable(claims.get(name)).filter(type::isInstance).map(type::cast);
  }

  private static Map<String, Object> copy(Map<?, ?> values) {
    Map<String, Object> copy = new LinkedHashMap<>();
    values.forEach(
        (name, value) -> {
          if (value != null) {
            copy.put(String.valueOf(name), copy(value));
          }
        });
    return Collections.unmodifiableMap(copy);
  }

  private static Object copy(Object value) {
    if (value instanceof String || value instanceof Boolean || value instanceof Number) {
      return value;
    } else if (value instanceof List<?> list) {
      return list.stream().filter(Objects::nonNull).map(User::copy).toList();
    } else if (value instanceof Map<?, ?> map) {
      return copy(map);
    }
    throw new IllegalArgumentException("a claim is a " + value.getClass().getName() + ", not JSON");
  }
}
