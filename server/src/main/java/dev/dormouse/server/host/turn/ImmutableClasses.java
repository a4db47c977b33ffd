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
 * Decides whether objects of a class can never change, so that they need to be serialized only
 * once. Such classes are plain values of the JDK, enums, and records whose components all have such
 * a class as their declared type. A component that is declared as a {@code List} or another
 * interface makes its record count as changeable.
 *
 * <p>The answer for a class is computed once. May be called from any thread.
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

  /** Returns whether objects of exactly this class never change. */
  public static boolean contains(Class<?> type) {
    return KNOWN.get(type);
  }

  /**
   * Computes whether objects of a class never change.
   *
   * @param seen records that were met already, so that a record that holds one of its own class
   *     does not make the search endless
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

  /** Returns whether a class is an enum, or that of a constant with a body of its own. */
  private static boolean isEnum(Class<?> type) {
    return Enum.class.isAssignableFrom(type) && type != Enum.class;
  }
}
