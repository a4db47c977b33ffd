package dev.dormouse.storage.codec;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import com.esotericsoftware.kryo.serializers.DefaultArraySerializers;
import com.esotericsoftware.kryo.serializers.DefaultSerializers;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.URI;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.Month;
import java.time.MonthDay;
import java.time.OffsetDateTime;
import java.time.OffsetTime;
import java.time.Period;
import java.time.Year;
import java.time.YearMonth;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.LinkedList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/**
 * The JDK's types that every codec can store, with their ids in stored bytes. An id is never
 * changed, and never given to another type. Ids 0 to 8 are Kryo's own: int, String, float, boolean,
 * byte, char, short, long and double.
 */
final class BuiltInTypes {
  /** The end of the ids of built-in types: every one is less. */
  static final int ID_END = 1_024;

  private static final Kryo kryo = new Kryo(); // gives serializers, and writes nothing
  private static final List<StoredType> types = new ArrayList<>();
  private static final Set<Class<?>> classes;

  static {
    addScalars();
    addTimes();
    addCollections();
    addMaps();
    classes = types.stream().map(StoredType::type).collect(Collectors.toCollection(HashSet::new));
    for (Class<?> primitive :
        List.of(
            int.class,
            float.class,
            boolean.class,
            byte.class,
            char.class,
            short.class,
            long.class,
            double.class)) {
      classes.add(primitive);
      classes.add(TypeFit.boxed(primitive));
    }
    classes.add(String.class);
  }

  private BuiltInTypes() {}

  /** Returns all built-in types except those with Kryo's own ids. */
  static List<StoredType> all() {
    return Collections.unmodifiableList(types);
  }

  /** Returns whether objects of this exact class can be stored without naming the class. */
  static boolean isBuiltIn(Class<?> type) {
    return classes.contains(type);
  }

  private static void addScalars() {
    add(20, byte[].class, new DefaultArraySerializers.ByteArraySerializer());
    add(21, int[].class, new DefaultArraySerializers.IntArraySerializer());
    add(22, long[].class, new DefaultArraySerializers.LongArraySerializer());
    add(23, double[].class, new DefaultArraySerializers.DoubleArraySerializer());
    add(24, String[].class, new ContainerSerializers.OfArray(String.class));
    add(30, UUID.class, new DefaultSerializers.UUIDSerializer());
    add(31, URI.class, new DefaultSerializers.URISerializer());
    addKryos(32, BigDecimal.class);
    addKryos(33, BigInteger.class);
    addKryos(60, Optional.class);
    addKryos(61, OptionalInt.class);
    addKryos(62, OptionalLong.class);
    addKryos(63, OptionalDouble.class);
  }

  private static void addTimes() {
    addKryos(40, Instant.class);
    addKryos(41, Duration.class);
    addKryos(42, LocalDate.class);
    addKryos(43, LocalTime.class);
    addKryos(44, LocalDateTime.class);
    addKryos(45, OffsetDateTime.class);
    add(46, ZonedDateTime.class, new ZonedDateTimeSerializer());
    addKryos(47, ZoneOffset.class);
    addKryos(48, ZoneId.of("Europe/Vienna").getClass());
    addKryos(49, OffsetTime.class);
    addKryos(50, Period.class);
    addKryos(51, Year.class);
    addKryos(52, YearMonth.class);
    addKryos(53, MonthDay.class);
    add(54, DayOfWeek.class, new EnumSerializer(DayOfWeek.class));
    add(55, Month.class, new EnumSerializer(Month.class));
  }

