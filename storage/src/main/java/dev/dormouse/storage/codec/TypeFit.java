package dev.dormouse.storage.codec;

import dev.dormouse.sdk.StoredFields;
import java.lang.invoke.MethodType;
import java.lang.reflect.GenericArrayType;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.lang.reflect.WildcardType;
import java.util.Arrays;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Checks that a value that was read fits the declared type of its slot, type arguments included.
 */
final class TypeFit {
  private TypeFit() {}

  /** Returns what does not fit, as "stored X, wanted Y"; null if the value fits. */
  static @Nullable String misfit(Type wanted, @Nullable Object value) {
    if (wanted instanceof Class<?> type) {
      return fits(type, value) ? null : sentence(wanted, value);
    }
    if (wanted instanceof ParameterizedType type) {
      String misfit = misfit(type.getRawType(), value);
      return misfit == null ? misfitInside(type, value) : misfit;
    }
    if (wanted instanceof WildcardType type) {
      return value == null ? null : misfitOfAny(type.getUpperBounds(), value);
    }
    if (wanted instanceof TypeVariable<?> type) {
      return value == null ? null : misfitOfAny(rawOfAll(type.getBounds()), value);
    }
    if (wanted instanceof GenericArrayType) {
      return value == null || value.getClass().isArray() ? null : sentence(wanted, value);
    }
    return null;
  }

  /** Returns the wrapper class of a primitive type, and any other type as it is. */
  static Class<?> boxed(Class<?> type) {
    return MethodType.methodType(type).wrap().returnType();
  }

  /** Returns the class of a type, without type arguments; for a variable, its first bound's. */
  static Class<?> rawOf(Type type) {
    if (type instanceof Class<?> raw) {
      return raw;
    } else if (type instanceof ParameterizedType filled) {
      return rawOf(filled.getRawType());
    } else if (type instanceof GenericArrayType array) {
      return rawOf(array.getGenericComponentType()).arrayType();
    } else if (type instanceof TypeVariable<?> variable) {
      return rawOf(variable.getBounds()[0]);
    }
    return type instanceof WildcardType wildcard
        ? rawOf(wildcard.getUpperBounds()[0])
        : Object.class;
  }

  private static boolean fits(Class<?> type, @Nullable Object value) {
    return value == null ? !type.isPrimitive() : boxed(type).isInstance(value);
  }

  /**
   * Checks the type arguments of the JDK's containers; those of other types have no known meaning.
   */
  private static @Nullable String misfitInside(ParameterizedType type, @Nullable Object value) {
    if (!type.getRawType().getTypeName().startsWith("java.")) {
      return null;
    }
    Type[] arguments = type.getActualTypeArguments();
    if (value instanceof Collection<?> elements && arguments.length == 1) {
      return misfitOfAll(arguments[0], elements);
    }
    if (value instanceof Map<?, ?> map && arguments.length == 2) {
      String misfit = misfitOfAll(arguments[0], map.keySet());
      return misfit == null ? misfitOfAll(arguments[1], map.values()) : misfit;
    }
    if (value instanceof Optional<?> optional && optional.isPresent()) {
      return misfit(arguments[0], optional.get());
    }
    return null;
  }

  private static @Nullable String misfitOfAll(Type wanted, Collection<?> values) {
    for (Object value : values) {
      String misfit = misfit(wanted, value);
      if (misfit != null) {
        return misfit;
      }
    }
    return null;
  }

  private static @Nullable String misfitOfAny(Type[] wanted, Object value) {
    for (Type type : wanted) {
      String misfit = misfit(type, value);
      if (misfit != null) {
        return misfit;
      }
    }
    return null;
  }

  /**
   * Drops the type arguments of bounds: a bound may name its own variable, as in {@code T extends
   * Comparable<T>}.
   */
  private static Type[] rawOfAll(Type[] bounds) {
    return Arrays.stream(bounds).map(TypeFit::rawOf).toArray(Type[]::new);
  }

  private static String sentence(Type wanted, @Nullable Object value) {
    return "stored "
        + (value == null ? "null" : nameOf(value))
        + ", wanted "
        + wanted.getTypeName();
  }

  /** Returns the name of a value's class for messages. */
  static String nameOf(Object value) {
    if (value instanceof StoredFields unknown) {
      return "class " + unknown.className();
    }
    return value instanceof StoredConstant constant
        ? "the constant " + constant.name()
        : value.getClass().getTypeName();
  }
}
