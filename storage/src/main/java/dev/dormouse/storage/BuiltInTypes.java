package dev.dormouse.storage;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Serializer;
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
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/**
 * The JDK's types that every codec knows, with their ids in stored bytes. Ids are never changed nor
 * used again; ids 0 to 8 are Kryo's own: int, String, float, boolean, byte, char, short, long and
 * double.
 */
final class BuiltInTypes {
  /** The ids of built-in types are below. */
  static final int ID_END = 1_024;

  private static final Kryo kryo = new Kryo(); // asked for its serializers only
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

  /** All of them but Kryo's own. */
  static List<StoredType> all() {
    return Collections.unmodifiableList(types);
  }

  /** Whether objects of this exact class can be stored without naming it. */
  static boolean isBuiltIn(Class<?> type) {
    return classes.contains(type);
  }

  private static void addScalars() {
    add(20, byte[].class, new DefaultArraySerializers.ByteArraySerializer());
    add(21, int[].class, new DefaultArraySerializers.IntArraySerializer());
    add(22, long[].class, new DefaultArraySerializers.LongArraySerializer());
    add(23, double[].class, new DefaultArraySerializers.DoubleArraySerializer());
    add(24, String[].class, new ArraySerializer(String.class));
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
    // Streams make such lists with nulls in them, List.of does not.
    CollectionSerializer immutableList =
        new CollectionSerializer(
            items ->
                items.contains(null) ? Collections.unmodifiableList(items) : List.copyOf(items));
    add(76, List.of().getClass(), immutableList);
    add(76, List.of(1).getClass(), immutableList);
    CollectionSerializer immutableSet = new CollectionSerializer(Set::copyOf);
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
    CollectionSerializer unmodifiableList = new CollectionSerializer(Collections::unmodifiableList);
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
    add(86, EnumSet.class, new EnumSetSerializer());
  }

  private static void addMaps() {
    addMap(90, HashMap.class, HashMap::new);
    addMap(91, LinkedHashMap.class, map -> map);
    addMap(92, TreeMap.class, TreeMap::new);
    MapSerializer immutableMap = new MapSerializer(Map::copyOf);
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
    add(97, EnumMap.class, new EnumMapSerializer());
  }

  private static void addKryos(int id, Class<?> type) {
    add(id, type, Objects.requireNonNull(kryo.getDefaultSerializer(type)));
  }

  private static void addCollection(int id, Class<?> type, CollectionSerializer.Maker maker) {
    add(id, type, new CollectionSerializer(maker));
  }

  private static void addMap(int id, Class<?> type, UnaryOperator<Map<Object, Object>> maker) {
    add(id, type, new MapSerializer(maker));
  }

  private static void add(int id, Class<?> type, Serializer<?> serializer) {
    types.add(new StoredType(type, id, serializer));
  }
}