  @SuppressWarnings("JdkObsolete") // users have linked lists
  private static void addCollections() {
    addCollection(70, ArrayList.class, ArrayList::new);
    addCollection(71, LinkedList.class, LinkedList::new);
    addCollection(72, ArrayDeque.class, ArrayDeque::new);
    addCollection(73, HashSet.class, HashSet::new);
    addCollection(74, LinkedHashSet.class, LinkedHashSet::new);
    addCollection(75, TreeSet.class, TreeSet::new);
    // Lists of this class that streams make may contain nulls; those of List.of never do.
    Serializer<?> immutableList =
        new ContainerSerializers.OfCollection(
            items ->
                items.contains(null) ? Collections.unmodifiableList(items) : List.copyOf(items));
    add(76, List.of().getClass(), immutableList);
    add(76, List.of(1).getClass(), immutableList);
    Serializer<?> immutableSet = new ContainerSerializers.OfCollection(Set::copyOf);
    add(77, Set.of().getClass(), immutableSet);
    add(77, Set.of(1).getClass(), immutableSet);
    addCollection(78, Arrays.asList().getClass(), items -> Arrays.asList(items.toArray()));
    addCollection(79, Collections.emptyList().getClass(), items -> Collections.emptyList());
    addCollection(80, Collections.emptySet().getClass(), items -> Collections.emptySet());
    addCollection(
        81,
        Collections.singletonList(1).getClass(),
        items -> Collections.singletonList(items.get(0)));
    addCollection(
        82, Collections.singleton(1).getClass(), items -> Collections.singleton(items.get(0)));
    Serializer<?> unmodifiableList =
        new ContainerSerializers.OfCollection(Collections::unmodifiableList);
    add(83, Collections.unmodifiableList(new ArrayList<>()).getClass(), unmodifiableList);
    add(83, Collections.unmodifiableList(new LinkedList<>()).getClass(), unmodifiableList);
    addCollection(
        84,
        Collections.unmodifiableSet(new HashSet<>()).getClass(),
        items -> Collections.unmodifiableSet(new LinkedHashSet<>(items)));
    addCollection(
        85,
        Collections.unmodifiableCollection(new ArrayList<>()).getClass(),
        Collections::unmodifiableCollection);
    add(86, EnumSet.class, new ContainerSerializers.OfEnumSet());
  }

  private static void addMaps() {
    addMap(90, HashMap.class, HashMap::new);
    addMap(91, LinkedHashMap.class, map -> map);
    addMap(92, TreeMap.class, TreeMap::new);
    Serializer<?> immutableMap = new ContainerSerializers.OfMap(Map::copyOf);
    add(93, Map.of().getClass(), immutableMap);
    add(93, Map.of(1, 1).getClass(), immutableMap);
    addMap(94, Collections.emptyMap().getClass(), map -> Collections.emptyMap());
    addMap(
        95,
        Collections.singletonMap(1, 1).getClass(),
        map -> {
          Map.Entry<Object, Object> only = map.entrySet().iterator().next();
          return Collections.singletonMap(only.getKey(), only.getValue());
        });
    addMap(
        96, Collections.unmodifiableMap(new HashMap<>()).getClass(), Collections::unmodifiableMap);
    add(97, EnumMap.class, new ContainerSerializers.OfEnumMap());
  }

  private static void addKryos(int id, Class<?> type) {
    add(id, type, Objects.requireNonNull(kryo.getDefaultSerializer(type)));
  }

  private static void addCollection(
      int id, Class<?> type, Function<List<Object>, Collection<?>> maker) {
    add(id, type, new ContainerSerializers.OfCollection(maker));
  }

  private static void addMap(int id, Class<?> type, UnaryOperator<Map<Object, Object>> maker) {
    add(id, type, new ContainerSerializers.OfMap(maker));
  }

  private static void add(int id, Class<?> type, Serializer<?> serializer) {
    types.add(new StoredType(type, id, serializer));
  }

  /**
   * The stored form of a time with its zone: the instant and the zone. Kryo's own serializer writes
   * the local time, which stands for two instants in the hour when clocks are put back.
   */
  private static final class ZonedDateTimeSerializer extends Serializer<ZonedDateTime> {

    ZonedDateTimeSerializer() {
      super(false, true);
    }

    @Override
    public void write(Kryo kryo, Output out, ZonedDateTime time) {
      out.writeVarLong(time.toEpochSecond(), false);
      out.writeVarInt(time.getNano(), true);
      out.writeString(time.getZone().getId());
    }

    @Override
    public ZonedDateTime read(Kryo kryo, Input in, Class<? extends ZonedDateTime> type) {
      Instant instant = Instant.ofEpochSecond(in.readVarLong(false), in.readVarInt(true));
      return instant.atZone(ZoneId.of(in.readString()));
    }
  }
}
