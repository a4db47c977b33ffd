package dev.dormouse.server.host.turn;

import java.lang.reflect.RecordComponent;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.MonthDay;
import java.time.OffsetDateTime;
import java.time.OffsetTime;
import java.time.Period;
import java.time.Year;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.HashSet;
import java.util.Set;
import java.util.UUID;

/**
 * Tells of a class whether its objects are sure never to change, so that what they were serialized
 * to once is what they would be serialized to later: plain values of the JDK, enums, and records
 * whose components are all declared as such. What a declaration leaves open, such as a {@code List}
 * or an interface, counts as changeable.
 *
 * <p>Each class is looked at once. May be called from any thread.
 */
public final class ImmutableClasses {
  private static final Set<Class<?>> PLAIN =
      Set.of(
          String.class,
          Boolean.class,
          Character.class,
          Byte.class,
          Short.class,
          Integer.class,
          Long.class,
          Float.class,
          Double.class,
          UUID.class,
          URI.class,
          Duration.class,
          Instant.class,
          LocalDate.class,
          LocalDateTime.class,
          LocalTime.class,
          MonthDay.class,
          OffsetDateTime.class,
          OffsetTime.class,
          Period.class,
          Year.class,
          YearMonth.class,
          ZoneOffset.class,
          ZonedDateTime.class);

  private static final ClassValue<Boolean> KNOWN =
      new ClassValue<>() {
        @Override
        protected Boolean computeValue(Class<?> type) {
          return isImmutable(type, new HashSet<>());
        }
      };

  private ImmutableClasses() {}

  /** Whether objects of exactly this class never change. */
  public static boolean contains(Class<?> type) {
    return KNOWN.get(type);
  }

  /**
   * The same, worked out.
   *
   * @param seen records that are being looked at, or were: one that holds another of its own class
   *     is not to be looked at for ever
   */
  private static boolean isImmutable(Class<?> type, Set<Class<?>> seen) {
    if (type.isPrimitive() || PLAIN.contains(type) || isEnum(type)) {
      return true;
    }
    if (!type.isRecord()) {
      return false;
    }
    if (seen.add(type)) {
      for (RecordComponent component : type.getRecordComponents()) {
        if (!isImmutable(component.getType(), seen)) {
          return false;
        }
      }
    }
    return true;
  }

  /** Enums are stored by name; a constant with a body of its own has a class of its own. */
  private static boolean isEnum(Class<?> type) {
    return Enum.class.isAssignableFrom(type) && type != Enum.class;
  }
}
