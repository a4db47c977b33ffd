package dev.dormouse.server.handover;

import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.sdk.RequestHead;
import dev.dormouse.server.observe.FailureLog;
import dev.dormouse.server.observe.LineRate;
import dev.dormouse.server.protocol.Owner;
import java.lang.reflect.Array;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Computes a hash of 128 bits of a graph of objects, so that two graphs with the same hash behave
 * alike. The graph is walked by reflection, so the classes of the server need no method for it.
 *
 * <p>Two objects may differ although they are equal, so it counts which references lead to the same
 * object. Records are values, but for {@link Owner}, whose objects stand for attachments.
 *
 * <p>Transient fields, counters ({@link LongAdder}) and the fields in {@link #IGNORED} are left
 * out. A field whose name ends in {@code Ns} is a point in time: only whether it is ahead, past, or
 * past for longer than a time-out takes, counts.
 */
final class Canon {
  private static final Set<String> IGNORED = Set.of("dropped", "wallMs");

  /** Classes all of whose objects are alike in the model. */
  private static final Set<Class<?>> OPAQUE =
      Set.of(
          RequestHead.class,
          HttpResponse.class,
          CloseReason.class,
          CompletableFuture.class,
          FailureLog.class,
          LineRate.class,
          Duration.class);

  private static final long LIMBO_NS = 10_000_000_000L;

  /** An object with a clock, which the points in time below it are read by. */
  interface Clocked {
    long nowNs();
  }

  /** An object that does not change, and knows its hash. */
  interface Frozen {
    long[] hash();
  }

  private record Plan(Field[] fields, boolean[] areTimes) {}

  private static final Map<Class<?>, Plan> PLANS = new HashMap<>();

  private final IdentityHashMap<Object, Integer> seen = new IdentityHashMap<>(160);
  private long high = 0x9E3779B97F4A7C15L;
  private long low = 0xC2B2AE3D27D4EB4FL;
  private long nowNs;

  static long[] hash(Object root) {
    Canon canon = new Canon();
    canon.add(root);
    return new long[] {canon.high, canon.low};
  }

  private void mix(long value) {
    high = (high ^ value) * 0x9FB21C651E98DF25L;
    high ^= high >>> 32;
    low = (low + value) * 0xD6E8FEB86659FD93L;
    low ^= low >>> 29;
  }

  private void add(@Nullable Object value) {
    if (value == null) {
      mix(1);
    } else if (value instanceof String text) {
      mix(2);
      mix(text.hashCode());
      mix(text.length());
    } else if (value instanceof Enum<?> constant) {
      mix(3);
      mix(constant.name().hashCode());
    } else if (value instanceof Integer || value instanceof Long) {
      mix(4);
      mix(((Number) value).longValue());
    } else if (value instanceof Boolean flag) {
      mix(flag ? 5 : 6);
    } else if (value instanceof Character letter) {
      mix(21);
      mix(letter);
    } else if (value instanceof LongAdder || OPAQUE.contains(value.getClass())) {
      mix(7);
    } else {
      addObject(value);
    }
  }

  private void addObject(Object value) {
    boolean isValue = value instanceof Record && !(value instanceof Owner);
    if (!isValue) {
      Integer number = seen.putIfAbsent(value, seen.size());
      if (number != null) {
        mix(8);
        mix(number);
        return;
      }
    }
    if (value instanceof Frozen frozen) {
      long[] hash = frozen.hash();
      mix(hash[0]);
      mix(hash[1]);
    } else if (value instanceof Collection<?> all && !(value instanceof Set<?>)) {
      mix(10);
      mix(all.size());
      for (Object item : all) {
        add(item);
      }
    } else if (value instanceof SortedMap<?, ?> map) {
      mix(9);
      mix(map.size());
      map.forEach(
          (key, item) -> {
            add(key);
            add(item);
          });
    } else if (value instanceof Map<?, ?> map) {
      List<Map.Entry<?, ?>> entries = new ArrayList<>(map.entrySet());
      entries.sort(Comparator.comparing(entry -> key(entry.getKey())));
      mix(9);
      mix(entries.size());
      entries.forEach(
          entry -> {
            add(entry.getKey());
            add(entry.getValue());
          });
    } else if (value instanceof Set<?> all) {
      List<Object> items = new ArrayList<>(all);
      if (items.size() > 1) {
        items.sort(Comparator.comparing(Canon::key));
      }
      mix(10);
      mix(items.size());
      items.forEach(this::add);
    } else if (value instanceof AtomicReferenceArray<?> all) {
      mix(11);
      for (int i = 0; i < all.length(); i++) {
        add(all.get(i));
      }
    } else if (value instanceof byte[] bytes) {
      mix(12);
      mix(Arrays.hashCode(bytes));
    } else if (value.getClass().isArray()) {
      int length = Array.getLength(value);
      mix(13);
      mix(length);
      for (int i = 0; i < length; i++) {
        add(Array.get(value, i));
      }
    } else {
      addFields(value);
    }
  }

  private static String key(@Nullable Object key) {
    return key instanceof Number number
        ? String.format("%020d", number.longValue())
        : String.valueOf(key);
  }

  private void addFields(Object value) {
    if (value instanceof Clocked clocked) {
      nowNs = clocked.nowNs();
    }
    Plan plan = PLANS.get(value.getClass());
    if (plan == null) {
      plan = plan(value.getClass());
      PLANS.put(value.getClass(), plan);
    }
    mix(14);
    try {
      for (int i = 0; i < plan.fields.length; i++) {
        Field field = plan.fields[i];
        Class<?> type = field.getType();
        if (plan.areTimes[i]) {
          long age = nowNs - field.getLong(value);
          mix(age < 0 ? 15 : age < LIMBO_NS ? 16 : 17);
        } else if (type == long.class) {
          mix(field.getLong(value));
        } else if (type == int.class) {
          mix(field.getInt(value));
        } else if (type == char.class) {
          mix(field.getChar(value));
        } else if (type == boolean.class) {
          mix(field.getBoolean(value) ? 18 : 19);
        } else {
          add(field.get(value));
        }
      }
    } catch (IllegalAccessException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Plan plan(Class<?> type) {
    if (!type.getName().startsWith("dev.dormouse.") || type.isHidden()) {
      throw new IllegalStateException("a state of the model must not hold a " + type);
    }
    List<Field> fields = new ArrayList<>();
    for (Class<?> c = type; c != null && c != Object.class; c = c.getSuperclass()) {
      for (Field field : c.getDeclaredFields()) {
        int modifiers = field.getModifiers();
        if (!Modifier.isStatic(modifiers)
            && !Modifier.isTransient(modifiers)
            && !IGNORED.contains(field.getName())) {
          field.setAccessible(true);
          fields.add(field);
        }
      }
    }
    boolean[] areTimes = new boolean[fields.size()];
    for (int i = 0; i < areTimes.length; i++) {
      areTimes[i] = fields.get(i).getType() == long.class && fields.get(i).getName().endsWith("Ns");
    }
    return new Plan(fields.toArray(new Field[0]), areTimes);
  }
}
