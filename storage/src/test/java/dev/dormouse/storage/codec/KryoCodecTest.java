package dev.dormouse.storage.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.dormouse.sdk.LimitExceededException;
import dev.dormouse.sdk.StoredValueException;
import java.io.Serializable;
import java.lang.reflect.Proxy;
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
import java.util.Comparator;
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
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class KryoCodecTest {
  private static final int LARGE = 1 << 20;

  enum Colour {
    RED,
    GREEN {
      @Override
      boolean isWarm() {
        return false;
      }
    };

    boolean isWarm() {
      return true;
    }
  }

  sealed interface Figure permits Circle, Polygon {}

  record Circle(double radius) implements Figure {}

  sealed interface Polygon extends Figure permits Square, Triangle {}

  record Square(int side) implements Polygon {}

  record Triangle(int a, int b, int c) implements Polygon {}

  @SuppressWarnings("ArrayRecordComponent") // this is the purpose of the test
  record Everything(
      boolean flag,
      byte small,
      char letter,
      short medium,
      int number,
      long large,
      float real,
      double precise,
      String text,
      Colour colour,
      Figure figure,
      List<Figure> figures,
      Map<String, Colour> colours,
      Optional<Square> square,
      int[] numbers,
      Square[] squares,
      Object nothing) {}

  /** A class that is no record. */
  static class Account {
    private final String owner;
    private long balance;
    private transient int reads;
    private List<Square> squares = new ArrayList<>();

    private Account() {
      this("nobody");
    }

    Account(String owner) {
      this.owner = owner;
    }
  }

  static final class Savings extends Account {
    private double rate = 0.5;
  }

  record Box(Object content) {}

  record Unnamed(int number) {}

  record Moody(int number) {
    @Override
    public int number() {
      throw new IllegalStateException("not today");
    }
  }

  private final ValueCodec codec =
      Codecs.kryo(
          List.of(
              Box.class,
              Figure.class,
              Everything.class,
              Colour.class,
              Square[].class,
              Account.class,
              Savings.class));

  @ParameterizedTest
  @MethodSource("values")
  void aValueIsReadBackAsItWasWritten(Object value) {
    byte[] bytes = codec.encode(value, LARGE);
    byte[] before = bytes.clone();
    Object read = codec.decode(bytes);

    assertThat(bytes).as("reading changes no byte").isEqualTo(before);
    assertThat(read).isEqualTo(value).hasSameClassAs(value);
    assertThat(((Box) codec.decode(codec.encode(new Box(value), LARGE))).content())
        .isEqualTo(value);
  }

  @SuppressWarnings("JdkObsolete") // users have linked lists
  static Stream<Object> values() {
    return Stream.<List<?>>of(
            List.<Object>of(
                "", "text", "a", "Ä日\ud83d\ude00", "unpaired \ud83d", "\udc00", "x".repeat(70_000)),
            List.<Object>of(true, 'ä', (byte) -1, (short) -2, -3, Long.MIN_VALUE, Float.NaN, 0.1),
            List.of(new UUID(1, -2), URI.create("http://a/b?c#d"), new BigDecimal("-1.50")),
            List.of(BigInteger.TWO.pow(200).negate(), BigDecimal.ZERO, new BigDecimal("0.00")),
            List.of(Instant.ofEpochSecond(-5, 7), Duration.ofNanos(-1), LocalDate.of(-1, 2, 28)),
            List.of(LocalTime.of(1, 2, 3, 4), LocalDateTime.of(2024, 2, 29, 0, 0), Year.of(9_999)),
            List.of(OffsetTime.of(1, 2, 3, 4, ZoneOffset.ofHours(-3)), YearMonth.of(2024, 2)),
            List.of(OffsetDateTime.of(2024, 2, 29, 1, 2, 3, 4, ZoneOffset.ofHoursMinutes(5, 30))),
            List.of(
                ZoneId.of("Europe/Vienna"), ZoneOffset.UTC, MonthDay.of(2, 29), Period.of(1, 2, 3)),
            List.of(DayOfWeek.MONDAY, Month.MAY, Colour.RED, Colour.GREEN),
            List.of(Optional.of("x"), Optional.empty(), OptionalInt.of(-1), OptionalLong.empty()),
            List.of(OptionalDouble.of(1.5), new ArrayList<>(Arrays.asList(1, null, "x"))),
            List.of(
                new LinkedList<>(List.of(1)),
                new HashSet<>(List.of(1, 2)),
                new TreeSet<>(Set.of(3, 1))),
            List.of(new LinkedHashSet<>(List.of(3, 1, 2)), List.of(), List.of(1), List.of(1, 2, 3)),
            List.of(
                Set.of(), Set.of(1), Set.of(1, 2, 3), Map.of(), Map.of(1, 2), Map.of(1, 2, 3, 4)),
            List.of(Arrays.asList(1, null), Stream.of(1, 2, 3).toList(), new ArrayList<>()),
            List.of(Collections.emptyList(), Collections.emptySet(), Collections.emptyMap()),
            List.of(Collections.singletonList(null), Collections.singleton(1)),
            List.of(Collections.singletonMap(null, null)),
            List.of(Collections.unmodifiableList(new ArrayList<>(List.of(1)))),
            List.of(Collections.unmodifiableSet(new HashSet<>(List.of(1)))),
            List.of(Collections.unmodifiableMap(new HashMap<>(Map.of(1, 2)))),
            List.of(new HashMap<>(Map.of("a", 1)), new LinkedHashMap<>(Map.of("b", 2))),
            List.of(new TreeMap<>(Map.of("b", 1, "a", 2))),
            List.of(
                EnumSet.noneOf(Colour.class),
                EnumSet.allOf(Colour.class),
                EnumSet.of(Colour.GREEN)),
            List.of(new EnumMap<>(Colour.class), new EnumMap<>(Map.of(Colour.GREEN, "x"))),
            List.of(new Circle(1.5), new Square(-1), new Triangle(1, 2, 3), new Box(null)),
            List.of(new Box(List.of(new Box(new Box(Map.of(Colour.RED, new Square(1))))))))
        .flatMap(List::stream);
  }

  @Test
  void arraysAreReadBack() {
    for (Object array :
        List.of(
            new byte[] {1, -1},
            new byte[0],
            new int[] {1, -1, Integer.MIN_VALUE},
            new long[] {-1L, 1L << 40},
            new double[] {0.1, -0.0},
            new String[] {"a", null, ""},
            new Square[] {new Square(1), null})) {
      Object read = codec.decode(codec.encode(array, LARGE));

      assertThat(Objects.deepEquals(read, array)).isTrue();
      assertThat(read).hasSameClassAs(array);
    }
  }

  @Test
  void aDequeIsReadBackInOrder() {
    ArrayDeque<Object> deque = new ArrayDeque<>(List.of(1, 2, 3));

    ArrayDeque<?> read = (ArrayDeque<?>) codec.decode(codec.encode(deque, LARGE));
    Collection<?> readView =
        (Collection<?>)
            codec.decode(codec.encode(Collections.unmodifiableCollection(deque), LARGE));

    assertThat(read.toArray()).containsExactly(1, 2, 3);
    assertThat(readView.toArray()).containsExactly(1, 2, 3);
  }

  @Test
  void theHourThatComesTwiceKeepsItsInstant() {
    ZonedDateTime first = ZonedDateTime.of(2024, 10, 27, 2, 30, 0, 0, ZoneId.of("Europe/Vienna"));
    ZonedDateTime second = first.withLaterOffsetAtOverlap();

    assertThat(first.toInstant()).isNotEqualTo(second.toInstant());
    assertThat(codec.decode(codec.encode(first, LARGE))).isEqualTo(first);
    assertThat(codec.decode(codec.encode(second, LARGE))).isEqualTo(second);
  }

  @Test
  void aRecordWithComponentsOfManyTypesIsReadBack() {
    Everything all =
        new Everything(
            true,
            (byte) -1,
            'ä',
            (short) -2,
            3,
            -4L,
            0.5f,
            -0.25,
            "text",
            Colour.GREEN,
            new Circle(2),
            List.of(new Square(1), new Triangle(1, 2, 3)),
            Map.of("a", Colour.RED),
            Optional.of(new Square(9)),
            new int[] {1, 2},
            new Square[] {new Square(1)},
            null);

    assertThat((Everything) codec.decode(codec.encode(all, LARGE)))
        .usingRecursiveComparison()
        .isEqualTo(all);
  }

  @Test
  void aClassKeepsItsFieldsButTheTransientOnes() {
    Account account = new Account("me");
    account.balance = 7;
    account.reads = 3;
    account.squares.add(new Square(2));

    Account read = (Account) codec.decode(codec.encode(account, LARGE));

    assertThat(read.owner).isEqualTo("me");
    assertThat(read.balance).isEqualTo(7);
    assertThat(read.reads).isZero();
    assertThat(read.squares).containsExactly(new Square(2));

    Savings savings = new Savings();
    savings.rate = 2;
    ((Account) savings).balance = 9;
    Savings readSavings = (Savings) codec.decode(codec.encode(savings, LARGE));
    assertThat(readSavings.rate).isEqualTo(2);
    assertThat(((Account) readSavings).balance).isEqualTo(9);
  }

  @Test
  void manyRecordsOfAClassNameTheirComponentsOnce() {
    List<Triangle> one = List.of(new Triangle(1, 2, 3));
    List<Triangle> many = Collections.nCopies(100, one.get(0));

    int bytesOfOne = codec.encode(new ArrayList<>(one), LARGE).length;
    int bytesOfMany = codec.encode(new ArrayList<>(many), LARGE).length;

    // Each value has the class's id (4), and for each component a length, a type and a number (1
    // each).
    assertThat(bytesOfMany - bytesOfOne).isEqualTo(99 * (4 + 3 * 3));
  }

  @Test
  void aClassThatWasNotNamedIsRefusedWithAdvice() {
    assertThatExceptionOfType(StoredValueException.class)
        .isThrownBy(() -> codec.encode(new Box(List.of(new Unnamed(1))), LARGE))
        .withMessage(
            "a value of class %s cannot be stored: class %s was not named: add it with"
                + " ActorOptions.stores(Unnamed.class)",
            Box.class.getName(), Unnamed.class.getName())
        .havingRootCause() // what a log ends with is no advice to call another library
        .isInstanceOf(StoredValueException.class);
  }

  @Test
  void typesOfTheJdkThatCannotBeStoredAreRefusedWithAdvice() {
    for (Object value :
        List.of(
            new ArrayList<>(List.of(1, 2)).subList(0, 1),
            new HashMap<>(Map.of(1, 2)).keySet(),
            new Random(),
            Thread.currentThread())) {
      assertThatExceptionOfType(StoredValueException.class)
          .isThrownBy(() -> codec.encode(value, LARGE))
          .withMessageContaining("class " + value.getClass().getName() + " cannot be stored")
          .withMessageContaining("common types");
    }
  }

  @Test
  void lambdasAndProxiesAreRefused() {
    Runnable lambda = () -> {};
    Runnable serializable = (Runnable & Serializable) () -> {};
    Object proxy =
        Proxy.newProxyInstance(
            getClass().getClassLoader(), new Class<?>[] {Runnable.class}, (p, m, a) -> null);

    for (Object value : List.of(lambda, serializable, proxy)) {
      assertThatExceptionOfType(StoredValueException.class)
          .isThrownBy(() -> codec.encode(new Box(value), LARGE))
          .withMessageContaining("cannot be stored");
    }
  }

  @Test
  void sortedCollectionsWithComparatorsAreRefused() {
    assertThatExceptionOfType(StoredValueException.class)
        .isThrownBy(() -> codec.encode(new TreeSet<>(Comparator.<String>reverseOrder()), LARGE))
        .withMessageContaining("comparator");
    assertThatExceptionOfType(StoredValueException.class)
        .isThrownBy(() -> codec.encode(new TreeMap<>(Comparator.<String>reverseOrder()), LARGE))
        .withMessageContaining("comparator");
  }

  @Test
  void aValueThatContainsItselfIsRefused() {
    List<Object> list = new ArrayList<>();
    list.add(list);
    Map<String, Object> map = new HashMap<>();
    map.put("box", new Box(map));

    for (Object value : List.of(new Box(list), new Box(map))) {
      assertThatExceptionOfType(StoredValueException.class)
          .isThrownBy(() -> codec.encode(value, LARGE))
          .withMessageContaining("contains itself, or nests more than 100 deep");
    }
  }

  @Test
  void aValueMayNestAHundredDeep() {
    Object value = "innermost";
    for (int depth = 1; depth < 100; depth++) {
      value = new Box(value);
    }
    Object deepest = value;

    assertThat(codec.decode(codec.encode(deepest, LARGE))).isEqualTo(deepest);
    assertThatExceptionOfType(StoredValueException.class)
        .isThrownBy(() -> codec.encode(new Box(deepest), LARGE));
  }

  @Test
  void aValueMayTakeAsManyBytesAsAllowedAndNoMore() {
    for (Object value :
        List.of("some text", new Triangle(1, 2, 3), "x".repeat(10_000), new Box(1))) {
      int bytes = codec.encode(value, LARGE).length;

      assertThat(codec.encode(value, bytes)).hasSize(bytes);
      for (int max : new int[] {bytes - 1, bytes / 2, 1, 0}) {
        assertThatExceptionOfType(LimitExceededException.class)
            .isThrownBy(() -> codec.encode(value, max))
            .withMessageContaining("class " + value.getClass().getName())
            .withMessageMatching(
                ".*(limit is %1$d|more than %1$d bytes, which is the limit)".formatted(max));
      }
      assertThat(codec.decode(codec.encode(value, LARGE))).isEqualTo(value);
    }
  }

  @Test
  void whatAnAccessorThrowsIsReported() {
    assertThatExceptionOfType(StoredValueException.class)
        .isThrownBy(() -> Codecs.kryo(List.of(Moody.class)).encode(new Moody(1), LARGE))
        .withMessageContaining("component number cannot be read")
        .withMessageContaining("not today");
  }

  @Test
  void manyThreadsMayUseItAtOnce() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try {
      List<Future<?>> running = new ArrayList<>();
      for (int thread = 0; thread < 40; thread++) {
        Box box = new Box(IntStream.range(0, thread * 20).mapToObj(Square::new).toList());
        running.add(
            threads.submit(
                () -> {
                  for (int i = 0; i < 50; i++) {
                    assertThat(codec.decode(codec.encode(box, LARGE))).isEqualTo(box);
                  }
                }));
      }
      for (Future<?> one : running) {
        one.get();
      }
    } finally {
      threads.shutdownNow();
    }
  }
}
